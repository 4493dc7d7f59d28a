"""Whether what is before the operator has been there long enough to be decided on."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from textual.timer import Timer

from console.keys.model import Need
from console.screens.base import Front, MaestroScreen
from console.view_models.dossier import risk_of
from console.view_models.guard import GUARD_S, UNASKED_S, TypeAheadGuard
from console.widgets.paper import Paper
from core.actions import RiskLevel
from core.ports import Dossier

_READ_MAX: Final = 1_000  # contents that are remembered as read


class ReadWhole:
    """Which contents were before the operator to their end."""

    def __init__(self) -> None:
        self._digests: deque[str] = deque(maxlen=_READ_MAX)

    def note(self, digest: str) -> None:
        """The end of what this digest is of was in sight, and each risky part of it."""
        if digest not in self._digests:
            self._digests.append(digest)

    def lacks(self, dossier: Dossier) -> bool:
        """Whether consent to this comes too early; what is of low risk needs no such care."""
        return risk_of(dossier) is not RiskLevel.LOW and dossier.shown_digest not in self._digests


class ReadFirst:
    """Keys count once what is shown was there for a moment, longer where nobody asked for it.

    Where what was being read went away, the next thing in its place is none that the operator
    chose: no key decides about it before it is chosen.
    """

    def __init__(
        self,
        screen: MaestroScreen,
        front: Front,
        pane: Paper,
        whole: ReadWhole,
        *,
        live: Callable[[], None],
    ) -> None:
        """`live` hears that keys answer now."""
        self._screen = screen
        self._front = front
        self._pane = pane
        self._whole = whole
        self._live = live
        self._guard = TypeAheadGuard()
        self._opening: Timer | None = None  # then keys answer, and are shown to
        self._drawn_in = 0  # the turn in which it was drawn
        self._unasked = False
        self._lost = False

    def close(self) -> None:
        """Keys do not count before something is drawn."""
        self._guard.close()

    def begin(self) -> None:
        """Something new is to be drawn: keys read before it was were not meant for it."""
        self._guard.close()
        if self._screen.is_current:  # by way of the pane: what it asks for is drawn before
            self._pane.call_after_refresh(self._arm)

    def resume(self) -> None:
        """What changed while it was hidden is to be read first."""
        self._pane.look()
        if self._guard.armed_at_s is None or self._drawn_in != self._front.typed.turn:
            self.begin()

    def choose(self) -> None:
        """The operator went to what is shown: from then on it is read as what was asked for."""
        if self._unasked or self._lost:
            self._unasked = self._lost = False
            self.begin()

    def go_on(self) -> None:
        """After a decision the next one came by itself."""
        self._unasked = True

    def lose(self) -> None:
        """What was being read went away, and something else came into its place."""
        self._unasked = self._lost = True

    def refuse(self) -> None:
        """A key came too early."""
        self._guard.refuse(self._read_at_s())
        self._await_opening()

    def note(self, digest: str) -> None:
        """What must be in sight before anybody consents to it, was."""
        self._whole.note(digest)

    def missing(self, dossier: Dossier | None) -> Iterable[Need]:
        """What keys that decide must wait for; `dossier` is what is before the operator."""
        if dossier is not None and self._whole.lacks(dossier):
            yield Need.RISKS if self._pane.is_end_seen else Need.READ
        if self._lost:
            yield Need.CHOSEN
        if self._drawn_in != self._front.typed.turn or not self._guard.is_open(self._read_at_s()):
            yield Need.LIVE

    def _read_at_s(self) -> float:
        return self._front.typed.when_s(self._front.bridge.clock)

    def _arm(self) -> None:
        if self._screen.is_current:
            self._drawn_in = self._front.typed.turn
            wait_s = UNASKED_S if self._unasked else GUARD_S
            self._guard.arm(self._front.bridge.clock.monotonic_s(), wait_s)
            self._await_opening()

    def _await_opening(self) -> None:
        if self._opening is not None:
            self._opening.stop()
        self._opening = self._screen.set_timer(self._guard.wait_s * 1.1, self._live)
