"""The packs in force: each policy, what it says, where it stands, whom its pack judges."""

from typing import ClassVar

from textual.binding import BindingType

from console.language import N_, _
from console.office import ELSEWHERE
from console.screens.base import Front, bindings_for
from console.screens.reading import ReadList
from console.view_models.filters import Searched
from console.view_models.ink import Line, Spans, Tone
from console.view_models.policies import (
    POLICY_COLUMNS,
    POLICY_SORTS,
    policies_title,
    policy_cells,
    policy_lines,
    policy_searched,
)
from console.view_models.text import visible_spans
from core.errors import ConfigError
from core.policy_ports import LibraryView, PolicyPort, PolicyView


def policy_port(front: Front) -> PolicyPort:
    """The port. Raises ConfigError where the policies are out of reach."""
    if front.office.policies is None:
        raise ConfigError(_(ELSEWHERE))
    return front.office.policies


class PoliciesScreen(ReadList[PolicyView]):
    """Every policy of every pack."""

    NAME = "policies"
    FIELDS = ("pack", "says", "policy")
    COLUMNS = POLICY_COLUMNS
    NOTHING = N_("no pack is in force")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("policies")

    def __init__(self, front: Front) -> None:
        super().__init__(front, key=lambda each: f"{each.pack} {each.id}", sorts=POLICY_SORTS)
        self._library: LibraryView | None = None

    async def read(self) -> tuple[PolicyView, ...]:
        """The packs in force."""
        self._library = await policy_port(self.front).library()
        return tuple(each for pack in self._library.packs for each in pack.policies)

    def heading(self, rows: tuple[PolicyView, ...], shown: int) -> Spans:
        """How many."""
        del rows
        return () if self._library is None else policies_title(self._library, shown)

    def searched(self, row: PolicyView) -> Searched:
        """What a filter may ask of it."""
        return policy_searched(row)

    def cells(self, row: PolicyView) -> tuple[Spans, ...]:
        """One policy."""
        return policy_cells(row)

    def whole(self, row: PolicyView) -> tuple[Spans, tuple[Line, ...]]:
        """One policy and its pack."""
        packs = self._library.packs if self._library else ()
        pack = next(each for each in packs if each.name == row.pack)
        return visible_spans(row.id, Tone.STRONG), policy_lines(row, pack)

    def name_of(self, row: PolicyView) -> str:
        """Where it stands."""
        return f"{row.file}:{row.line}"
