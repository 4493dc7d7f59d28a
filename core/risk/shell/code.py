"""What a piece of program text does, in whichever language: starts programs, opens sockets."""

import re
from typing import Final

from core.risk.shell.code_data import CARRIES
from core.risk.shell.hints import Place, hinted, together

# Ways to start a program, in groups that share few literals: a text seldom needs more than one.
_STARTS: Final = hinted(
    (
        "sh system popen exec spawn proc command iex invoke- getoutput passthru syscmd",
        (
            r"\b(?:system|popen\d?|exec(?:[lv][pe]{0,2}|file|sync|filesync)|spawn\w*|shell_exec"
            r"|passthru|proc_open|pcntl_exec|callcommand|callprocess|readprocess|create_?process"
            r"|cmd_exec|execute_process|open_process\w*|start-process|invoke-expression|iex|getoutput"
            r"|runcommand|e?syscmd|local_exec|exec_command|run_command|shell|sh)"
            r"\s?(?:\(|\[|\{|\.\(|[\"'`/$<%@*])"
        ),
    ),
    (
        # A method of that name is one of a database or of a pattern, unless its owner is known.
        "exec",
        (
            r"(?:(?<![\w.])(?<!->)|\b(?:runtime|kernel|process|child_process|cp|os|io|sys|shell|shelljs"
            r"|builtins|__builtins__|globalthis|window)\s?(?:\.|::|->)\s?|(?<=[\"'\]]\.))"
            r"exec(?:ute)?\s?(?:\(|\[|\{|\.\(|[\"'`/$<%@*])"
            r"|\.execute\(\s?\)\.(?:text|in|waitfor|consume)"
        ),
    ),
    (
        "proc runtime getoutput write18 spawn command shelljs wscript",
        (
            r"\b(?:subprocess|child_process|processbuilder|shelljs|wscript|getruntime|getoutput|write18|pty\.spawn"
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
            r"\bimport pty\b|__import__(?!\(\s?[\"'][\w.]{1,80}[\"']\s?\))"
            r"|(?:(?<![\w.])(?<!->)|\b(?:kernel|binding|builtins|__builtins__|globalthis|window)\.)"
            r"eval\s?\(|[(,]\s?eval\s?[),]"
            r"|\beval\s+(?:pack|unpack|decode|\$|[\w:.]{1,40}\()"
            r"|\bb64decode\b|\bfromhex\b|\bcode\.interact|\bbreakpoint\("
        ),
    ),
    (
        "pack shift argv join map reverse qw qx readpipe sys.command system. run",
        (
            r"\b(?:exec|system|spawn)\s+(?:pack|unpack|shift|\*?argv|join|qw|map|reverse)\b"
            r"|\bqx\s?[{(\[/|!'\"#<]|\breadpipe\b|\bsys\.command\b|\bsystem\.(?:cmd|shell)\b"
            r"|(?:^|[;{\n])\s?run\s[\"']"
        ),
    ),
    (
        # A file that the project does not hold, or one of another machine.
        "/tmp/ /shm/ http: https: ftp: download",  # noqa: S108 -- names
        (
            r"(?<![\w.])(?:(?:require(?:_once|_relative)?|import|load|include(?:_once)?|do)\s?\(?\s?"
            r"|(?:dofile|loadfile|source|(?:runpy\.)?run_path|(?:code\.)?(?:eval|require)_file)\s?\(\s?"
            r"|import\s[^;\n]{1,200}\sfrom\s)"
            r"(?:[\"'](?:(?:file:/*)?/(?:var/)?tmp/|/dev/shm/|(?:https?|ftp):)|\w*\.?download\()"
        ),
    ),
    (
        # A name that is put together, or handed over, to be called.
        "getattr send call_user_func array_map require process. [\" ['",
        (
            r"\bgetattr\(\s?(?:\w+,\s?[\"'][^\"']{0,40}[\"']\s?[+%]|(?:os|posix|builtins|__builtins__)\b)"
            r"|(?:\b(?:public_send|__send__)|\bkernel\.send|(?<![\w.])send)\s?\(?\s?"
            r"(?::|[\"'](?:system|exec|spawn|eval)\b|[\"']\w{1,20}[\"']\s?\+\s?[\"'])"
            r"|\b(?:call_user_func\w*|array_map)\(\s?[\"'](?:system|exec|passthru|shell_exec|assert)\b"
            r"|\brequire\(\s?[\"'][^\"']{0,40}[\"']\s?\+|\bprocess\.(?:binding|dlopen|mainmodule)\b"
            r"|\[[\"']\w{1,20}[\"']\s?\+\s?[\"']\w{1,20}[\"']\]"
        ),
    ),
    (
        # The same where a dot joins, in PHP and Perl: called through a variable, or at once.
        "$ &{ )(",
        (
            r"[\"']\w{1,20}[\"']\s?\.\s?[\"']\w{1,20}[\"'](?:.{0,400}(?:\$\w{1,40}\s?\(|&\s?\$\w)"
            r"|\s?\)\()|&\{\s?[\"']\w{1,20}[\"']\s?\."
        ),
    ),
    (
        "posix. fork ctypes dll dlopen library load_ext uselib %x getline print tiocsti 0x5412",
        (
            r"\btiocsti\b|\b0x5412\b|\bposix\.|\bfork\s?\(|\bctypes\b|\bcdll\b|\bdlopen\b|\bloadlibrary\b|\bload_extension\b"
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
_HOST_NAME: Final = re.compile(r"\bsocket\.(?:gethostname|getfqdn)\(\)")
_IMPORTS_SOCKET: Final = re.compile(r"\bimport (?:\w{1,40}, ?){0,9}socket\b(?!\s+as\b)")
_ARGUMENT: Final = r"(?:'[\w./:=@%+,-]{1,80}'|\"[\w./:=@%+,-]{1,80}\")"
_RUNS_PLAIN: Final = re.compile(
    r"\bsubprocess\.(?:run|call|check_call|check_output)\(\s?\["
    rf"({_ARGUMENT}(?:, ?{_ARGUMENT}){{0,30}})\]"
    r"(?:, ?(?:capture_output|text|check|timeout)=\w{1,5})*\)"
)
_IMPORTS_RUN: Final = re.compile(r"\bimport (?:\w{1,40}, ?){0,9}subprocess\b(?!\s+as\b)")
_TURNS_SHELL: Final = hinted(
    ("exec", r"\bexec\b"),
    ("popen spawn", r"\b(?:popen|spawn)"),
    ("sh", r"bin/\w*sh\b"),
    ("proc system", r"\b(?:subprocess|child_process|processbuilder|system)\b"),
    ("dup2 pty iex cmd.exe", r"\b(?:dup2|pty|iex|cmd\.exe)\b"),
    ("getline", r"\|&\s*getline"),
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
_STATEMENT: Final = hinted(("exec", r"\.exec\w*\s?\("))
_ERASES_DATA: Final = hinted(
    ("drop truncate", r"\b(?:drop\s+(?:table|database|schema|view|index|role)|truncate\s+\w)"),
    ("delete", r"\bdelete\s+from\s+[\w.]{1,80}\s?(?:[;\"'`)]|$)"),
    ("update", r"\bupdate\s+[\w.]{1,80}\s+set\s(?!.{0,400}\bwhere\b)"),
    ("lo_export load_file pg_read", r"\b(?:lo_export|load_file|pg_read_\w+)\s?\("),
)
_ALL: Final = together(_STARTS, _SOCKETS, _REMOVES_TREE, CARRIES)
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


def plain_commands(text: str) -> list[str] | None:
    """The commands which `text` runs, when it runs no others than those that it spells out."""
    if "subprocess" not in text:
        return None
    lists = [found[1] for found in _RUNS_PLAIN.finditer(text)]
    rest = _RUNS_PLAIN.sub(_blank, _IMPORTS_RUN.sub(_blank, text))
    if not lists or starts_program(rest) is not None:
        return None
    return [" ".join(re.findall(r"[^'\", ][^'\"]*", each)) for each in lists]


def _blank(found: re.Match[str]) -> str:
    """Blanks in place of what was found, so that the rest stays where it is."""
    return " " * len(found[0])


def opens_socket(text: str) -> Place | None:
    """Where `text` talks to the network below the level of a plain fetch."""
    lower = text.lower()
    if _HOST_NAME.search(lower):  # asking for this machine's own name is no talk
        lower = _HOST_NAME.sub(_blank, _IMPORTS_SOCKET.sub(_blank, lower))
    return _SOCKETS.find(lower)


def is_remote_shell(text: str) -> bool:
    """True when a socket and something that runs commands stand together."""
    return opens_socket(text) is not None and turns_shell(text)


def turns_shell(text: str) -> bool:
    """True when `text` has something that runs commands; beside a socket, a remote shell."""
    return _TURNS_SHELL.find(text.lower()) is not None


def erases_data(text: str) -> bool:
    """True when `text` has a database remove or change all of something."""
    lower = text.lower()
    return bool(_STATEMENT.find(lower) and _ERASES_DATA.find(lower))


def removes_far_tree(text: str) -> bool:
    """True when `text` removes files at a place that is not below where it runs."""
    lower = text.lower()
    return bool(_REMOVES_TREE.find(lower) and _FAR_PATH.search(lower))


def shell_escape_in(text: str) -> Place | None:
    """Where `text` leaves an interactive program for a shell: `!sh`, `:!sh`, `\\! sh`."""
    first = _ESCAPE_FIRST.match(text)
    return first.span() if first else _ESCAPE_LATER.find(text)
