"""Settings in force and what the doctor found, as rows."""

from collections.abc import Mapping, Sequence
from typing import Final

from console.language import LANGUAGES, N_, _, in_use
from console.view_models.columns import Column, SortKey
from console.view_models.facts import fact, title_of
from console.view_models.filters import Searched
from console.view_models.ink import Line, Span, Spans, Tone, Wrap, told
from console.view_models.text import visible_spans
from core.office_ports import FindingRow, SettingRow

SETTING_COLUMNS: Final = (
    Column(title=N_("SETTING"), width=26, flexible=True, most=40),
    Column(title=N_("VALUE"), width=16, flexible=True),
    Column(title=N_("FROM"), width=22),
)
FINDING_COLUMNS: Final = (
    Column(title=N_("STATE"), width=7),
    Column(title=N_("WHAT"), width=28),
    Column(title=N_("SAID"), width=20, flexible=True),
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
COMMAND_LINE: Final = N_("command line")
_HERE: Final = {"console.language": "l", "console.theme": "t"}  # keys of the screen
_HIDDEN: Final = Span(N_("set, not shown"), Tone.DIM)


def setting_searched(row: SettingRow) -> Searched:
    """What a filter may ask of it."""
    asked = {"setting": row.key, "from": row.origin}
    return Searched(asked, f"{row.key} {row.value} {row.origin}")


def setting_cells(row: SettingRow) -> tuple[Spans, ...]:
    """One setting, in the order of `SETTING_COLUMNS`."""
    own = row.origin != DEFAULT
    return (
        visible_spans(row.key, Tone.STRONG if own else Tone.PLAIN),
        (told(_HIDDEN),) if row.hidden else visible_spans(row.value or "-"),
        visible_spans(_(row.origin), Tone.INFO if own else Tone.DIM),
    )


def settings_title(rows: Sequence[SettingRow], shown: int) -> Spans:
    """How many, how many of them somebody chose; the language that is on."""
    own = sum(each.origin != DEFAULT for each in rows)
    on = _("  {own} of your own  l {language}").format(
        own=own, language=LANGUAGES.get(in_use(), "")
    )
    return title_of(_("SETTINGS"), len(rows), shown, Span(on, Tone.DIM))


def setting_lines(row: SettingRow) -> tuple[Line, ...]:
    """One setting whole."""
    lines = [
        fact(_("setting"), row.key),
        fact(_("value"), (told(_HIDDEN),) if row.hidden else row.value or "-"),
        fact(_("from"), _(row.origin)),
    ]
    if row.default:
        lines.append(fact(_("default"), row.default))
    variable = "MAESTRO_" + row.key.upper().replace(".", "__")
    wins = _("{variable} wins over the file").format(variable=variable)
    lines.append(fact(_("variable"), wins, Wrap.WORDS))
    key = _HERE.get(row.key)
    changes = (
        _("{key} changes what this console shows, at once; this counts at the next start").format(
            key=key
        )
        if key
        else _("count when the engine is started again")
    )
    lines.append(fact(_("changes"), changes, Wrap.WORDS))
    return tuple(lines)


def finding_searched(row: FindingRow) -> Searched:
    """What a filter may ask of it."""
    asked = {"state": "ok" if row.ok else "fail", "what": f"{row.subject} {row.name}"}
    return Searched(asked, f"{' '.join(asked.values())} {row.said}")


def finding_cells(row: FindingRow) -> tuple[Spans, ...]:
    """One finding, in the order of `FINDING_COLUMNS`."""
    return (
        (Span(_("✓ ok"), Tone.OK) if row.ok else Span(_("✗ FAIL"), Tone.BAD),),
        visible_spans(f"{row.subject} {row.name}".strip(), Tone.STRONG),
        visible_spans(row.said, Tone.PLAIN if row.ok else Tone.BAD),
    )


def findings_title(rows: Sequence[FindingRow], shown: int) -> Spans:
    """Whether there is anything to do."""
    bad = sum(not each.ok for each in rows)
    said = (
        Span(_("  ✗ {bad} to mend").format(bad=bad), Tone.BAD)
        if bad
        else Span(_("  ✓ nothing to do"), Tone.OK)
    )
    return title_of(_("DOCTOR"), len(rows), shown, said)


def finding_lines(row: FindingRow) -> tuple[Line, ...]:
    """One finding whole."""
    return (
        fact(_("of"), row.subject),
        fact(_("which"), row.name or "-"),
        fact(_("says"), row.said, Wrap.WORDS),
    )
