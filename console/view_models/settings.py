"""Settings in force and what the doctor found, as rows."""

from collections.abc import Mapping, Sequence
from typing import Final

from console.view_models.columns import Column, SortKey
from console.view_models.facts import fact, title_of
from console.view_models.filters import Searched
from console.view_models.ink import Line, Span, Spans, Tone, Wrap
from console.view_models.text import visible_spans
from core.office_ports import FindingRow, SettingRow

SETTING_COLUMNS: Final = (
    Column(title="SETTING", width=34),
    Column(title="VALUE", width=16, flexible=True),
    Column(title="FROM", width=22),
)
FINDING_COLUMNS: Final = (
    Column(title="STATE", width=7),
    Column(title="WHAT", width=28),
    Column(title="SAID", width=20, flexible=True),
)
SETTING_SORTS: Final[Mapping[str, SortKey[SettingRow]]] = {
    "SETTING": lambda row: row.key,
    "FROM": lambda row: row.origin,
}
FINDING_SORTS: Final[Mapping[str, SortKey[FindingRow]]] = {
    "STATE": lambda row: row.ok,
    "WHAT": lambda row: f"{row.subject} {row.name}",
}
DEFAULT: Final = "default"
_HIDDEN: Final = Span("set, not shown", Tone.DIM)


def setting_searched(row: SettingRow) -> Searched:
    """What a filter may ask of it."""
    asked = {"setting": row.key, "from": row.origin}
    return Searched(asked, f"{row.key} {row.value} {row.origin}")


def setting_cells(row: SettingRow) -> tuple[Spans, ...]:
    """One setting, in the order of `SETTING_COLUMNS`."""
    own = row.origin != DEFAULT
    return (
        visible_spans(row.key, Tone.STRONG if own else Tone.PLAIN),
        (_HIDDEN,) if row.hidden else visible_spans(row.value or "-"),
        visible_spans(row.origin, Tone.INFO if own else Tone.DIM),
    )


def settings_title(rows: Sequence[SettingRow], shown: int) -> Spans:
    """How many, and how many of them somebody chose."""
    own = sum(each.origin != DEFAULT for each in rows)
    return title_of("SETTINGS", len(rows), shown, Span(f"  {own} of your own", Tone.DIM))


def setting_lines(row: SettingRow) -> tuple[Line, ...]:
    """One setting whole."""
    lines = [
        fact("setting", row.key),
        fact("value", (_HIDDEN,) if row.hidden else row.value or "-"),
        fact("from", row.origin),
    ]
    if row.default:
        lines.append(fact("default", row.default))
    variable = "MAESTRO_" + row.key.upper().replace(".", "__")
    lines.append(fact("variable", f"{variable} wins over the file"))
    lines.append(fact("changes", "count when the engine is started again"))
    return tuple(lines)


def finding_searched(row: FindingRow) -> Searched:
    """What a filter may ask of it."""
    asked = {"state": "ok" if row.ok else "fail", "what": f"{row.subject} {row.name}"}
    return Searched(asked, f"{' '.join(asked.values())} {row.said}")


def finding_cells(row: FindingRow) -> tuple[Spans, ...]:
    """One finding, in the order of `FINDING_COLUMNS`."""
    return (
        (Span("✓ ok", Tone.OK) if row.ok else Span("✗ FAIL", Tone.BAD),),
        visible_spans(f"{row.subject} {row.name}".strip(), Tone.STRONG),
        visible_spans(row.said, Tone.PLAIN if row.ok else Tone.BAD),
    )


def findings_title(rows: Sequence[FindingRow], shown: int) -> Spans:
    """Whether there is anything to do."""
    bad = sum(not each.ok for each in rows)
    said = Span(f"  ✗ {bad} to mend", Tone.BAD) if bad else Span("  ✓ nothing to do", Tone.OK)
    return title_of("DOCTOR", len(rows), shown, said)


def finding_lines(row: FindingRow) -> tuple[Line, ...]:
    """One finding whole."""
    return (
        fact("of", row.subject),
        fact("which", row.name or "-"),
        fact("says", row.said, Wrap.WORDS),
    )
