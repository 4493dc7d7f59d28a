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

IdArgument = Annotated[str, typer.Argument(help="Id of the held action.")]


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
    held = _show(Context.make(home).home, id)
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
    held = _show(where, id)
    if held["approval"] is None:
        raise GatewayRefusedError(f"action {id} was never held: only held actions can be decided")
    digest = held["approval"]["digest"]
    _decide(where, id, {"decision": "approve", "digest": digest, "reason": reason}, json=json)


@app.command()
def deny(
    id: IdArgument,
    reason: Annotated[str, typer.Option(help="Why; the agent is told.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Deny a held action; the agent is told the reason."""
    _decide(Context.make(home).home, id, {"decision": "deny", "reason": reason}, json=json)


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
