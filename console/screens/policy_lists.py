"""Under the policies: their tests, the past under other packs, rules that decisions bear out."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from console.keymap import Need
from console.language import N_, _
from console.screens.base import Asked, Front, bindings_for
from console.screens.dialogs.accept import AcceptDialog
from console.screens.policies import policy_port
from console.screens.prompt import PromptDialog
from console.screens.reading import SubList
from console.view_models import policies as words
from console.view_models.filters import Searched
from console.view_models.ink import Line, Spans, Tone
from console.view_models.text import short_id, visible_spans
from core.errors import MaestroError
from core.policy_ports import CaseView, ChangeView, ReplayView, RuleProposal


class PolicyTestsScreen(SubList[CaseView]):
    """Every test case of the packs in force, run when one comes here."""

    NAME = "policy_tests"
    FIELDS = ("pack", "result")
    UNDER = "policies"
    COLUMNS = words.CASE_COLUMNS
    NOTHING = N_("no pack has a test case")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("policy_tests")

    def __init__(self, front: Front) -> None:
        super().__init__(front, key=lambda each: f"{each.pack} {each.name}", sorts=words.CASE_SORTS)

    async def read(self) -> tuple[CaseView, ...]:
        """Run them."""
        return words.failed_first(await policy_port(self.front).run_tests())

    def heading(self, rows: tuple[CaseView, ...], shown: int) -> Spans:
        """How many passed."""
        return words.cases_title(rows, shown)

    def searched(self, row: CaseView) -> Searched:
        """What a filter may ask of it."""
        return words.case_searched(row)

    def cells(self, row: CaseView) -> tuple[Spans, ...]:
        """One case."""
        return words.case_cells(row)

    def whole(self, row: CaseView) -> tuple[Spans, tuple[Line, ...]]:
        """One case whole."""
        return visible_spans(row.name, Tone.STRONG), words.case_lines(row)

    def name_of(self, row: CaseView) -> str:
        """Its name."""
        return row.name


class PolicyReplayScreen(SubList[ChangeView]):
    """Recorded actions that the packs of a folder would have answered otherwise."""

    NAME = "policy_replay"
    FIELDS = ("agent", "kind", "was", "now")
    UNDER = "policies"
    COLUMNS = words.CHANGE_COLUMNS
    NOTHING = N_("✓ nothing recorded would have been answered otherwise")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("policy_replay")

    def __init__(self, front: Front) -> None:
        super().__init__(front, key=lambda each: each.action_id, sorts=words.CHANGE_SORTS)
        self._folder = ""
        self._report: ReplayView | None = None

    async def read(self) -> tuple[ChangeView, ...]:
        """Hold the past against the packs as they stand there now."""
        self._report = await policy_port(self.front).replay(self._folder)
        return self._report.changes

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Another folder; the action's trace."""
        return {
            **super().handlers,
            "choose_folder": lambda _: self._choose(),
            "trace": lambda _: self._trace(),
        }

    def heading(self, rows: tuple[ChangeView, ...], shown: int) -> Spans:
        """What would change."""
        del rows
        return () if self._report is None else words.replay_title(self._report, shown)

    def searched(self, row: ChangeView) -> Searched:
        """What a filter may ask of it."""
        return words.change_searched(row)

    def cells(self, row: ChangeView) -> tuple[Spans, ...]:
        """One change."""
        return words.change_cells(row, self.front.zone, self.front.view().now)

    def whole(self, row: ChangeView) -> tuple[Spans, tuple[Line, ...]]:
        """One change whole."""
        title = visible_spans(f"{row.kind} {row.resource}", Tone.STRONG)
        if self._report is None:
            return title, ()
        return title, words.change_lines(row, self._report, self.front.zone)

    def name_of(self, row: ChangeView) -> str:
        """The action's id."""
        return row.action_id

    def _choose(self) -> None:
        value = self._folder or (self._report.folder if self._report else "")
        self.shell.push_screen(PromptDialog(_("folder"), value=value), self._take)

    def _take(self, folder: str | None) -> None:
        if folder is not None:
            self._folder = folder.strip()
            self.forget()
            self.read_again()

    def _trace(self) -> None:
        row = self.table.selected
        if row is not None:
            self.post_message(Asked("trace", action_id=row.action_id))


class PolicyProposalsScreen(SubList[RuleProposal]):
    """Rules that recorded decisions bear out; accepting one asks first."""

    NAME = "policy_proposals"
    FIELDS = ("agent", "kind")
    UNDER = "policies"
    COLUMNS = words.PROPOSAL_COLUMNS
    NOTHING = N_("nothing was approved five times as it stood, and never denied")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("policy_proposals")

    def __init__(self, front: Front) -> None:
        super().__init__(front, key=lambda each: each.id, sorts=words.PROPOSAL_SORTS)

    async def read(self) -> tuple[RuleProposal, ...]:
        """What decisions bear out now."""
        return await policy_port(self.front).propose_rules()

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Accepting."""
        return {**super().handlers, "accept_rule": self._accept}

    def missing(self) -> Iterable[Need]:
        """A row, and room to read it."""
        yield from super().missing()
        if not self.has_room:
            yield Need.ROOM

    def heading(self, rows: tuple[RuleProposal, ...], shown: int) -> Spans:
        """How many, and what they would save."""
        return words.proposals_title(rows, shown)

    def searched(self, row: RuleProposal) -> Searched:
        """What a filter may ask of it."""
        return words.proposal_searched(row)

    def cells(self, row: RuleProposal) -> tuple[Spans, ...]:
        """One proposal."""
        return words.proposal_cells(row, self.front.zone, self.front.view().now)

    def whole(self, row: RuleProposal) -> tuple[Spans, tuple[Line, ...]]:
        """One proposal whole."""
        title = visible_spans(row.resource_pattern, Tone.STRONG)
        return title, words.proposal_lines(row, self.front.zone)

    def name_of(self, row: RuleProposal) -> str:
        """What it fits."""
        return row.resource_pattern

    def _accept(self, key: str) -> None:
        row = self.table.selected
        if row is not None:
            self.ask(partial(self._ask_and_accept, row, key))

    async def _ask_and_accept(self, row: RuleProposal, key: str) -> None:
        if not await self.shell.push_screen_wait(AcceptDialog(self.front, row)):
            return
        self.front.typed.ask_no_more()
        operator = self.front.bridge.operator_id
        try:
            grant = await policy_port(self.front).accept(row.id, operator=operator, key=key)
        except MaestroError as error:
            self.say(str(error), severity="error")
        else:
            self.say(
                _("✓ rule {id} holds; s shows it, x there ends it").format(id=short_id(grant.id))
            )
        self.read_again()
