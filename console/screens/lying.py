"""Views that lie on others: Escape leads back to what they lie on."""

from typing import ClassVar

from console.screens.base import Asked, MaestroScreen


class LyingOn(MaestroScreen):
    """Escape clears the filter, then closes what is open in the view, then leaves it."""

    UNDER: ClassVar[str] = "leave"  # a main screen by its name; else the view below, whichever

    @property
    def can_go_back(self) -> bool:
        """Always."""
        return True

    def go_back(self) -> None:
        """One step."""
        if self.filter:
            self.set_filter("")
        elif not self.close_part():
            self.post_message(Asked(self.UNDER))

    def close_part(self) -> bool:
        """Close what is open in the view; False where nothing is."""
        return False
