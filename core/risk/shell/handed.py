"""A command that stands among the arguments of another program: `mise exec -- COMMAND`."""

from typing import Final

from core.risk.shell.catalog import Catalog, look_up
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
    """What may be the command: more than one where a value of an option has a program's name."""
    texts = [word.text for word in words]
    if "--" in texts:
        rest = words[texts.index("--") + 1 :]
        return [rest] if rest and _is_known(catalog, rest[0]) else []
    for index, text in enumerate(texts):
        if text in _OPTIONS:
            rest = words[index + 1 :]
            return [rest] if len(rest) > 1 and _is_known(catalog, rest[0]) else []
        if text in _VERBS and index < _VERB_AT:
            return _after_verb(catalog, words, index + 1)
    return []


def _after_verb(catalog: Catalog, words: tuple[Word, ...], start: int) -> list[tuple[Word, ...]]:
    found: list[tuple[Word, ...]] = []
    plain = 0
    for index in range(start, len(words) - 1):  # a last word alone is as likely a task's name
        if words[index].text.startswith("-"):
            continue
        plain += 1
        if plain > _BEFORE_MAX:
            break
        if _is_known(catalog, words[index]):
            found.append(words[index:])
            if not words[index - 1].text.startswith("-"):
                break
    return found


def _is_known(catalog: Catalog, word: Word) -> bool:
    folder, _, name = word.text.rpartition("/")
    ours = name[:1].isalpha() and (not folder or is_system(folder))  # `.` is a folder here
    return ours and look_up(catalog, name) is not None
