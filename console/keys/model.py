"""What a row of the key table says."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from console.language import N_

_PLACES: Final = {"back": 2, "help": 3, "command": 4}


class Need(StrEnum):
    """What an action needs; the value is what the operator reads while it is missing. A name in
    braces stands for the key of the action of that name.
    """

    ROW = N_("nothing is selected")
    SHOWN = N_("the action is not on the screen yet: {open} opens it")
    PENDING = N_("this action is settled already")
    IDLE = N_("a decision is on its way")
    UNSENT = N_("you have decided this, and it is not sent yet: {recall} takes it back")
    LIVE = N_("this has only just appeared: keys answer once it was there for a moment")
    READ = N_("read to the end first: {read_on} shows the next page")
    RISKS = N_("a risky part was not in sight yet: {next_risk} goes on to the next one")
    CHOSEN = N_("what you read waits no more: choose another with an arrow key or {open}")
    OWN_VOTE = N_("you have approved this: another operator must approve")
    RULE = N_("what is critical, or needs two people, is never remembered")
    ROOM = N_("the window is too small to show what you would decide")
    FIRST_RUN = N_("agents call already: there is no need to try")
    TOUR = N_("there is no tour on: :tour begins one")
    TRACE = N_("the selected row belongs to no action")
    AGENT = N_("go to the AGENTS pane first (Tab) and select one")
    IN_FORCE = N_("this rule has ended already")
    HOSTED = N_("it runs outside: only its own program can pause or restart it")
    DEAD = N_("only a dead letter can be sent again or discarded: d shows them")
    OPEN = N_("this alert is resolved already")
    UNKNOWN_AGENT = N_("this belongs to no agent of the fleet")
    WRITABLE = N_("this console is read-only: it only looks")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One action. `screens` empty: everywhere. `label` empty: not in the footer."""

    action: str  # also the name of its `:` command
    keys: tuple[str, ...]
    help: str
    label: str = ""
    screens: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    changes: bool = False  # something beside the screen: never done by a read-only console

    @property
    def all_needs(self) -> tuple[Need, ...]:
        """What must be there, the plainest reason first."""
        return (Need.WRITABLE, *self.needs) if self.changes else self.needs

    @property
    def place(self) -> int:
        """In the footer: a screen's own keys, other screens, the way back, `?`, `:`."""
        return _PLACES.get(self.action, 0 if self.screens else 1)

    @property
    def leads_away(self) -> bool:
        """It only goes to another screen, which `:` does too."""
        return not self.screens and self.action not in _PLACES
