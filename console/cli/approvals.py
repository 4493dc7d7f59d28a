"""`maestro approvals`: for scripts and for hands."""

from json import dumps
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from console.cli.context import Context, HomeOption, JsonOption, say, say_json, say_table
from console.cli.remote import GatewayRefusedError, call_gateway
from core.printable import visible

app = typer.Typer(no_args_is_help=True)

_LINE_MAX: Final = 200
_ID_LENGTH: Final = 26
_ENDING_MIN: Final = 6  # what the console shows of an id; less would name the wrong one by chance

IdArgument = Annotated[
    str, typer.Argument(help="Id of the held action, or how it ends: six characters or more.")
]


@app.command("list")
def list_approvals(home: HomeOption = None, json: JsonOption = False) -> None:
    """Pending approvals, most urgent first."""
    where = Context.make(home).home
    answer = call_gateway(where, "GET", "/v1/approvals")
    rows: list[dict[str, Any]] = answer["approvals"]
    if json:
        for row in rows:
            say_json({**row, "arguments": _show(where, row["id"])["arguments"]})
        return
    if not rows:
        say("nothing waits for a decision")
        return
    say_table(
        [
            {
                "id": row["id"],
                "risk": row["risk"],
                "agent": visible(row["agent"]),
                "kind": visible(row["kind"]),
                "resource": visible(row["resource"]),
                "expires": row["expires_at"],
                "state": _state(row),
                "asks": _asked(where, row["id"]),
            }
            for row in rows
        ]
    )


def _state(row: dict[str, Any]) -> str:
    """What happened to it while it waited."""
    votes = f"{len(row['votes'])} of {row['votes_needed']}" if row["votes_needed"] > 1 else ""
    by = f"edited by {visible(row['edited_by'])}" if row["edited"] else ""
    return ", ".join(filter(None, (votes, by)))


def _asked(home: Path, action_id: str) -> str:
    """What would run, on one line; `show` and `--json` have all of it."""
    arguments: dict[str, Any] = _show(home, action_id)["arguments"]
    command = arguments.get("command")
    text = command if isinstance(command, str) else dumps(arguments, ensure_ascii=False)
    line = visible(" ".join(text[: 4 * _LINE_MAX].split()))
    return line if len(line) <= _LINE_MAX else line[: _LINE_MAX - 1] + "…"


@app.command()
def show(
    id: IdArgument,
    home: HomeOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print it on one line.")] = False,
) -> None:
    """Everything about one held action, as JSON with secrets hidden."""
    where = Context.make(home).home
    held = _show(where, _whole_id(where, id))
    say_json(held, indent=None if json else 2)


@app.command()
def approve(
    id: IdArgument,
    reason: Annotated[str, typer.Option(help="Why; stands in the trail.")] = "",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Approve exactly what is held now."""
    where = Context.make(home).home
    action_id = _whole_id(where, id)
    held = _show(where, action_id)
    if held["approval"] is None:
        raise GatewayRefusedError(
            f"action {action_id} was never held: only held actions can be decided"
        )
    digest = held["approval"]["digest"]
    _decide(
        where, action_id, {"decision": "approve", "digest": digest, "reason": reason}, json=json
    )


@app.command()
def deny(
    id: IdArgument,
    reason: Annotated[str, typer.Option(help="Why; the agent is told.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Deny a held action; the agent is told the reason."""
    where = Context.make(home).home
    _decide(where, _whole_id(where, id), {"decision": "deny", "reason": reason}, json=json)


def _whole_id(home: Path, given: str) -> str:
    """The id itself; of a shorter text the one waiting action whose id ends so."""
    text = given.strip().lower()
    if len(text) < _ENDING_MIN:
        raise typer.BadParameter(
            f"{given!r} names no action: give all {_ID_LENGTH} characters of its id, or the last"
            f" {_ENDING_MIN} or more; `maestro approvals list` prints them"
        )
    if len(text) >= _ID_LENGTH:
        return text  # whole, or too long for one: the gateway says so
    rows = call_gateway(home, "GET", "/v1/approvals")["approvals"]
    found = [str(row["id"]) for row in rows if row["id"].endswith(text)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise GatewayRefusedError(
            f"no id of what waits ends in {given!r}: give all {_ID_LENGTH} characters"
        )
    raise GatewayRefusedError(f"several ids end in {given!r}: {', '.join(found)}")


def _show(home: Path, action_id: str) -> dict[str, Any]:
    held: dict[str, Any] = call_gateway(home, "GET", f"/v1/approvals/{quote(action_id, safe='')}")
    return held


def _decide(home: Path, action_id: str, body: dict[str, Any], *, json: bool) -> None:
    answer = call_gateway(home, "POST", f"/v1/approvals/{quote(action_id, safe='')}", body)
    votes = f"{len(answer['votes'])} of {answer['votes_needed']} approvals"
    if json:
        say_json(answer)
    elif answer["status"] == "pending":
        say(f"{votes} for {action_id}: it needs another person's too")
    else:
        say(f"{answer['status']} {action_id} ({answer['digest']})")
