"""A command that stands among the arguments of another program: `mise exec -- COMMAND`."""

from typing import Final

from core.risk.shell.catalog import Catalog, Row, look_up
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Word
from core.risk.shell.targets import is_system

_VERBS: Final = frozenset({"exec", "run"})
_VERB_AT: Final = 4  # among how many leading words such a verb stands
_OPTIONS: Final = frozenset({"-c", "-E", "--command"})  # what follows is a command, word by word
_BEFORE_MAX: Final = 3  # what a program may take for itself between its verb and the command


def check_handed_over(review: Review, call: Call) -> None:
    """Judge the command with its own row. One that no row knows is left to the outer program."""
    for words in commands_in(review.catalog, call.arguments):
        review.run(call.inner(words))


def commands_in(catalog: Catalog, words: tuple[Word, ...]) -> list[tuple[Word, ...]]:
    """What may be the command: more than one where a value of an option has a program's name.

    A word alone is none: it is as likely a task's name, or an argument.
    """
    texts = [word.text for word in words]
    if "--" in texts:
        return _command(catalog, words[texts.index("--") + 1 :])
    for index, text in enumerate(texts):
        if text in _OPTIONS:
            return _command(catalog, words[index + 1 :])
        if text in _VERBS and index < _VERB_AT:
            return _after_verb(catalog, words, index + 1)
    return []


def _command(catalog: Catalog, words: tuple[Word, ...]) -> list[tuple[Word, ...]]:
    return [words] if len(words) > 1 and _row_of(catalog, words[0]) is not None else []


def _after_verb(catalog: Catalog, words: tuple[Word, ...], start: int) -> list[tuple[Word, ...]]:
    found: list[tuple[Word, ...]] = []
    plain = 0
    for index in range(start, len(words) - 1):
        if words[index].text.startswith("-"):
            continue
        plain += 1
        if plain > _BEFORE_MAX:
            break
        row = _row_of(catalog, words[index])
        if row is None:
            continue
        found.append(words[index:])
        follows = row.wraps is not None or row.special == "hands-over"  # all that stands behind it
        if follows or len(found) > 1 or not words[index - 1].text.startswith("-"):
            break
    return found


def _row_of(catalog: Catalog, word: Word) -> Row | None:
    folder, _, name = word.text.rpartition("/")
    ours = name[:1].isalpha() and (not folder or is_system(folder))  # `.` is a folder here
    return look_up(catalog, name) if ours else None
