"""`maestro tokens`: through the running console, so that each change is on the trail."""

import sys
import time
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from console.cli.context import Context, HomeOption, JsonOption, say, say_json, say_table
from console.cli.remote import call_gateway
from core.adapters.home import STORE_FILE, prepare_home
from core.adapters.login import name_operator
from core.adapters.sqlite.standing import operator_names
from core.errors import ConfigError, MaestroError
from core.gateway.invitations import invite_operator
from core.ids import OperatorId

app = typer.Typer(no_args_is_help=True)

_TAKEN_S_MAX = 10.0
IdArgument = Annotated[str, typer.Argument(help="Id of the token, from `maestro tokens list`.")]


@app.command("list")
def list_tokens(home: HomeOption = None, json: JsonOption = False) -> None:
    """All tokens; their secrets are kept nowhere."""
    rows = call_gateway(Context.make(home).home, "GET", "/v1/tokens")["tokens"]
    if json:
        for row in rows:
            say_json(row)
        return
    shown = ("id", "kind", "label", "bound_to", "created_at", "revoked_at")
    say_table([{name: str(row.get(name) or "-") for name in shown} for row in rows])


@app.command()
def create(
    operator: Annotated[
        str | None, typer.Option(help="Name of a person who may decide; needs write access here.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="What an agent token is for.")] = None,
    bound_to: Annotated[str | None, typer.Option(help="The one agent it may speak for.")] = None,
    home: HomeOption = None,
) -> None:
    """Make an agent token, or another operator's, and print its secret, once.

    An operator is made on the home itself, whether the console runs or not: never over HTTP, where
    one caller could become two approvers.
    """
    here = Context.make(home)
    where = here.home
    if (operator is None) == (label is None) or (operator and bound_to):
        raise typer.BadParameter("give --operator NAME, or --label TEXT for an agent token")
    if operator is None:
        body = {"label": label, "bound_to": bound_to}
        say_json(call_gateway(where, "POST", "/v1/tokens", body))
        return
    prepare_home(where)
    known = [name_operator(here.settings().console.operator)]
    if (where / STORE_FILE).exists():
        known += map(OperatorId, operator_names(where / STORE_FILE))
    note, secret = invite_operator(where, operator, known=known)
    in_force = _is_running(where) and _wait_taken(note)
    say_json({"operator": operator, "secret": secret, "in_force": in_force})
    if not in_force:
        sys.stderr.write("maestro: it counts once the console runs on this home\n")


def _is_running(home: Path) -> bool:
    try:
        call_gateway(home, "GET", "/healthz")
    except MaestroError:
        return False
    return True


def _wait_taken(note: Path) -> bool:
    give_up_s = time.monotonic() + _TAKEN_S_MAX
    while note.exists():
        if time.monotonic() > give_up_s:
            raise ConfigError(
                f"the console has not taken {note} in: its log may say why; delete it to withdraw"
            )
        time.sleep(0.05)
    return True


@app.command()
def rotate(id: IdArgument, home: HomeOption = None) -> None:
    """Revoke a token and print its successor's secret, once."""
    path = f"/v1/tokens/{quote(id, safe='')}/rotate"
    say_json(call_gateway(Context.make(home).home, "POST", path, {}))


@app.command()
def revoke(id: IdArgument, home: HomeOption = None) -> None:
    """End a token now."""
    call_gateway(Context.make(home).home, "POST", f"/v1/tokens/{quote(id, safe='')}/revoke", {})
    say(f"revoked {id}")
