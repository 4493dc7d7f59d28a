"""What is past its bound or broken, worst first."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical

from console.fleet_bridge import ALERTS, FLEET, PAST_ALERTS, READINGS, Ask
from console.keymap import Need
from console.language import _
from console.screens.base import Asked, Front, bindings_for
from console.screens.dialogs.reason import ask_silence
from console.screens.dialogs.silence import SPANS, SilenceDialog
from console.screens.listing import ListScreen, send_fleet
from console.screens.sizes import LIST_WIDTHS, fit_rows
from console.view_models.alerts import (
    COLUMNS,
    SORTS,
    alert_cells,
    alert_lines,
    alerts_title,
    searched,
)
from console.view_models.ink import Span, Tone
from console.view_models.text import visible_spans
from console.widgets.live_table import LiveTable
from console.widgets.paper import Paper
from core.commands import AcknowledgeAlert, SilenceAlert
from core.measures import Alert, AlertState


class AlertsScreen(ListScreen[Alert]):
    """One cause a row; acknowledged and silenced here, resolved by what raised it."""

    NAME = "alerts"
    HORIZONTAL_BREAKPOINTS = LIST_WIDTHS
    FIELDS = ("agent", "state", "risk", "severity")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("alerts")

    def __init__(self, front: Front) -> None:
        table: LiveTable[Alert] = LiveTable(
            COLUMNS, key=lambda each: each.id, id="all-alerts", sorts=SORTS
        )
        super().__init__(front, table)
        self.paper = Paper(id="alert", opened_by="Enter")
        self.paper.add_class("beside")
        self._upper = Vertical(classes="rows")
        self._history = False

    def compose_body(self) -> ComposeResult:
        """The alerts, then one whole."""
        with Container(classes="split"):
            with self._upper:
                yield self.caption
                yield self.table
            yield self.paper

    @property
    def _ask(self) -> Ask[tuple[Alert, ...]]:
        return PAST_ALERTS if self._history else ALERTS

    def wants(self) -> Iterable[Ask[Any]]:
        """Alerts, the units of their metrics, and who is in the fleet."""
        return (ALERTS, self._ask, READINGS, FLEET)

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """What lists do, and looking after an alert."""
        return {
            **super().handlers,
            "acknowledge": self._acknowledge,
            "silence": self._silence,
            "history": lambda _: self._turn(),
            "to_agent": lambda _: self._to_agent(),
            "read_on": lambda _: self.paper.page(1),
            "read_back": lambda _: self.paper.page(-1),
        }

    def missing(self) -> Iterable[Need]:
        """A row, an open one, an agent of the fleet."""
        yield from super().missing()
        row = self.table.selected
        if row is None:
            return
        if row.state is AlertState.RESOLVED:
            yield Need.OPEN
        if not self.front.knows_agent(row.agent):
            yield Need.UNKNOWN_AGENT

    def draw(self) -> None:
        """The alerts as last read."""
        now, answer = self.front.view().now, self.front.fleet.answer(self._ask)
        self.caption.show(
            alerts_title(answer.value, now, history=self._history, problem=answer.problem)
        )
        nothing = _("not read yet") if answer.value is None else _("✓ nothing is past its bound")
        self.explain_empty(answer.problem, nothing)
        shown = self.filter.keep(answer.value or (), lambda each: searched(each, now))
        self.table.show(shown, lambda each: alert_cells(each, now))
        fit_rows(self._upper, len(shown), above=2)
        self.draw_selected()

    def draw_selected(self) -> None:
        """One alert whole."""
        row = self.table.selected
        if row is None:
            why = self.why_empty(self.front.fleet.answer(self._ask))
            self.paper.show(why, title=(Span(_("no alert"), Tone.DIM),))
            return
        readings = self.front.fleet.answer(READINGS).value or ()
        lines = alert_lines(row, readings, self.front.zone, self.front.view().now)
        self.paper.show(lines, title=visible_spans(row.title, Tone.STRONG))

    def open_row(self) -> None:
        """The alert alone."""
        self.open_pane()
        self.paper.focus()
        self.call_after_refresh(self.update)

    def name_of(self, row: Alert) -> str:
        """Its id."""
        return row.id

    def _turn(self) -> None:
        self._history = not self._history
        self.front.fleet.wake()
        self.update()

    def _to_agent(self) -> None:
        row = self.table.selected
        if row is not None:
            self.post_message(Asked("agent_detail", argument=row.agent))

    def _acknowledge(self, key: str) -> None:
        row = self.table.selected
        if row is not None:
            operator = self.front.bridge.operator_id
            command = AcknowledgeAlert(operator=operator, key=key, alert_id=row.id)
            self.ask(partial(send_fleet, self, command))

    def _silence(self, key: str) -> None:
        row = self.table.selected
        if row is not None:
            self.ask(partial(self._ask_silence, row, key))

    async def _ask_silence(self, row: Alert, key: str) -> None:
        wording = await self.shell.push_screen_wait(SilenceDialog(self.front, row.title))
        if not wording:
            return
        reason = await self.shell.push_screen_wait(ask_silence(self.front, row.title, wording))
        if not reason:
            return
        bridge = self.front.bridge
        until = bridge.clock.now() + SPANS[wording]
        await send_fleet(
            self,
            SilenceAlert(
                operator=bridge.operator_id, key=key, alert_id=row.id, until=until, reason=reason
            ),
        )
