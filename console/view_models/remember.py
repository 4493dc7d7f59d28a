"""Rules an operator can choose when remembering an approval."""

import re
from typing import Final, NamedTuple

from console.language import N_, _
from console.view_models.ink import Span, Spans, Tone
from console.view_models.text import whole, whole_spans
from core.actions import Action, JsonObject, RiskLevel
from core.governance.rules import (
    TOLD_WHOLE,
    fits_pattern,
    match_target,
    other_arguments,
    pattern_is_too_wide,
)
from core.governance.screening.secrets import find_secrets


class Duration(NamedTuple):
    """How long a rule holds."""

    word: str
    seconds: float


DURATIONS: Final = (
    Duration(N_("15 minutes"), 900),
    Duration(N_("1 hour"), 3600),
    Duration(N_("8 hours"), 28800),
    Duration(N_("7 days"), 604800),
)
PATTERN_MAX: Final = 2_000  # characters; nobody reads a longer rule
_WORDS_MAX: Final = 2
_REDACTED: Final = "[[]redacted:"  # all that an attached console is shown of a secret
_COMPOUND: Final = re.compile(r"[\n;|&`<>]|\$\(")  # its beginning says nothing of its end


class Fit(NamedTuple):
    """What a rule fits."""

    pattern: str
    exact: bool = False  # with the arguments of this action alone


def fits_for(action: Action, arguments: JsonObject) -> tuple[Fit, ...]:
    """From the narrowest to the widest that still names something; none for what is too long to
    be read as a rule, or a shell's without a command that can be read, and none that holds a
    secret: what a rule fits stands in the trail.
    """
    patterns = _patterns(action, arguments)
    whole = action.kind in TOLD_WHOLE  # then the pattern says all that is done
    exact = () if whole else tuple(Fit(each, exact=True) for each in patterns[:1])
    return (*exact, *map(Fit, patterns))


def fit_spans(action: Action, fit: Fit) -> Spans:
    """What a rule fits, in one line: first how wide it is, which a long address must not hide."""
    return (Span(f"{_reach(action, fit)} · ", Tone.STRONG), *whole_spans(fit.pattern))


def _reach(action: Action, fit: Fit) -> str:
    if fit.exact:
        return _("these arguments alone")
    words: list[str] = []
    if fit.pattern.endswith("*"):  # a star of the action's own stands in brackets
        words.append(_("whatever follows") if fit.pattern.endswith(" *") else _("all below"))
    if action.kind not in TOLD_WHOLE:
        words.append(_("any arguments"))
    return ", ".join(words) or _("this alone")


def _patterns(action: Action, arguments: JsonObject) -> tuple[str, ...]:
    target = match_target(action, arguments)
    if target is None or len(target) > PATTERN_MAX:
        return ()
    found = [_exactly(target)]
    if target != action.resource and not _COMPOUND.search(target):
        words = target.split()
        sizes = range(min(_WORDS_MAX, len(words) - 1), 0, -1)
        found.extend(_exactly(" ".join(words[:size])) + " *" for size in sizes)
    elif target == action.resource and "/" in target.rstrip("/"):
        found.append(_exactly(target.rstrip("/").rsplit("/", 1)[0]) + "/*")
    fits = (each for each in dict.fromkeys(found) if not pattern_is_too_wide(each))
    return tuple(
        each
        for each in fits
        if _REDACTED not in each
        and fits_pattern(each, action, arguments)
        and not find_secrets(each)
    )


def too_wide_words(action: Action, arguments: JsonObject, fit: Fit) -> str:
    """What the rule fits beside this action and is easily overlooked, and which arguments have to
    be the same; "" where there is nothing to say.
    """
    wide = _wide_words(action, fit)
    others = () if action.kind not in TOLD_WHOLE else tuple(other_arguments(action, arguments))
    if not others:
        return wide
    same = _("Only with the same {names}.").format(names=", ".join(map(whole, others)))
    return f"{wide} {same}".lstrip()


def _wide_words(action: Action, fit: Fit) -> str:
    pattern = fit.pattern
    if fit.exact:
        return ""
    if action.kind not in TOLD_WHOLE:
        return _("It fits whatever the arguments are: another amount, recipient or content, too.")
    if pattern.endswith("*") and action.kind == "shell.execute":
        return _("It fits whatever arguments follow, but no second command.")
    return _("It fits whatever stands there, at any depth.") if pattern.endswith("*") else ""


def _exactly(text: str) -> str:
    """`text` as a shell-style pattern that fits nothing else."""
    return re.sub(r"([*?\[])", r"[\1]", text)


def rule_words(action: Action, fit: Fit, lasts: Duration, risk: RiskLevel) -> str:
    """The rule in one sentence, as it will be kept."""
    words = _(
        "For {word}, {agent_id} may do {kind} on {pattern} without asking, up to"
        " {value} risk. It can be revoked."
    )
    if fit.exact:
        words = _(
            "For {word}, {agent_id} may do {kind} with these arguments alone on {pattern}"
            " without asking, up to {value} risk. It can be revoked."
        )
    return words.format(
        word=_(lasts.word),
        agent_id=whole(action.agent_id),
        kind=whole(action.kind),
        pattern=whole(fit.pattern),
        value=_(risk.value),
    )
