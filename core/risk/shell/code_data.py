"""What a piece of program text does with data: sends it over the web, writes it to files."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from core.risk.shell.hints import hinted, together

_TALKS: Final = hinted(
    (
        "http request url smtplib axios lwp uri invoke- iwr fetch httr faraday restclient",
        (
            r"\b(?:requests|httpx|aiohttp|urllib3?|urlopen|http\.client|smtplib|axios|lwp|open-uri"
            r"|curl_init|httpclient|invoke-(?:webrequest|restmethod)|iwr|net::http|http::tiny|httr2?"
            r"|uri\.open)\b|\bfetch\s?\(|\bhttps?\.(?:request|get|post|put)\b|\bxmlhttprequest\b"
            r"|(?<![\w.])(?:get|getstore|head|post)\s?\(?\s?[\"']https?:"
            r"|\b(?:faraday|restclient|httparty)\b"
            r"|file_get_contents\(\s*[\"']https?:|(?:require\(\s?|\bfrom\s)[\"'](?:node:)?https?[\"']"
        ),
    ),
    (
        "websocket paramiko boto req. dns",
        (
            r"\b(?:new websocket|websockets?\.|paramiko|boto3?|req\.(?:get|post|put)"
            r"|dns\.(?:lookup|resolve))|require\(\s?[\"'](?:node:)?dns[\"']"
        ),
    ),
    ("copy", r"\bcopy\(\s?[\"'][^\"'\n]{1,200}[\"'],\s?[\"'](?:ftps?|https?)://"),
)
_READS_FILE: Final = re.compile(
    r"\bopen\s?\(|\bread_?(?:text|bytes|file(?:sync)?|lines)\b|\bfile\.(?:read|open|binread)\b|\bslurp\b"
    r"|-infile\b|\bcreatereadstream\b|file_get_contents\((?!\s*[\"']https?:)|\bdeno\.readfile|\bcat\s"
)
_SENDS: Final = re.compile(
    r"\bpost(?:fields)?\b|curlopt_post|\bput\b|\bpatch\b|\bsendmail\b|\bdata\s?=|\bbody\s?[:=]"
    r"|\bfiles\s?=|\?|\bsend\w*\("
)
_UPLOADS: Final = re.compile(  # they read the file themselves
    r"\bupload_?file\w*\s?\(|\bput_object\b|\bsftp\w*\.put\w*\(|\bopen_sftp\(\)\.put"
    r"|\bcopy\([^,\n]{1,200},\s?[\"'](?:ftps?|https?)://"
)
_ENVIRONMENT: Final = re.compile(  # all of it, not one variable
    r"\bos\.environ\b(?!\s?[\[.])|\benviron\.(?:copy|items|values)\(|\.{3}\w+\s?\}\s?=\s?process\.env\b"
    r"|(?<!\}=)(?<!\}\s=)(?<!\}\s=\s)\bprocess\.env\b(?!\s?[\[.?])"
    r"|(?<!import )(?<![.\w])environ\b(?!\s?[\[.,;\n:=]| as\b)"
    r"|\benviron as (\w+)\b(?=.{1,400}\(\1\))"
    r"|\bdeno\.env\.toobject\b|\bbun\.env\b(?!\s?[\[.?])|\benv\.(?:to_\w+|inspect|map|each|values)\b"
    r"|%env\b|\$_(?:env|server)\b(?!\s?\[)|\b(?:system\.get_env|(?:sys\.)?getenv)\(\s?\)"
    r"|\b(?:string|dict|json|collect)\(env\)|\b(?:gci|get-childitem)\s+env:"
)
_WRITES: Final = hinted(
    ("open", r"\bopen\w*\s?\("),
    ("write", r"\b(?:\w{0,20}write\w{0,20}|createwritestream)\s?\("),
    ("append put_contents touch(", r"append_?file|put_contents|\.touch\("),
)
_LITERAL: Final = r"[rbf]?([\"'])(?P<path>[^\"'\n]{1,300})\1"
_PLACES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bopen\(\s?{_LITERAL}\s?,\s?(?:mode\s?=\s?)?[\"'][rbt]*[wax+]",
        (
            r"\b(?:(?:write|append)_?(?:text_?)?file(?:sync)?|file_put_contents|createwritestream"
            rf"|file\.(?:bin)?write!?)\s?\(\s?{_LITERAL}"
        ),
        rf"\bpath\(\s?{_LITERAL}\s?\)\.(?:write_\w+|touch|open\([\"'][wax])",
    )
)
_HOME_PLACE: Final = re.compile(
    r"(?:\bpath\.home\(\)|\bhomedir\(\)|\benv(?:iron)?(?:\.|\[[\"'])home\b(?:[\"']\])?"
    rf"|\bexpanduser\(\s?[\"']~[\"']\s?\))[^;\n\"']{{0,40}}{_LITERAL}",
    re.IGNORECASE,
)
_WRITES_SOMETHING: Final = re.compile(
    r"\bwrite\w*\s?\(|append|put_contents|\.touch\(|,\s?[\"'][rbt]*[wax+]b?[\"']", re.IGNORECASE
)
_PLACES_MAX: Final = 100
CARRIES: Final = together(_TALKS, _WRITES)


def sends_file(text: str) -> bool:
    """True when `text` sends a file, or all variables, over the web."""
    lower = text.lower()
    if not _TALKS.find(lower):
        return False
    sends = _READS_FILE.search(lower) and _SENDS.search(lower)
    return bool(sends or _UPLOADS.search(lower) or _ENVIRONMENT.search(lower))


def places_written(text: str) -> Iterator[str]:
    """The paths that `text` writes, where it names them as they are."""
    if not _WRITES.find(text.lower()):
        return
    for pattern in _PLACES:
        for found in islice(pattern.finditer(text), _PLACES_MAX):
            yield found["path"]
    if _WRITES_SOMETHING.search(text):
        for found in islice(_HOME_PLACE.finditer(text), _PLACES_MAX):
            yield f"~/{found['path'].lstrip('/')}"
