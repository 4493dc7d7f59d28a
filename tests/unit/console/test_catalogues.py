"""The catalogues hold every message of the code, said in every language, with nothing left out."""

import ast
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message

from console.language import LANGUAGES
from tests.messages import ROOT, TEMPLATE, compile_it, extract, read, said, translations

FILES = list(translations())
each_language = pytest.mark.parametrize("file", FILES, ids=lambda file: file.parts[-3])
FORMS = {"pt_BR": 2}


def forms(given: object) -> list[str]:
    """One form of a plain message, all forms of one with plurals."""
    return [given] if isinstance(given, str) else list(given or ())  # type: ignore[call-overload]


def holes(text: str) -> list[str]:
    """What is put in, and how; in any order, for languages order their words differently."""
    return sorted(
        f"{name}!{conversion}:{spec}"
        for _, name, spec, conversion in Formatter().parse(text)
        if name is not None
    )


def names(messages: list[Message]) -> set[tuple[object, object]]:
    return {(each.id, each.context) for each in messages}


def test_the_template_is_what_the_code_says() -> None:
    kept, found = names(said(read(TEMPLATE))), names(said(extract()))
    assert kept == found, "`make messages` brings the catalogues up to the code"


def test_every_language_that_can_be_chosen_has_its_catalogue() -> None:
    assert {file.parts[-3] for file in FILES} == set(LANGUAGES) - {"en"}


@each_language
def test_a_translation_has_every_message_and_no_other(file: Path) -> None:
    assert names(said(read(file))) == names(said(read(TEMPLATE)))


@each_language
def test_a_translation_says_all_of_them_for_good(file: Path) -> None:
    unsaid = [each.id for each in said(read(file)) if not all(forms(each.string) or [""])]
    unsure = [each.id for each in said(read(file)) if each.fuzzy]
    assert (unsaid, unsure) == ([], [])


@each_language
def test_a_translation_has_as_many_plural_forms_as_its_language(file: Path) -> None:
    catalog = read(file)
    wanted = FORMS[file.parts[-3]]
    plurals = [each for each in said(catalog) if each.pluralizable]
    assert catalog.num_plurals == wanted
    assert [each.id for each in plurals if len(forms(each.string)) != wanted] == []


@each_language
def test_a_translation_puts_in_what_the_message_puts_in(file: Path) -> None:
    for each in said(read(file)):
        wanted = holes(forms(each.id)[-1])
        for form in forms(each.string):
            assert holes(form) == wanted, each.id


@each_language
def test_a_translation_keeps_the_edges_of_a_message(file: Path) -> None:
    """Blanks at the ends part a message from what stands beside it."""
    for each in said(read(file)):
        for form in forms(each.string):
            one = forms(each.id)[-1]
            assert form[:1].isspace() == one[:1].isspace(), each.id
            parted = form[-1:].isspace() or not one[-1:].isspace()
            assert parted or len(form) == len(one), each.id  # a sign that fills its cells


@each_language
def test_what_is_loaded_is_what_the_translation_says(file: Path) -> None:
    compiled = file.with_suffix(".mo").read_bytes()
    assert compiled == compile_it(read(file)), "`make messages` compiles it"


def columns() -> dict[str, int]:
    """Titles of table columns, and the cells that the narrowest of them has at the least."""
    widths: dict[str, int] = {}
    for file in sorted((ROOT / "console").rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
                continue
            given = {each.arg: each.value for each in call.keywords}
            title, width = given.get("title"), given.get("width")
            if call.func.id == "Column" and isinstance(title, ast.Call):
                assert isinstance(title.args[0], ast.Constant)
                assert isinstance(width, ast.Constant)
                name, cells = str(title.args[0].value), int(str(width.value))
                widths[name] = min(cells, widths.get(name, cells))
    return widths


@each_language
def test_the_title_of_a_column_is_not_wider_than_the_column(file: Path) -> None:
    found = columns()
    assert len(found) > 50, "the columns are found in the code"
    said_as = {each.id: each.string for each in said(read(file)) if each.context is None}
    wide = {said_as[name]: room for name, room in found.items() if len(str(said_as[name])) > room}
    assert wide == {}
