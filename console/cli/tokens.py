"""`maestro tokens`: through the running console, so that each change is on the trail."""

from typing import Annotated
from urllib.parse import quote

import typer

from console.cli.context import Context, HomeOption, JsonOption, say, say_json, say_table
from console.cli.remote import call_gateway

app = typer.Typer(no_args_is_help=True)

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
def make(
    label: Annotated[str, typer.Option(help="What it is for.")],
    bound_to: Annotated[str | None, typer.Option(help="The one agent it may speak for.")] = None,
    home: HomeOption = None,
) -> None:
    """Make an agent token and print its secret, once."""
    body = {"label": label, "bound_to": bound_to}
    say_json(call_gateway(Context.make(home).home, "POST", "/v1/tokens", body))


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
