"""Every screen and dialog that an operator can come to see, and the keys that lead there."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from textual.widgets import TextArea

from console.screens.base import Asked
from console.screens.more import MORE_SCREENS
from core.actions import RiskLevel
from core.ids import AgentId
from tests.console.day import busy_operator
from tests.console.driving import Driver
from tests.console.fakes import FakeOperator
from tests.console.fleet_driving import table
from tests.factories import NOW

Show = Callable[[Driver], Awaitable[None]]
MAIN: Final = (
    "overview",
    "approvals",
    "agents",
    "metrics",
    "messages",
    "alerts",
    "audit",
    "rules",
)
QUERY: Final = """select c.name, c.email, o.total_cents
from customers c join orders o on o.customer_id = c.id
where o.placed_at > now() - interval '30 days';
delete from carts where updated_at < now() - interval '90 days'"""


def full_operator() -> FakeOperator:
    """The busy day, with an action of each kind that is drawn in its own way."""
    operator = busy_operator()
    operator.hold(
        "5c0de1",
        agent_id=AgentId("data-export"),
        kind="data.query",
        resource="postgres://shop/main",
        risk=RiskLevel.MEDIUM,
        arguments={"query": QUERY},
        facts={"irreversible": True},
        reasons=("The query deletes rows.",),
        policies=("ask:data-change",),
        created_at=NOW - timedelta(seconds=9),
    )
    operator.hold(
        "3a1102",
        agent_id=AgentId("billing-bot"),
        kind="message.send",
        resource="mail",
        risk=RiskLevel.MEDIUM,
        arguments={
            "to": ["ana@example.com", "book-keeping@example.com"],
            "subject": "Your invoice for November",
            "body": "Dear Ana,\n\nthe invoice 2026-1107 is attached.\nIt is due in two weeks.",
        },
        facts={"external": True, "people_affected": 2},
        reasons=("The message leaves this organisation.",),
        policies=("ask:external",),
        created_at=NOW - timedelta(seconds=8),
    )
    return operator


async def go(console: Driver, name: str) -> None:
    app = console.app
    app.carry_out(Asked(name))
    await console.until(lambda: app.screen is app.main_screens.get(name))
    await console.hear()
    await console.until(lambda: "reading…" not in console.screen_text())


def screen(name: str) -> Show:
    async def show(console: Driver) -> None:
        await go(console, name)

    return show


def card(tail: str, *words: str) -> Show:
    async def show(console: Driver) -> None:
        await console.open_approvals(tail)
        await console.press("enter")
        await console.see(*words)
        console.app.tick()

    return show


def asked(tail: str, key: str, *words: str, then: tuple[str, ...] = ()) -> Show:
    """A dialog of the queue."""

    async def show(console: Driver) -> None:
        await console.open_approvals(tail)
        await console.read_all()
        await console.press(key)
        await console.see(*words)
        console.read_time()
        await console.press(*then)

    return show


def keyed(name: str, *keys: str, see: tuple[str, ...] = ()) -> Show:
    """A screen after some keys."""

    async def show(console: Driver) -> None:
        await go(console, name)
        for key in keys:
            await console.press(key)
            console.read_time()
        await console.see(*see)
        await console.hear()

    return show


def jumped(keys: tuple[str, ...], row: str, *after: str, see: str) -> Show:
    """A list, one of its rows, and what it opens."""

    async def show(console: Driver) -> None:
        await console.press(*keys)
        await console.hear()
        table(console).select(row)
        for key in after:
            await console.press(key)
        await console.hear()
        await console.see(see)

    return show


async def show_edit(console: Driver) -> None:
    await console.open_approvals("b09e41")
    await console.read_all()
    await console.press("e")
    await console.until(lambda: console.dialog() == "EditDialog")
    area = console.app.screen.query_one("#text", TextArea)
    area.text = area.text.replace('"page": 1', '"page": "2"')
    await console.see("would run as", "page was a number, is now text")


async def show_mistyped(console: Driver) -> None:
    await show_edit(console)
    area = console.app.screen.query_one("#text", TextArea)
    area.text = area.text.replace('"2"', "")
    await console.see("line 3, column 11")


async def show_difference(console: Driver) -> None:
    await show_edit(console)
    await console.press("escape")
    await console.see("go on editing")


async def show_confirm_edit(console: Driver) -> None:
    """What an edit changes stands beside the question: the card behind shows the original."""
    await console.open_approvals("8f2a1c")
    await console.read_all()
    await console.press("e")
    await console.until(lambda: console.dialog() == "EditDialog")
    area = console.app.screen.query_one("#text", TextArea)
    area.text = area.text.replace("rm -rf", "rm -r")
    await console.press("escape")
    await console.see("approve the edit")
    console.read_time()
    await console.press("a")
    await console.see("Type the last four characters")


async def show_unsent(console: Driver) -> None:
    await console.open_approvals("77be02")
    await console.read_all()
    await console.press("a")
    await console.see("takes back", "approve in 3s")
    await console.until(console.card_drawn)
    console.read_time()


async def show_trace(console: Driver) -> None:
    await console.open_approvals("8f2a1c")
    await console.press("t")
    await console.see("approval.wait")


async def show_quarantine(console: Driver) -> None:
    await go(console, "overview")
    console.app.screen.query_one("#agents").focus()
    await console.press("x")
    await console.see("Put into quarantine, because")


async def show_palette(console: Driver) -> None:
    await console.press("ctrl+p")
    await console.until(lambda: type(console.app.screen).__name__ == "CommandPalette")
    await console.type("rep")
    await console.see("report_period")
    console.app.screen.query_one("CommandInput").cursor_blink = False  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


async def show_filtered(console: Driver) -> None:
    """A filter that keeps nothing, and one that cannot be read."""
    await go(console, "agents")
    await console.press("slash", *"nothing", "enter")
    await console.see("nothing fits")
    await console.press("slash", "slash", "left_parenthesis", "slash", "enter")
    await console.see("The filter stays as it was")


async def show_toasts(console: Driver) -> None:
    await go(console, "audit")
    console.app.say("report operations.html is in ~/.local/state/maestro/reports")
    console.app.say("The trail is locked by another process (pid 71).", severity="error")
    await console.see("pid 71")


LISTS: Final = tuple(name for name in (*MAIN, *MORE_SCREENS) if name != "overview")
SIGHTS: Final[dict[str, Show]] = {
    **{name: screen(name) for name in (*MAIN, *MORE_SCREENS)},
    "card-shell": card("8f2a1c", "TOUCHES"),
    "card-two-people": card("c41d07", "0 of 2 approvals"),
    "card-diff": card("77be02", "54.90"),
    "card-request": card("b09e41", "goes to"),
    "card-query": card("5c0de1", "customers"),
    "card-message": card("3a1102", "Dear Ana"),
    "confirm": asked("8f2a1c", "a", "Type the last four characters"),
    "deny": asked("8f2a1c", "d", "Deny, because"),
    "defer": asked("8f2a1c", "n", "minutes"),
    "remember": asked("b09e41", "r", "Remember"),
    "group": asked("b09e41", "b", "approve 3", then=("down", "space")),
    "edit": show_edit,
    "edit-mistyped": show_mistyped,
    "edit-difference": show_difference,
    "confirm-edit": show_confirm_edit,
    "unsent": show_unsent,
    "trace": show_trace,
    "agent": jumped(("2",), "video", "enter", see="RECENT ACTIONS"),
    "agent-actions": jumped(("2",), "video", "g", see="ACTION"),
    "restart": keyed("agents", "x", see=("Restart, because",)),
    "quarantine": show_quarantine,
    "metric": jumped(("4",), "backend.api_response_time_p95", "enter", see="LAST 1 h"),
    "metric-table": jumped(("4",), "backend.api_response_time_p95", "enter", "w", see="LAST 1 h"),
    "dead-letters": keyed("messages", "d"),
    "discard": keyed("messages", "d", "x", see=("Discard, because",)),
    "silence": keyed("alerts", "n", see=("8 hours",)),
    "alert-history": keyed("alerts", "h"),
    "entry": keyed("audit", "enter"),
    "revoke": keyed("rules", "x", see=("Revoke this rule?",)),
    "policy": keyed("policies", "down", "enter"),
    "accept": keyed("policy_proposals", "a", see=("Let this pass",)),
    "replay-folder": keyed("policy_replay", "w"),
    "report-period": keyed("reports", "t"),
    "log-line": keyed("logs", "down", "enter"),
    "help": keyed("approvals", "question_mark", see=("ON APPROVALS",)),
    "command": keyed("overview", "colon", "t", see=("Tab",)),
    "palette": show_palette,
    "filter": keyed("agents", "slash"),
    "filter-refused": show_filtered,
    "toasts": show_toasts,
    "quit": keyed("overview", "q", see=("Leave while",)),
}
