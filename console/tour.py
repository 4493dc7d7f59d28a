"""The guided tour: steps of one sentence, each done by the person or passed over. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from console.keymap import find_row, key_name
from console.language import N_, _
from core.ids import ActionId

if TYPE_CHECKING:  # not loaded for the first picture
    from core.ports import VerifyReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the operator has before them."""

    screen: str
    opened: bool = False  # what was selected stands there whole
    waiting: int = 0
    settled: ActionId | None = None  # the newest action that somebody decided
    verified: VerifyReport | None = None
    can_try: bool = False  # there is a demo action to be tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to see. `actions` are what to do next, by their keys; `done` compares with now."""

    words: str
    actions: tuple[str, ...]
    joint: str = N_(" or ")
    done: Callable[[Sight, Sight], bool] = lambda _, now: False  # noqa: ARG005 - read, then `+`
    fits: Callable[[Sight], bool] = lambda _: True

    @property
    def key(self) -> str:
        """What to press, as it is written for people."""
        return _(self.joint).join(key_name(find_row(each).keys[0]) for each in self.actions)


def _goes_to(screen: str) -> Callable[[Sight, Sight], bool]:
    return lambda _, now: now.screen == screen


STEPS: Final = (
    Step(
        words=N_("This is the overview. Its top row, on every screen, counts what waits."),
        actions=("tour_next",),
    ),
    Step(
        words=N_("Each agent, in here or outside: what it does, and why one of them idles."),
        actions=("agents",),
        done=_goes_to("agents"),
    ),
    Step(
        words=N_("Open the selected agent: its load, its figures, what it did last."),
        actions=("open",),
        done=_goes_to("agent_detail"),
    ),
    Step(
        words=N_("Metrics have a value, an age and a source, or say that they have none."),
        actions=("metrics",),
        done=_goes_to("metrics"),
    ),
    Step(
        words=N_("On the overview, have the agent try-it ask for something harmless."),
        actions=("overview", "try_it"),
        joint=N_(", then "),
        done=lambda _, now: now.waiting > 0,
        fits=lambda now: now.can_try and not now.waiting,
    ),
    Step(
        words=N_("What waits for you. What arrives never moves the row under your cursor."),
        actions=("approvals",),
        done=_goes_to("approvals"),
    ),
    Step(
        words=N_("Open it: exactly what would run, why it is held, what it may touch."),
        actions=("open",),
        done=lambda _, now: now.screen == "approvals" and now.opened,
        fits=lambda now: now.waiting > 0,
    ),
    Step(
        words=N_("Decide: approve just this, or deny it with a reason. Nothing ran before."),
        actions=("approve", "deny"),
        done=lambda start, now: now.settled != start.settled,
        fits=lambda now: now.waiting > 0,
    ),
    Step(
        words=N_("The trail: the question, your answer, and what came of it, in order."),
        actions=("audit",),
        done=_goes_to("audit"),
    ),
    Step(
        words=N_("Verify it: each entry is chained to the one before, and signed."),
        actions=("verify",),
        done=lambda start, now: now.verified is not start.verified,
    ),
    Step(
        words=N_("Alerts: what is past its bound or broken, and who looks after it."),
        actions=("alerts",),
        done=_goes_to("alerts"),
    ),
    Step(
        words=N_("Messages: what the agents tell each other, and what nobody took."),
        actions=("messages",),
        done=_goes_to("messages"),
    ),
    Step(
        words=N_("Every key of a screen, and why one does nothing just now."),
        actions=("help",),
        done=_goes_to("help"),
    ),
    Step(
        words=N_("That was it. : takes commands by name, / filters a list, Esc goes back."),
        actions=("tour_next",),
    ),
)


class Tour:
    """Where the operator is in the tour; not begun at first."""

    def __init__(self) -> None:
        self._at: int | None = None
        self._start: Sight | None = None

    @property
    def step(self) -> Step | None:
        """The one at hand; None while there is no tour."""
        return None if self._at is None else STEPS[self._at]

    @property
    def place(self) -> str:
        """`3/14`; "" while there is no tour."""
        return "" if self._at is None else f"{self._at + 1}/{len(STEPS)}"

    def begin(self) -> None:
        """From the first step."""
        self._at, self._start = 0, None

    def leave(self) -> None:
        """At any time."""
        self._at = self._start = None

    def go_on(self, now: Sight) -> None:
        """To the next step that fits what is there; after the last one it is over."""
        assert self._at is not None  # noqa: S101 - only called in a tour
        after = range(self._at + 1, len(STEPS))
        self._at = next((at for at in after if STEPS[at].fits(now)), None)
        self._start = now

    def see(self, now: Sight) -> None:
        """Go on when what the step asks for has been done."""
        step = self.step
        if step is None:
            return
        if self._start is None:
            self._start = now
        if step.done(self._start, now):
            self.go_on(now)
