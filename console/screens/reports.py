"""The catalogue of reports: a period, a form, a file."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from console.fleet_bridge import Answer
from console.language import N_, _
from console.office import ELSEWHERE
from console.screens.base import Front, bindings_for
from console.screens.prompt import PromptDialog
from console.screens.reading import PanedList
from console.view_models.filters import Searched
from console.view_models.ink import Line, Spans, Tone
from console.view_models.reports import (
    COLUMNS,
    ReportRow,
    report_cells,
    report_lines,
    reports_title,
    searched,
)
from console.view_models.text import visible_spans
from console.work import start_work
from core.errors import ConfigError, MaestroError
from core.reporting.catalog import REPORTS
from core.reporting.forms import Form
from core.reporting.period import read_period
from core.reporting.ports import Period

_FORMS = tuple(Form)
_WORDS_MAX = 2


class ReportsScreen(PanedList[ReportRow]):
    """Each kind of report; `w` writes the selected one."""

    NAME = "reports"
    FIELDS = ("report",)
    COLUMNS = COLUMNS
    NOTHING = N_("there is no report")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("reports")

    def __init__(self, front: Front) -> None:
        super().__init__(front, key=lambda each: each.name)
        self._form = Form.HTML
        self._period = "24h"
        self._writing = False
        self._rows = {
            name: ReportRow(name=name, title=kind.title, about=kind.about)
            for name, kind in REPORTS.items()
        }

    def answer(self) -> Answer[tuple[ReportRow, ...]]:
        """The catalogue."""
        return Answer(tuple(self._rows.values()))

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Period, form, writing."""
        return {
            **super().handlers,
            "report_period": lambda _: self._ask_period(),
            "report_form": lambda _: self._next_form(),
            "write_report": lambda _: self._write(),
        }

    def heading(self, rows: tuple[ReportRow, ...], shown: int) -> Spans:
        """What would be written."""
        return reports_title(rows, shown, period=self._period, form=self._form.value)

    def searched(self, row: ReportRow) -> Searched:
        """What a filter may ask of it."""
        return searched(row)

    def cells(self, row: ReportRow) -> tuple[Spans, ...]:
        """One kind."""
        return report_cells(row)

    def whole(self, row: ReportRow) -> tuple[Spans, tuple[Line, ...]]:
        """One kind whole."""
        lines = report_lines(row, period=self._period, form=self._form.value)
        return visible_spans(_(row.title), Tone.STRONG), lines

    def name_of(self, row: ReportRow) -> str:
        """Where it was written; else its name."""
        return row.written[-1] if row.written else row.name

    def _next_form(self) -> None:
        self._form = _FORMS[(_FORMS.index(self._form) + 1) % len(_FORMS)]
        self.update()

    def _ask_period(self) -> None:
        hint = _("Since when, and until when: 24h, 7d, 2026-11-21, 2026-11-01 2026-11-08")
        prompt = PromptDialog(_("period"), value=self._period, hint=hint)
        self.shell.push_screen(prompt, self._take_period)

    def _take_period(self, text: str | None) -> None:
        if not text or not text.strip():
            return
        try:
            self._read_period(text)
        except ConfigError as error:
            self.say(str(error), severity="warning")
        else:
            self._period = " ".join(text.split())
            self.update()

    def _read_period(self, text: str) -> Period:
        since, *until = text.split()
        if len(until) >= _WORDS_MAX:
            raise ConfigError(_("write one moment, or two: 7d, or 2026-11-01 2026-11-08"))
        now, zone = self.front.view().now, self.front.zone
        return read_period(since, until[0] if until else None, now=now, zone=zone)

    def _write(self) -> None:
        row = self.table.selected
        if row is not None and not self._writing:
            self._writing = True
            self.say(_("Writing the report {title}…").format(title=_(row.title)))
            start_work(self, partial(self._write_row, row), group="report")

    async def _write_row(self, row: ReportRow) -> None:
        try:
            if self.front.office.write_report is None:
                raise ConfigError(_(ELSEWHERE))
            period = self._read_period(self._period)
            paths = await self.front.office.write_report(
                row.name, self._form, period.since, period.until
            )
        except MaestroError as error:
            self.say(str(error), severity="error")
        else:
            written = tuple(map(str, paths))
            self._rows[row.name] = replace(self._rows[row.name], written=written)
            self.shell.copy_to_clipboard("\n".join(written))
            self.say(_("✓ wrote {written}; copied").format(written=", ".join(written)))
        finally:
            self._writing = False
        self.update()
