"""What operators remembered: rules that approve by themselves, until they end."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from console.keymap import Need
from console.language import _
from console.screens.base import Front, bindings_for
from console.screens.dialogs.confirm import RevokeDialog
from console.screens.listing import NOTHING_FITS
from console.screens.lying import LyingOn
from console.screens.sizes import fit_rows
from console.view_models.columns import searched_cells
from console.view_models.ink import Span, Tone
from console.view_models.rules import (
    COLUMNS,
    SORTS,
    in_force_first,
    is_in_force,
    no_rules,
    rule_cells,
    rule_lines,
    rules_title,
)
from console.view_models.text import short_id
from console.widgets.caption import Caption
from console.widgets.live_table import LiveTable
from console.widgets.paper import Paper
from core.commands import RevokeGrant
from core.errors import MaestroError
from core.records import GrantRecord


class RulesScreen(LyingOn):
    """Shows each rule with its end and its use; ends one when asked to."""

    NAME = "rules"
    UNDER = "approvals"
    FIELDS = ("state", "agent", "kind", "fits")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("rules")

    def __init__(self, front: Front) -> None:
        super().__init__(front)
        self.caption = Caption(id="rules-words")
        self.rules: LiveTable[GrantRecord] = LiveTable(
            COLUMNS, key=lambda each: each.id, id="rules", empty=_("no rule yet"), sorts=SORTS
        )
        self.paper = Paper(id="standing")

    def compose_body(self) -> ComposeResult:
        """How many, the rules, one rule whole."""
        yield self.caption
        yield self.rules
        yield self.paper

    def on_mount(self) -> None:
        """The list is where one begins."""
        self.rules.focus()

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Own actions."""
        return {
            "open": lambda _: self._open(),
            "copy": lambda _: self._copy(),
            "revoke": self._revoke,
        }

    def missing(self) -> Iterable[Need]:
        """A rule that still holds."""
        rule = self.rules.selected
        if rule is None:
            yield Need.ROW
        elif not is_in_force(rule, self.front.view().now):
            yield Need.IN_FORCE

    def draw(self) -> None:
        """The rules as last read."""
        rules, now = self.front.snapshot.grants, self.front.view().now
        self.caption.show(rules_title(rules, now))
        self.rules.empty = _(NOTHING_FITS) if self.filter and rules else _("no rule yet")
        shown = [
            each
            for each in in_force_first(rules or (), now)
            if self.filter.fits(searched_cells(COLUMNS, rule_cells(each, now)))
        ]
        self.rules.show(shown, lambda each: rule_cells(each, now))
        fit_rows(self.rules, len(shown), above=1)
        self._draw_rule()

    def _draw_rule(self) -> None:
        rule = self.rules.selected
        if rule is None:
            self.paper.show(no_rules(), title=(Span(_("no rule"), Tone.DIM),))
            return
        title = (Span(_("rule {id}").format(id=short_id(rule.id)), Tone.STRONG),)
        self.paper.show(rule_lines(rule, self.front.zone), title=title)

    def on_live_table_moved(self, message: LiveTable.Moved) -> None:
        """Another rule."""
        message.stop()
        self._draw_rule()
        self.show_keys()

    def go_back(self) -> None:
        """To the list, then clear the filter, then leave."""
        if self.rules.has_focus:
            super().go_back()
        else:
            self.rules.focus()

    def _open(self) -> None:
        self.paper.focus()

    def _copy(self) -> None:
        rule = self.rules.selected
        if rule is not None:
            self.copy(rule.id)

    def _revoke(self, key: str) -> None:
        rule = self.rules.selected
        if rule is not None:
            self.front.typed.start_asking(self, partial(self._ask_and_revoke, rule, key))

    async def _ask_and_revoke(self, rule: GrantRecord, key: str) -> None:
        if not await self.shell.push_screen_wait(RevokeDialog(self.front, rule)):
            return
        self.front.typed.ask_no_more()
        operator = self.front.bridge.operator_id
        try:
            await self.front.bridge.send(RevokeGrant(operator=operator, key=key, grant_id=rule.id))
        except MaestroError as error:
            self.say(str(error), severity="error")
        else:
            self.say(_("✓ revoked rule {id}").format(id=short_id(rule.id)))
        self.update()
