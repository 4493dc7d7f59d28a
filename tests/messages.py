"""Brings the catalogues of the screens up to the code: template, translations, compiled ones.

A new message is left empty in each translation: the tests name it until somebody says it.
"""

import ast
import io
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
LOCALES = ROOT / "console" / "locale"
TEMPLATE = LOCALES / "maestro.pot"
# Function -> the context, or where it stands among the arguments; then where the message stands.
_KEYWORDS: Final[Mapping[str, tuple[str | int | None, *tuple[int, ...]]]] = {
    "_": (None, 0),
    "N_": (None, 0),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1),
    "npgettext": (0, 1, 2),
    "count": ("count", 1, 2),  # nouns beside a number have a context of their own
    "_count": ("count", 1, 2),
}
_WIDTH = 100


def extract() -> Catalog:
    """Every message of the code, with the files that say it."""
    found = Catalog(project="Maestro Console", charset="utf-8")
    for file in sorted((ROOT / "console").rglob("*.py")):
        place = [(str(file.relative_to(ROOT)), None)]
        for context, message in _messages(ast.parse(file.read_text(encoding="utf-8"))):
            found.add(message, None, place, context=context)  # type: ignore[arg-type]
    return found


def _messages(tree: ast.AST) -> Iterator[tuple[str | None, str | tuple[str, ...]]]:
    """From the syntax tree: Babel's own reader does not look into f-strings."""
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
    for call in sorted(calls, key=lambda each: (each.lineno, each.col_offset)):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        texts = [each.value if isinstance(each, ast.Constant) else None for each in call.args]
        if name in _KEYWORDS:
            context, *said = _KEYWORDS[name]
            words = [str(texts[at]) for at in said if at < len(texts) and texts[at] is not None]
            if len(words) == len(said):
                where = texts[context] if isinstance(context, int) else context
                yield None if where is None else str(where), tuple(words) if words[1:] else words[0]


def translations() -> Iterator[Path]:
    """The files of all languages."""
    yield from sorted(LOCALES.glob("*/LC_MESSAGES/maestro.po"))


def read(file: Path) -> Catalog:
    """A catalogue as it stands in the tree."""
    with file.open("rb") as opened:
        return read_po(opened, locale=None if file == TEMPLATE else file.parts[-3])


def said(catalog: Catalog) -> list[Message]:
    """Its messages, without the head."""
    return [each for each in catalog if each.id]


def compile_it(catalog: Catalog) -> bytes:
    """As the program reads it."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def main() -> int:
    """Write them all."""
    template = extract()
    _write(TEMPLATE, template)
    for file in translations():
        catalog = read(file)
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        _write(file, catalog)
        file.with_suffix(".mo").write_bytes(compile_it(catalog))
        left = sum(not _is_said(each) for each in said(catalog))
        sys.stdout.write(
            f"{file.relative_to(ROOT)}: {len(said(catalog))} messages, {left} unsaid\n"
        )
    return 0


def _is_said(message: Message) -> bool:
    return all(message.string or [""])


def _write(file: Path, catalog: Catalog) -> None:
    with file.open("wb") as opened:
        write_po(
            opened,
            catalog,
            width=_WIDTH,
            omit_header=file == TEMPLATE,
            ignore_obsolete=True,
            include_lineno=False,
            sort_by_file=True,
        )


if __name__ == "__main__":
    sys.exit(main())
