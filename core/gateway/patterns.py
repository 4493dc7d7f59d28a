"""What texts may hold that cross the HTTP boundary, and the same in words for who sent another."""

from collections.abc import Mapping
from typing import Final

KEY: Final = "^[!-~]{1,200}$"
ID: Final = "^[0-9a-hjkmnp-tv-z]{26}$"
METRIC: Final = "^[a-z][a-z0-9_]{0,63}\\.[a-z][a-z0-9_]{0,63}$"
NAME: Final = "^[A-Za-z0-9_][A-Za-z0-9._:@/+-]{0,127}$"
LABEL: Final = "^[A-Za-z0-9]([A-Za-z0-9._:@/+ -]{0,126}[A-Za-z0-9._:@/+-])?$"
KIND: Final = "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$"
# What could forge or hide text where a target is shown: C0, C1, separators, bidi, invisible ones.
PLAIN: Final = (
    "^[^\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]*$"
)
# A rule to remember names at least two letters or digits, or it would fit nearly everything.
NAMES_TWO: Final = r"[^\W_][\s\S]*[^\W_]"
SAID: Final = r"\S"
TRACE_ID: Final = "^[0-9a-f]{32}$"
TRACE_ID_OR_NONE: Final = "^([0-9a-f]{32})?$"
SPAN_ID: Final = "^[0-9a-f]{16}$"
DIGEST: Final = "^sha256:[0-9a-f]{64}$"
PRESSED: Final = "^[ -~]{0,40}$"

WANTED: Final[Mapping[str, str]] = {
    KEY: "1 to 200 visible ASCII characters, without spaces",
    ID: "an id of 26 characters: digits and small letters without i, l, o and u",
    METRIC: "agent.metric, each of small letters, digits and _, beginning with a letter",
    NAME: "1 to 128 letters, digits and . _ : @ / + -, beginning with a letter, a digit or _",
    LABEL: "1 to 128 letters, digits, spaces and . _ : @ / + -, beginning with a letter or a digit",
    KIND: "1 to 100 letters, digits and . _ : / -, beginning with a letter or a digit",
    PLAIN: "one line of text, without control characters and without invisible ones",
    NAMES_TWO: "at least two letters or digits, or it would fit nearly everything",
    SAID: "some text: this is empty",
    TRACE_ID: "32 hexadecimal digits with small letters",
    TRACE_ID_OR_NONE: "32 hexadecimal digits with small letters, or nothing",
    SPAN_ID: "16 hexadecimal digits with small letters",
    DIGEST: "sha256: and 64 hexadecimal digits with small letters",
    PRESSED: "at most 40 printable ASCII characters",
}
"""By pattern, what is wanted: a regular expression tells nobody what to send."""
