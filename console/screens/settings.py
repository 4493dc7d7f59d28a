"""Settings in force; the doctor's findings, sources among them."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.binding import BindingType

from console.language import N_, _
from console.office import ELSEWHERE
from console.screens.base import Asked, Front, bindings_for
from console.screens.reading import ReadList
from console.view_models import settings as words
from console.view_models.filters import Searched
from console.view_models.ink import Line, Spans, Tone
from console.view_models.text import visible_spans
from core.errors import ConfigError
from core.office_ports import FindingRow, SettingRow


class SettingsScreen(ReadList[SettingRow]):
    """Every setting, its value, where it comes from."""

    NAME = "settings"
    FIELDS = ("setting", "from")
    COLUMNS = words.SETTING_COLUMNS
    NOTHING = N_("there are no settings")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("settings")

    def __init__(self, front: Front) -> None:
        super().__init__(front, key=lambda each: each.key, sorts=words.SETTING_SORTS)

    async def read(self) -> tuple[SettingRow, ...]:
        """What is in force."""
        if self.front.office.read_settings is None:
            raise ConfigError(_(ELSEWHERE))
        return await self.front.office.read_settings()

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """The doctor lies one key away."""
        return {**super().handlers, "to_doctor": lambda _: self._to_doctor()}

    def _to_doctor(self) -> None:
        self.post_message(Asked("doctor"))

    def heading(self, rows: tuple[SettingRow, ...], shown: int) -> Spans:
        """How many."""
        return words.settings_title(rows, shown)

    def searched(self, row: SettingRow) -> Searched:
        """What a filter may ask of it."""
        return words.setting_searched(row)

    def cells(self, row: SettingRow) -> tuple[Spans, ...]:
        """One setting."""
        return words.setting_cells(row)

    def whole(self, row: SettingRow) -> tuple[Spans, tuple[Line, ...]]:
        """One setting whole."""
        return visible_spans(row.key, Tone.STRONG), words.setting_lines(row)

    def name_of(self, row: SettingRow) -> str:
        """Its name."""
        return row.key


class DoctorScreen(ReadList[FindingRow]):
    """What the doctor looked at, what is to be mended first."""

    NAME = "doctor"
    FIELDS = ("state", "what")
    COLUMNS = words.FINDING_COLUMNS
    NOTHING = N_("nothing was looked at")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("doctor")

    def __init__(self, front: Front) -> None:
        super().__init__(front, key=_finding_key, sorts=words.FINDING_SORTS)

    async def read(self) -> tuple[FindingRow, ...]:
        """Look at everything now; what fails stands first."""
        if self.front.office.examine is None:
            raise ConfigError(_(ELSEWHERE))
        return tuple(sorted(await self.front.office.examine(), key=lambda each: each.ok))

    def heading(self, rows: tuple[FindingRow, ...], shown: int) -> Spans:
        """Whether there is anything to do."""
        return words.findings_title(rows, shown)

    def searched(self, row: FindingRow) -> Searched:
        """What a filter may ask of it."""
        return words.finding_searched(row)

    def cells(self, row: FindingRow) -> tuple[Spans, ...]:
        """One finding."""
        return words.finding_cells(row)

    def whole(self, row: FindingRow) -> tuple[Spans, tuple[Line, ...]]:
        """One finding whole."""
        return visible_spans(f"{row.subject} {row.name}", Tone.STRONG), words.finding_lines(row)

    def name_of(self, row: FindingRow) -> str:
        """What it says."""
        return row.said


def _finding_key(row: FindingRow) -> str:
    return f"{row.subject} {row.name} {row.said}"
