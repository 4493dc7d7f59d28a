"""`maestro agents|metrics|alerts|messages`: the fleet, for scripts and for hands."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

import typer
from typer.core import TyperGroup

from console.cli.context import Before, Context, HomeOption, JsonOption, say, say_json, say_table
from console.cli.remote import call_gateway
from console.view_models.trend import spark
from console.view_models.units import milliseconds, percent, usd, with_unit
from core.commands import AgentChange
from core.printable import visible

_SHOW: Final = "show"
_SPARK: Final = 60


class NameOrCommand(TyperGroup):
    """Takes `agents NAME` beside `agents pause NAME`: what is no command is a name to show."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that `args` begin with, or the one that shows."""
        if args and args[0] not in self.commands:
            args = [_SHOW, *args]
        return super().resolve_command(ctx, args)


agents = typer.Typer(cls=NameOrCommand)
alerts = typer.Typer()
messages = typer.Typer()

NameArgument = Annotated[str, typer.Argument(help="Name of the agent.")]
IdArgument = Annotated[str, typer.Argument(help="Its id, as the list prints it.")]
ReasonOption = Annotated[str, typer.Option(help="Why; stands in the trail.")]


def _home(home: Path | None) -> Path:
    return Context.make(home).home


def _goes_on(context: typer.Context, home: Path | None) -> bool:
    """Whether a command follows; a --home before it counts for it."""
    if context.invoked_subcommand is not None and home is not None:
        Context.remember(Before(home))
    return context.invoked_subcommand is not None


def _no_source(value: float | None, unit: str) -> str:
    return "no source" if value is None else with_unit(value, unit)


def _print(
    rows: list[dict[str, Any]], *, json: bool, table: list[dict[str, str]], none: str
) -> None:
    """JSON Lines, or a table of the same rows, or what to say when there are none."""
    if json:
        for row in rows:
            say_json(row)
    elif table:
        say_table([*table])
    else:
        say(none)


def _send(home: Path | None, path: str, body: dict[str, Any], *, json: bool) -> None:
    answer = call_gateway(_home(home), "POST", path, body)
    if json:
        say_json(answer)
    else:
        say(visible(answer["sentence"]))


# -- agents -----------------------------------------------------------------------------------


@agents.callback(invoke_without_command=True)
def list_agents(context: typer.Context, home: HomeOption = None, json: JsonOption = False) -> None:
    """Every agent; with a NAME, one of them whole."""
    if _goes_on(context, home):
        return
    answer = call_gateway(_home(home), "GET", "/v1/fleet")
    rows: list[dict[str, Any]] = answer["agents"]
    if answer["health"]["degraded"] and not json:
        say(f"DEGRADED: {visible(answer['health']['reason'])}; risky actions are blocked")
    table = [_agent_row(row) for row in rows]
    _print(rows, json=json, table=table, none="no agent is known")


def _agent_row(row: dict[str, Any]) -> dict[str, str]:
    told, hosted = row["statistics"], row["origin"] == "hosted"
    running = row["mode"] == "running"
    errors, slow, cost = (
        told["error_rate"],
        told["response_ms_p95"],
        told["cost_usd_micros_per_h"],
    )
    return {
        "agent": visible(row["name"]),
        "state": row["status"] if running else f"{row['status']}, {row['mode']}",
        "load": percent(row["load"]) if hosted else "outside",
        "queue": str(row["queue"]) if hosted else "-",
        "errors": "-" if errors is None else percent(errors),
        "p95": "-" if slow is None else milliseconds(slow),
        "cost/h": "-" if cost is None else usd(cost),
        "seen": (row["heartbeat_at"] or "never")[:19],
        "note": visible(row["note"] or ", ".join(row["degraded_by"])),
    }


@agents.command(_SHOW)
def show_agent(name: NameArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """One agent, whole."""
    answer = call_gateway(_home(home), "GET", f"/v1/fleet/{quote(name, safe='')}")
    if json:
        say_json(answer)
        return
    agent = answer["agent"]
    trust = answer["trust"]
    facts = {
        **_agent_row(agent),
        "role": visible(agent["role"]),
        "since": agent["since"][:19],
        "restarts": str(agent["restarts"]),
        "trust": "no source" if trust is None else f"{trust:.2f}",
        "depends on": visible(", ".join(agent["depends_on"])) or "nobody",
        "needed by": visible(", ".join(answer["dependents"])) or "nobody",
        "mailbox": str(len(answer["mailbox"])),
    }
    _say_facts(facts)
    for each in answer["metrics"]:
        say(f"metric {each['name']}: {_no_source(each['value'], each['unit'])} ({each['state']})")


def _say_facts(facts: dict[str, str]) -> None:
    width = max(map(len, facts)) + 2
    for name, value in facts.items():
        if value:
            say(f"{name:<{width}}{value}")


def _control(change: AgentChange, home: Path | None, name: str, reason: str, *, json: bool) -> None:
    body = {"change": change.value, "reason": reason}
    _send(home, f"/v1/fleet/{quote(name, safe='')}", body, json=json)


@agents.command()
def pause(
    name: NameArgument, reason: ReasonOption, home: HomeOption = None, json: JsonOption = False
) -> None:
    """Pause an agent: it keeps its mailbox and takes nothing from it."""
    _control(AgentChange.PAUSE, home, name, reason, json=json)


@agents.command()
def resume(
    name: NameArgument, reason: ReasonOption, home: HomeOption = None, json: JsonOption = False
) -> None:
    """Let a paused or draining agent go on."""
    _control(AgentChange.RESUME, home, name, reason, json=json)


@agents.command()
def drain(
    name: NameArgument, reason: ReasonOption, home: HomeOption = None, json: JsonOption = False
) -> None:
    """Let an agent finish what it has; nothing new is sent to it."""
    _control(AgentChange.DRAIN, home, name, reason, json=json)


@agents.command()
def restart(
    name: NameArgument, reason: ReasonOption, home: HomeOption = None, json: JsonOption = False
) -> None:
    """Restart an agent."""
    _control(AgentChange.RESTART, home, name, reason, json=json)


def _set_quarantine(
    home: Path | None, name: str, reason: str, *, quarantined: bool, json: bool
) -> None:
    asked = {"command": "quarantine", "agent": name, "quarantined": quarantined, "reason": reason}
    call_gateway(_home(home), "POST", "/v1/console/commands", {**asked, "key": "cli"})
    if json:
        say_json({"agent": name, "quarantined": quarantined})
    else:
        what = "in quarantine: it may at most read what lies here" if quarantined else "released"
        say(f"{visible(name)} is {what}")


@agents.command()
def quarantine(
    name: NameArgument, reason: ReasonOption, home: HomeOption = None, json: JsonOption = False
) -> None:
    """Put an agent into quarantine: it may read what lies here, and no secrets."""
    _set_quarantine(home, name, reason, quarantined=True, json=json)


@agents.command()
def release(
    name: NameArgument, reason: ReasonOption, home: HomeOption = None, json: JsonOption = False
) -> None:
    """End an agent's quarantine; its trust begins anew."""
    _set_quarantine(home, name, reason, quarantined=False, json=json)


# -- metrics ----------------------------------------------------------------------------------


def list_metrics(
    key: Annotated[
        str | None, typer.Argument(help="AGENT.METRIC: one metric, with series.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """The metric catalogue with what was measured; with a KEY, one metric over the last hour."""
    if key is not None:
        _show_metric(_home(home), key, json=json)
        return
    rows: list[dict[str, Any]] = call_gateway(_home(home), "GET", "/v1/metrics")["metrics"]
    table = [
        {
            "metric": visible(row["key"]),
            "value": _no_source(row["value"], row["unit"]),
            "target": with_unit(row["target"], row["unit"]),
            "state": row["state"],
            "at": (row["at"] or "-")[:19],
            "source": visible(row["source"] or row["reason"]),
        }
        for row in rows
    ]
    _print(rows, json=json, table=table, none="the catalogue is empty")


def _show_metric(home: Path, key: str, *, json: bool) -> None:
    series = call_gateway(home, "GET", f"/v1/metrics/{quote(key, safe='')}/series")
    rows = call_gateway(home, "GET", "/v1/metrics")["metrics"]
    row: dict[str, Any] = next(each for each in rows if each["key"] == key)
    if json:
        say_json({**row, "points": series["points"]})
        return
    unit = row["unit"]
    means = [each["mean"] for each in series["points"] if each["mean"] is not None]
    _say_facts(
        {
            "metric": visible(key),
            "value": _no_source(row["value"], unit),
            "target": with_unit(row["target"], unit),
            "state": row["state"],
            "at": (row["at"] or "")[:19],
            "source": visible(row["source"]),
            "why": visible(row["reason"]),
            "says": visible(row["note"]),
            "last hour": spark(means, _SPARK) or "nothing measured",
        }
    )
    if means:
        low = min(each["min"] for each in series["points"] if each["min"] is not None)
        high = max(each["max"] for each in series["points"] if each["max"] is not None)
        say(f"between {with_unit(low, unit)} and {with_unit(high, unit)}")


# -- alerts -----------------------------------------------------------------------------------


class Silence(StrEnum):
    """How long an alert may be silenced."""

    QUARTER = "15m"
    HOUR = "1h"
    SHIFT = "8h"


_SECONDS: Final = {Silence.QUARTER: 900, Silence.HOUR: 3600, Silence.SHIFT: 28_800}


@alerts.callback(invoke_without_command=True)
def list_alerts(
    context: typer.Context,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Those of the last day too.")
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Open alerts, worst first."""
    if _goes_on(context, home):
        return
    query = "?resolved=true" if resolved else ""
    rows: list[dict[str, Any]] = call_gateway(_home(home), "GET", f"/v1/alerts{query}")["alerts"]
    table = [
        {
            "id": row["id"],
            "severity": row["severity"],
            "state": row["state"] + (", silenced" if row["silenced_until"] else ""),
            "agent": visible(row["agent"]),
            "since": row["opened_at"][:19],
            "what": visible(row["title"]),
        }
        for row in rows
    ]
    _print(rows, json=json, table=table, none="no alert is open")


@alerts.command("ack")
def acknowledge(
    id: IdArgument,
    note: Annotated[str, typer.Option(help="What is being done; stands in the trail.")] = "",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Tell everybody that you look after an alert."""
    body = {"decision": "acknowledge", "note": note}
    _send(home, f"/v1/alerts/{quote(id, safe='')}", body, json=json)


@alerts.command()
def silence(
    id: IdArgument,
    reason: ReasonOption,
    duration: Annotated[Silence, typer.Option("--for", help="For how long.")] = Silence.HOUR,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Do not show an alert's cause for a while; it goes on being measured."""
    body = {"decision": "silence", "duration_s": _SECONDS[duration], "reason": reason}
    _send(home, f"/v1/alerts/{quote(id, safe='')}", body, json=json)


# -- messages ---------------------------------------------------------------------------------


@messages.callback(invoke_without_command=True)
def list_messages(
    context: typer.Context,
    dead: Annotated[bool, typer.Option("--dead", help="Only dead letters.")] = False,
    agent: Annotated[str, typer.Option(help="Sender, addressee or holder.")] = "",
    type: Annotated[str, typer.Option(help="A part of the type.")] = "",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """The newest messages between agents."""
    if _goes_on(context, home):
        return
    query = urlencode({"dead": "true" if dead else "false", "agent": agent, "type": type})
    rows: list[dict[str, Any]] = call_gateway(_home(home), "GET", f"/v1/messages?{query}")[
        "messages"
    ]
    table = [
        {
            "id": row["id"],
            "state": row["state"],
            "from": visible(row["sender"]),
            "to": visible(row["to"] or f"any: {row['capability']}"),
            "type": visible(row["type"]),
            "pri": str(row["priority_now"]),
            "at": row["at"][:19],
            "why": visible(row["reason"]),
        }
        for row in rows
    ]
    _print(rows, json=json, table=table, none="no dead letter" if dead else "no message yet")


@messages.command()
def resend(id: IdArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Send a dead letter again, as a new message."""
    _send(home, f"/v1/messages/{quote(id, safe='')}", {"decision": "resend"}, json=json)


@messages.command()
def discard(
    id: IdArgument, reason: ReasonOption, home: HomeOption = None, json: JsonOption = False
) -> None:
    """Take a dead letter off the list for good."""
    body = {"decision": "discard", "reason": reason}
    _send(home, f"/v1/messages/{quote(id, safe='')}", body, json=json)
