"""Brings the catalogues of the screens up to the code: template, translations, compiled ones.

A new message is left empty in each translation: the tests name it until somebody says it.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
LOCALES = ROOT / "console" / "locale"
TEMPLATE = LOCALES / "maestro.pot"
_KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
_COUNTED = {"count": (2, 3), "_count": (2, 3)}  # nouns beside a number: a context of their own
_WIDTH = 100


def extract() -> Catalog:
    """Every message of the code, with the files that say it."""
    found = Catalog(project="Maestro Console", charset="utf-8")
    for keywords, context in ((_KEYWORDS, None), (_COUNTED, "count")):
        said = extract_from_dir(ROOT / "console", keywords=keywords)
        for name, _line, messages, _comments, own in sorted(said, key=lambda each: each[:2]):
            place = [(f"console/{name}", None)]
            found.add(messages, None, place, context=own or context)  # type: ignore[arg-type]
    return found


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
