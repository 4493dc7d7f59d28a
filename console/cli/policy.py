"""`maestro policy`: validate, run the test cases, replay recorded actions."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from console.cli.context import ConfigOption, Context, HomeOption, JsonOption, say, say_json
from core.bootstrap import open_store_to_read
from core.governance.policies.loading import load_packs
from core.governance.policies.model import ReplayReport
from core.governance.policies.testing import check as check_packs
from core.governance.policies.testing import replay as replay_records
from core.governance.policies.testing import run_cases
from core.governance.policy_judge import CedarJudge
from core.printable import visible
from core.records import ActionQuery

app = typer.Typer(no_args_is_help=True)

FolderArgument = Annotated[
    Path | None, typer.Argument(help="Folder of packs; else [governance] packs_dir.")
]
_REPLAYED_MAX = 10_000


@app.command()
def check(
    folder: FolderArgument = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Validate every pack against the schema; exit 1 and name each problem."""
    problems = [str(each) for each in check_packs(_folder(folder, home, config))]
    if json:
        say_json({"ok": not problems, "problems": problems})
    else:
        for problem in problems or ["every pack is valid"]:
            say(visible(problem))
    return 1 if problems else 0


@app.command()
def test(
    folder: FolderArgument = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Run the test cases of every pack; exit 1 when one fails."""
    results = run_cases(load_packs(_folder(folder, home, config)))
    failed = [str(result) for result in results if not result.passed]
    if json:
        say_json({"ok": not failed, "cases": len(results), "failed": failed})
    else:
        for each in failed:
            say(f"FAILED {visible(each)}")
        say(f"{len(results) - len(failed)} of {len(results)} cases passed")
    return 1 if failed else 0


@app.command()
def replay(
    folder: FolderArgument = None,
    pack: Annotated[str | None, typer.Option(help="Replay everything under this pack.")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Hold recorded actions against edited policies and print what would change."""
    here = Context.make(home, config)
    library = load_packs(_folder(folder, home, config))
    if pack is not None and pack not in library.packs:
        there = ", ".join(sorted(library.packs))
        raise typer.BadParameter(f"there is no policy pack {pack!r}; there are {there}")
    report = asyncio.run(_replay(here.home, CedarJudge(library), pack))
    if json:
        say_json(
            {
                "unchanged": report.unchanged,
                "skipped": list(report.skipped),
                "changes": [
                    {
                        "action": change.action_id,
                        "agent": change.agent_id,
                        "kind": change.kind,
                        "was": change.was.value,
                        "now": change.now.decision.value,
                        "policies": list(change.now.policies),
                    }
                    for change in report.changes
                ],
            }
        )
        return
    for change in report.changes:
        say(visible(str(change)))
    say(str(report))


async def _replay(home: Path, judge: CedarJudge, pack: str | None) -> ReplayReport:
    async with open_store_to_read(home) as store:
        principals = {each.id: each for each in await store.list_principals()}
        records = await store.list_actions(ActionQuery(limit=_REPLAYED_MAX))
    return replay_records(records, judge, find_principal=principals.get, pack=pack)


def _folder(given: Path | None, home: Path | None, config: Path | None) -> Path | None:
    return given or Context.make(home, config).settings().governance.packs_dir
