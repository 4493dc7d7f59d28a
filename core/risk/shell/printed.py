"""What a call would print, where that can be told without running it."""

import base64
import binascii
from typing import Final

from core.risk.shell.decode import unescape_ansi
from core.risk.shell.syntax import Call

_PRINTERS: Final = frozenset({"echo", "printf", "base64"})


def printed_by(call: Call, *, stages: int = 4) -> str | None:
    """What a call prints, when that is plain: `echo`, `printf`, and base64 of those.

    Looks back over at most `stages` stages of a pipeline.
    """
    if call.name not in _PRINTERS or any(word.dynamic for word in call.words):
        return None
    texts = [word.text for word in call.arguments]
    if call.name in {"echo", "printf"}:
        while texts and texts[0] in {"-n", "-e", "-ne", "-en", "-E"}:
            texts.pop(0)
        return unescape_ansi(" ".join(texts)) if texts else None
    if call.fed_by is None:
        fed: str | None = call.heredoc
    else:
        fed = printed_by(call.fed_by, stages=stages - 1) if stages else None
    if fed and set(texts) & {"-d", "--decode", "-D", "-di"}:
        try:
            return base64.b64decode(fed.strip(), validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return None
    return None
