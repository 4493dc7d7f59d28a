"""What a piece of program text does, in whichever language: starts programs, opens sockets."""

import re
from typing import Final

from core.risk.shell.hints import Place, hinted, together

# Ways to start a program, in groups that share few literals: a text seldom needs more than one.
_STARTS: Final = hinted(
    (
        "sh system popen exec spawn proc command iex invoke- getoutput passthru",
        (
            r"\b(?:system|popen\d?|exec(?:[lv][pe]{0,2}|ute|file|sync|filesync)?|spawn\w*|shell_exec"
            r"|passthru|proc_open|pcntl_exec|callcommand|callprocess|readprocess|create_?process"
            r"|cmd_exec|execute_process|open_process\w*|start-process|invoke-expression|iex|getoutput"
            r"|runcommand|local_exec|exec_command|run_command|shell|sh)"
            r"\s?(?:\(|\[|\{|\.\(|[\"'`/$<%])"
        ),
    ),
    (
        "proc runtime getoutput write18 spawn command",
        (
            r"\b(?:subprocess|child_process|processbuilder|getruntime|getoutput|write18|pty\.spawn"
            r"|call-process|shell-command|proxycommand|localcommand|exec\.command)\b|command::new"
            r"|\bjava\.lang\.runtime|\bruntime\.exec|\bprocess\.(?:start|spawn|run)"
        ),
    ),
    (
        "popen exec spawn os. os: script cmdshell",
        (
            r"\bos[.:](?:system|popen|exec|spawn|fork|cmd|setuid)|\bio\.popen"
            r"|\b(?:exec|spawn) +(?:/|\w{0,4}sh\b)"
            r"|(?:^|[;{\n])[^\S\n]*+spawn\s+[\w.-]|\bos/exec\b|\bsys_exec\b|\bdo shell script\b"
            r"|\bxp_cmdshell\b"
        ),
    ),
    (
        "import eval b64decode fromhex interact breakpoint(",
        (
            r"\bimport pty\b|__import__|\beval\s?\(|[(,]\s?eval\s?[),]"
            r"|\beval\s+(?:pack|unpack|decode|\$)"
            r"|\bb64decode\b|\bfromhex\b|\bcode\.interact|\bbreakpoint\("
        ),
    ),
    (
        "posix. fork ctypes dll dlopen library load_ext uselib %x getline print",
        (
            r"\bposix\.|\bfork\s?\(|\bctypes\b|\bcdll\b|\bdlopen\b|\bloadlibrary\b|\bload_extension\b"
            r"|\buselib\b|%x[({\[]|\|\s?getline|\bprintf?\b[^|;]{0,200}\|\s?\""
        ),
    ),
    (
        "\\write \\directlua -invoke ${jndi: program outfile dumpfile dbms_ immediate",
        (
            r"\\write\d?\s?18|\\directlua|\b(?:pre|post)-invoke\b|\$\{jndi:|\binto\s+(?:out|dump)file\b"
            r"|\b(?:from|to)\s+program\s*['\"$:e]|\bdbms_scheduler\b|\bimmediate\\"
        ),
    ),
)
_BACKTICKS: Final = re.compile(r"`[^`]*[/\w][^`]*`")
_SOCKETS: Final = hinted(
    ("tcp/ udp/", r"/(?:inet[46]?|dev)/(?:tcp|udp)/"),
    ("sock", r"\b(?:tcp)?socket\b|\bp?fsockopen|\bsocketserver\b|\bio::socket"),
    ("tcp", r"\btcp(?:server|client|listener)\b|\bnet\.tcp"),
    ("net.", r"\bnet\.(?:connect|createserver|createconnection|socket|dial|listen)"),
    ("http", r"\bhttp[._]?server\b|\bsimplehttp|\bun\.httpd"),
    ("webrick retrieve ftp multicast", r"\b(?:webrick|urlretrieve)\b|\bftpd?lib|\bmulticast"),
)
_TURNS_SHELL: Final = hinted(
    ("exec", r"\bexec\b"),
    ("popen spawn", r"\b(?:popen|spawn)"),
    ("sh", r"bin/\w*sh\b"),
    ("proc system", r"\b(?:subprocess|child_process|processbuilder|system)\b"),
    ("dup2 pty iex cmd.exe", r"\b(?:dup2|pty|iex|cmd\.exe)\b"),
    ("getline", r"\|&\s*getline"),
)
_TALKS: Final = hinted(
    (
        "http request url smtplib axios lwp uri invoke- iwr fetch",
        (
            r"\b(?:requests|httpx|aiohttp|urllib|urlopen|http\.client|smtplib|axios|lwp|open-uri|curl_init"
            r"|httpclient|invoke-(?:webrequest|restmethod)|iwr|net::http|http::tiny|uri\.open)\b|\bfetch\s?\("
            r"|\bhttps?\.(?:request|get)\b|file_get_contents\(\s*[\"']https?:|\bxmlhttprequest\b"
        ),
    ),
)
_READS_FILE: Final = re.compile(
    r"\bopen\s?\(|\bread_?(?:text|bytes|file(?:sync)?|lines)\b|\bfile\.(?:read|open|binread)\b|\bslurp\b"
    r"|-infile\b|\bcreatereadstream\b|file_get_contents\((?!\s*[\"']https?:)|\bdeno\.readfile|\bcat\s"
)
_ENVIRONMENT: Final = re.compile(  # all of it, not one variable
    r"\bos\.environ\b(?!\s?[\[.])|\bprocess\.env\b(?!\s?[\[.?])|\benv\.to_(?:h|a)\b|%env\b|\bgetenv\(\s?\)"
    r"|\benviron\.copy\("
)
_SENDS: Final = re.compile(
    r"\bpost\b|\bput\b|\bpatch\b|\bsendmail\b|\bdata\s?=|\bbody\s?[:=]|\bfiles\s?=|\?|\bsend\w*\("
)
_REMOVES_TREE: Final = hinted(
    (
        "rm remove unlink deltree delete_rec",
        (
            r"\brmtree\b|\brm_rf?\b|\bremove_?(?:tree|dirs|all)\b|\brm(?:dir)?sync\b|\bunlink\b|\bdeltree\b"
            r"|\bremove-item\b|\bdelete_recursive"
        ),
    ),
)
_ALL: Final = together(_STARTS, _SOCKETS, _TALKS, _REMOVES_TREE)
_FAR_PATH: Final = re.compile(r"[\"'`(\s=]/[\w*]|~|\bhome\w*\b|expanduser|\.\.[/\"']|[\"']/[\"']")
# Each run of blanks is looked at once, from its start: a long one must not cost its square.
_ESCAPE_FIRST: Final = re.compile(r"\s*+(?:!\s?[\w.-]+(?:\s|$)|\.?(?:shell|system)\s+\S)")
_ESCAPE_LATER: Final = hinted(
    (
        "! :s :t :p :l :r",
        (
            r"(?<!\s)(?:(?<![^'\";])\s*+|[^\S\n]*+\n\s*+)[:\\.]?!\s?(?:/|\w*sh\b|\w+\s?[/-])|\\!"
            r"|(?<!\s)(?:\A\s*+|[^\S\n]*+\n\s*+):(?:sh|shell|set\s+shell|term|terminal|py3?|lua|perl|ruby"
            r"|tcl|r?!)\b"
        ),
    ),
)


def may_act(text: str) -> bool:
    """False when a quick look tells that `text` starts, sends and removes nothing."""
    return "`" in text or _ALL.may_be_in(text.lower())


def starts_program(text: str, *, backticks: bool = False) -> Place | None:
    """Where `text` starts another program or loads native code."""
    place = _STARTS.find(text.lower())
    if place is None and backticks:
        found = _BACKTICKS.search(text)
        return found.span() if found else None
    return place


def opens_socket(text: str) -> Place | None:
    """Where `text` talks to the network below the level of a plain fetch."""
    return _SOCKETS.find(text.lower())


def is_remote_shell(text: str) -> bool:
    """True when a socket and something that runs commands stand together."""
    return opens_socket(text) is not None and turns_shell(text)


def turns_shell(text: str) -> bool:
    """True when `text` has something that runs commands; beside a socket, a remote shell."""
    return _TURNS_SHELL.find(text.lower()) is not None


def sends_file(text: str) -> bool:
    """True when `text` sends a file, or all variables, over the web."""
    lower = text.lower()
    if not _TALKS.find(lower):
        return False
    sends = _READS_FILE.search(lower) and _SENDS.search(lower)
    return bool(sends or _ENVIRONMENT.search(lower))


def removes_far_tree(text: str) -> bool:
    """True when `text` removes files at a place that is not below where it runs."""
    lower = text.lower()
    return bool(_REMOVES_TREE.find(lower) and _FAR_PATH.search(lower))


def shell_escape_in(text: str) -> Place | None:
    """Where `text` leaves an interactive program for a shell: `!sh`, `:!sh`, `\\! sh`."""
    first = _ESCAPE_FIRST.match(text)
    return first.span() if first else _ESCAPE_LATER.find(text)
