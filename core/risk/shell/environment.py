"""Rules about variables: what they make programs load, run, trust or forget."""

import re
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.arguments import check_command_value
from core.risk.shell.review import Review
from core.risk.shell.sources import check_registry, names_registry
from core.risk.shell.syntax import Call, Word
from core.risk.shell.targets import is_local_url, is_scratch, is_shell_name, secret_in, shell_in

_LOADS: Final = re.compile(
    r"^(?:LD_(?:PRELOAD|AUDIT|LIBRARY_PATH)|DYLD_\w+|BASH_ENV|ENV|PROMPT_COMMAND|PS4|PERL5?(?:OPT|LIB|DB)"
    r"|PYTHONSTARTUP|PYTHONHOME|PYTHONINSPECT|RUBYOPT|RUBYLIB|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS"
    r"|JDK_JAVA_OPTIONS|LESSOPEN|LESSCLOSE|LUA_INIT\w*|GCONV_PATH|OPENSSL_(?:CONF|ENGINES)|TF_CLI_ARGS\w*"
    r"|BASHOPTS|SHELLOPTS|GIT_CONFIG\w*|GIT_TEMPLATE_DIR|GIT_EXEC_PATH|SSH_ORIGINAL_COMMAND"
    r"|VIMINIT|EXINIT|WGETRC|FACTERLIB|R_PROFILE\w*|LUA_C?PATH\w*|CURL_HOME|MANOPT|GTK_MODULES|QT_PLUGIN_PATH|NODE_PATH|GEM_PATH|CLAUDE_CONFIG_DIR)$"
)
# By which an agent that is started finds the hooks it is governed by, and these what governs.
_OF_HOOKS: Final = re.compile(r"^(?:HOME|PYTHONPATH|(?:MAESTRO|XDG)_\w+)$")
_AGENTS: Final = frozenset({"claude", "claude-code"})
_COMMANDS: Final = re.compile(
    r"(?:^|_)(?:PAGER|EDITOR|VISUAL|BROWSER|ASKPASS|COMMAND|CMD|PROGRAM|SHELL|RSH|SSH|DIFF|PROXY_COMMAND)$"
    r"|^(?:MANPAGER|GIT_SSH_COMMAND|GIT_EXTERNAL_DIFF|RSYNC_RSH|CVS_RSH|TAR_OPTIONS|POSIXLY|SUDO_\w+"
    r"|TMUX|FZF_DEFAULT_\w+|SYSTEMD_(?:PAGER|EDITOR|LESS)|npm_config_(?:script_shell|shell|editor))$"
)
_BUILDS: Final = re.compile(  # names of the programs and settings that builds and installers use
    r"(?:^|_)(?:CC|CXX|LD|AR|RUSTC|\w*WRAPPER|LINKER)$|^(?:PIP_CONFIG_FILE|NPM_CONFIG_\w*CONFIG)$",
    re.IGNORECASE,
)
_GO_RUNS: Final = re.compile(r"-(?:toolexec|exec)\b")
_NODE_LOADS: Final = re.compile(r"--(?:require|import|loader|experimental-loader)|(?:^|\s)-r\b")
_PATH_HERE: Final = re.compile(r"(?:^|:)(?:\.{0,2}(?=:|$)|\.{1,2}/|/tmp|/var/tmp|/dev/shm)")
_TRACES: Final = frozenset({"HISTFILE", "HISTSIZE", "HISTFILESIZE"})
# What only sizes Java's memory or sets a property of the program's own: it loads nothing.
_PLAIN_JAVA: Final = re.compile(
    r"(?:-X(?:m[nsx]|ss)\d+[kmgKMG]?|-XX:[+-](?!On|Flags)\w+|-XX:MaxRAMPercentage=[\d.]+|-ea|\s"
    r"|-D(?!java\.|jdk\.|sun\.)[\w.]+(?:=[\w.:+-]*)?)*"
)
_JAVA: Final = frozenset({"JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"})
_MAKES_PLACE: Final = re.compile(  # `mktemp`, in the system's own place or here
    r"\$\(mktemp(?:\s+(?:-[dqut]+|--(?:directory|quiet|tmpdir)|\"?(?:/tmp/|\$\{TMPDIR:-/tmp\}/)?"
    r"[\w.-]*X{3,}[\w.-]*\"?))*\)"
)
_SETS_OTHERWISE: Final = frozenset(
    {"read", "mapfile", "readarray", "getopts", "eval", "source", "."}
)
_UNCHECKED: Final = re.compile(  # a setting by which what is fetched may be anybody's
    r"GOSUMDB=off|GO(?:NOSUMDB|NOSUMCHECK|INSECURE)=(?:\*|1)|GIT_SSL_NO_VERIFY=(?:1|true)"
    r"|NPM_CONFIG_STRICT_SSL=(?:0|false)|GOFLAGS=.*-insecure",
    re.IGNORECASE,
)
_LEADS: Final = re.compile(r"(?:https?|all|ftp)_proxy", re.IGNORECASE)
_PREFERS: Final = frozenset({"", "export", "declare", "typeset"})


def check_environment(review: Review, call: Call) -> None:
    """Judge variables which are set for, or before, a program."""
    if call.name in _SETS_OTHERWISE or (
        call.name == "printf" and call.arguments[:1] and call.arguments[0].text.startswith("-v")
    ):
        review.temporary.clear()
    for name, word in call.assignments:
        review.temporary.discard(name)
        if _MAKES_PLACE.fullmatch(word.text):
            review.temporary.add(name)
        if _COMMANDS.search(name) and not _LOADS.match(name):
            # To prefer another shell is no more than a preference.
            prefers = name == "SHELL" and call.name in _PREFERS and shell_in(word.text)
            if word.text and not (prefers and len(word.text.split()) == 1):
                check_command_value(review, word, by=name)
        elif not _hijacks(review, name, word, call.program):
            _check_value(review, name, word)


def _hijacks(review: Review, name: str, word: Word, program: str) -> bool:
    text = word.text
    if name in _JAVA and _PLAIN_JAVA.fullmatch(text):
        return True
    if text.startswith("()"):
        reason = "Plants a function in a variable."
    elif name == "PATH":
        if not _PATH_HERE.search(text):
            return True
        reason = "Lets programs be taken from a place that anybody can write."
    elif (
        _LOADS.match(name)
        or (program in _AGENTS and _OF_HOOKS.match(name))
        or (name == "NODE_OPTIONS" and _NODE_LOADS.search(text))
        or (name == "GOFLAGS" and _GO_RUNS.search(text))
        or (is_scratch(text) and (name == "PYTHONPATH" or _BUILDS.search(name)))
    ):
        reason = f"{name} makes programs load or run something else."
    else:
        return False
    review.note("hijacks-environment", RiskLevel.HIGH, reason, word)
    return True


def _check_value(review: Review, name: str, word: Word) -> None:
    if _UNCHECKED.fullmatch(f"{name}={word.text}"):
        message = f"{name} has what is fetched from others believed unchecked."
        review.note("dangerous-option", RiskLevel.MEDIUM, message, word)
    elif _LEADS.fullmatch(name) and word.text and not is_local_url(word.text):
        message = f"{name} leads what is fetched and sent through another machine."
        review.note("dangerous-option", RiskLevel.MEDIUM, message, word)
    elif name in _TRACES and word.text in {"", "0", "/dev/null"}:
        review.note("hides-traces", RiskLevel.MEDIUM, "Keeps no record of commands.", word)
    elif names_registry(name):
        check_registry(review, word)
    elif secret_in(word.text):
        review.note(
            "reads-secret-file",
            RiskLevel.HIGH,
            f"{name} is given a place that holds secrets.",
            word,
        )
    elif name != "SHELL" and (shell_in(word.text) or is_shell_name(word.text)):
        review.note("starts-shell", RiskLevel.HIGH, f"Hands a shell over in {name}.", word)
