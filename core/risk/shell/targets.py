"""What an argument points at: secrets, system and start-up places, shells, addresses."""

import posixpath
import re
from fnmatch import fnmatchcase
from typing import Final

from core.risk.shell.hints import Place, hinted

_SECRET: Final = hinted(
    (
        (
            "shadow sudoers opasswd krb5 ssl/private ssh id_ .aws .config/ .azure .kube .docker"
            " .netrc .pgpass .my. .git-cred .gnupg .vault .pypirc .password keyring .terraform"
            " logins.json key4. Login cookies wallet. /SAM _history .env .npmrc .yarnrc .m2 /proc/"
            " /dev/ *. hrom rave dge/ /run/secrets /var/lib/ 169.254. metadata. .kdbx .pfx .p12"
            " .ppk .keytab privkey private t.token r.token signing.key e/maestro/ t/maestro/"
        ),
        (
            r"/etc/(?:g?shadow|sudoers|security/opasswd|krb5\.keytab|ssl/private|ssh/ssh_host_\w+_key)"
            r"|\.ssh/(?!known_hosts|config\b|authorized_keys|[\w.-]+\.pub\b)[\w*?]"
            r"|\bid_(?:rsa|dsa|ecdsa|ed25519)\b(?!\.pub)"
            r"|\.aws/(?:credentials|sso|cli)|\.config/(?:gcloud|gh/hosts|rclone)|\.azure/|\.kube/config"
            r"|\.docker/config\.json|\.netrc\b|\.pgpass\b|\.my\.cnf\b|\.git-credentials|\.gnupg/"
            r"|\.vault-token|\.pypirc\b|\.password-store|/keyrings?/|\.terraform\.d/credentials"
            r"|\b(?:logins\.json|key4\.db|Login Data|cookies\.sqlite|wallet\.dat|/SAM)\b(?!\.)"
            r"|\.(?:bash|zsh|python|mysql|psql)_history\b|(?:^|[/=@])\.env(?:\.(?!example|sample|template|dist|test|ci|schema)\w+)?$|['\"]\.env['\"]"
            r"|(?:~|HOME\}?|/home/[\w.-]+|/root|['\"])/\.(?:npmrc|yarnrc\.yml|m2/settings)"
            r"|/proc/[^/]{1,80}/(?:environ|mem)\b|/dev/(?:k?mem|port|input/\w+)\b|\*\.(?:pem|key|jks|ovpn|token)\b"
            r"|/(?:[Cc]hrom\w*|google-chrome|[Bb]rave\w*|[Ee]dge)/"
            r"[^\s'\"]{0,300}(?:Cookies|Login|Web Data)"
            r"|/run/secrets|/var/lib/(?:sss|kubelet)/|169\.254\.169\.254|metadata\.google\.internal"
            r"|\.(?:kdbx|pfx|p12|ppk|keytab)\b|\b(?:privkey|private[_-]?key)\b[\w.-]*\.(?:pem|key|der)"
            r"|(?:^|[/=@:'\"])(?:agent|operator)\.token\b|\baudit/signing\.key\b"
            r"|(?:state|Application Support)/maestro/(?:audit/)?[\w.]*[*?\[]"
        ),
    ),
)
_SECRET_FOLDER: Final = re.compile(
    r"(?:^|[/=@:])\.(?:ssh|aws|gnupg|kube|azure|password-store|mozilla|electrum|bitcoin)/?$"
    r"|(?:state|Application Support)/maestro(?:/audit)?/?$"
)
_DISK: Final = re.compile(r"^(?:\w+=)?/dev/(?:sd[a-z]|nvme\d|vd[a-z]|hd[a-z]|dm-\d|mapper/)")
_DOTENV: Final = re.compile(r"(?:^|/)\.env(?:\.\w+)?$")
_HOME_WHOLE: Final = re.compile(
    r"^(?:~[\w.-]*|\$\{?HOME\}?|/root|/(?:home|Users)(?:/[^/]+)?)/?(?:\*|\.\[!.\]\*)?$"
)
_STARTUP: Final = re.compile(
    r"/etc/(?:cron[\w.]*|anacrontab|init(?:\.d|tab|/)|rc[\w.]*|systemd/|profile|bash\.?bashrc"
    r"|bash\.bashrc|environment|ld\.so\.(?:preload|conf)|sudoers|pam\.d|passwd|group|g?shadow"
    r"|ssh/|xdg/autostart|apt/apt\.conf|yum\.repos\.d|udev/|modules|update-motd\.d|zsh"
    r"|polkit-1|dbus-1|NetworkManager/|hosts\b|skel)"
    r"|/var/spool/(?:cron|at)|/(?:usr/)?lib/systemd/|\.config/(?:autostart|systemd)"
    r"|(?:^|[/=:])\.(?:bash(?:rc|_profile|_login|_logout|_aliases)|profile|zsh(?:rc|env)|zprofile"
    r"|vimrc|gitconfig|pam_environment|xinitrc|xsessionrc|inputrc|tmux\.conf|gdbinit|kshrc|cshrc)"
    r"\b|\.ssh(?:/(?:authorized_keys|config|rc)|/?$)|\.git/(?:hooks/|config\b)|/Library/Launch"
    r"|\.local/bin/|\bLog(?:in|out)Hook\b|/(?:release_agent|uevent_helper)$"
)
_OBEYED: Final = re.compile(  # files of a project that are run or obeyed when nobody looks
    r"(?:^|/)(?:\.claude/?$|\.(?:claude|vscode|husky)/.|\.github/workflows/.|\.(?:mcp\.json|envrc|gitlab-ci\.yml"
    r"|pre-commit-config\.yaml)$|(?:site|user)customize\.py$)|(?:-packages|[)}`]|\$\w+)/[^/]+\.pth$"
)
_PROGRAM_PLACE: Final = re.compile(
    r"(?<![\w.-])(?:~|/(?:home/[\w.-]+|root|usr|opt/[\w.-]+))?(?:/local)?/(?:s?bin|games)/[\w.+-]+"
)
_SYSTEM_ROOTS: Final = (
    "/bin", "/boot", "/dev", "/efi", "/etc", "/lib", "/lib32", "/lib64", "/opt", "/proc", "/root",
    "/run", "/sbin", "/srv", "/sys", "/usr", "/var",
)  # fmt: skip
_IN_SYSTEM: Final = tuple(f"{root}/" for root in _SYSTEM_ROOTS)
_SYSTEM_WHOLE: Final = re.compile(
    r"/|/(?:bin|boot|dev|efi|etc|lib(?:32|64)?|proc|run|sbin|sys)(?:/.*)?|/(?:usr|var)"
)
HARMLESS_DEVICES: Final = frozenset(
    {"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/stdin", "/dev/tty", "/dev/zero", "/dev/full"}
)
_SCRATCH: Final = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 -- names
_IN_SCRATCH: Final = (*(f"{root}/" for root in _SCRATCH), "$TMPDIR", "${TMPDIR")
_CRITICAL: Final = re.compile(
    r"^/(?:etc/(?:passwd|g?shadow|sudoers(?:\.d/.*)?|ld\.so\.preload|group)-?"
    r"|dev/(?:sd|nvme|vd|hd|mmcblk|xvd|k?mem|dm-|mapper/).*|boot/.*|proc/sys(?:rq.*|/kernel/.*))$"
)
_SHELL_NAME: Final = (
    r"(?:ba|da|z|k|c|tc|a|fi|rba|rz|rk|ya|mk|lk|pdk|oksh|po|pw|elvi|sa|xon|jk|k93|z5)?sh(?:93)?"
)
_SHELL_PATH: Final = re.compile(rf"\bs?bin/(?:{_SHELL_NAME}|busybox|elvish|nu)(?![\w.-])")
_SHELL_BARE: Final = re.compile(rf"^(?:{_SHELL_NAME}|elvish|powershell|pwsh|cmd(?:\.exe)?)$")
_SHELL_GIVEN: Final = r"\s+(?:-[a-z]*[cisp]\b|\d?[<>]&?\d)"
_SHELL_RUNS: Final = re.compile(rf"sh(?:93)?{_SHELL_GIVEN}")  # quick to look for
_SHELL_COMMAND: Final = re.compile(rf"(?:^|[\s;|&'\"(`!,])(?:exec\s+)?{_SHELL_NAME}{_SHELL_GIVEN}")
_SHELL_FED: Final = re.compile(rf"\|\s*(?:sudo\s+)?{_SHELL_NAME}\s*(?:$|['\")])")
_SHEBANG: Final = re.compile(r"#!\s*[^\s'\"\\]*(?:[ \t]+[\w./-]+)?")
_IPV4: Final = re.compile(  # starts with the digit, which is quick to look for
    r"\d(?<![\w.]\d)(?<!==\d)\d{0,2}(?:\.\d{1,3}){3}(?![\w-]|\.\d)"
)
_HOST_NUMBER: Final = re.compile(r"://(?:[^/@\s]*@)?(?:0x[0-9a-fA-F]+|\d{8,10}|\[[0-9a-fA-F:]+\])")
_LOCAL_ADDRESS: Final = re.compile(r"^(?:127\.|0\.0\.0\.0$|255\.)")
_CALLBACK: Final = re.compile(
    r"\b[\w-]+\.(?:onion|ngrok(?:-free)?\.(?:io|app|dev)|oast\.\w+|interact\.sh|burpcollaborator\.net"
    r"|requestbin\.\w+|webhook\.site|pastebin\.com|transfer\.sh|0x0\.st|serveo\.net|pipedream\.net)"
    r"|\b(?:webhook\.site|pastebin\.com|transfer\.sh|0x0\.st|termbin\.com|file\.io|bashupload\.com)\b"
)
_URL: Final = re.compile(
    r"\b(?:https?|ftps?|sftp|tftp|scp|ssh|rsync|smb|ldaps?|tcp|udp|git|rest):/"
)
_HOMES: Final = ("~", "/root", "/home/user")
_GLOB_SAMPLES: Final = (
    "/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/bin/sh", "/bin/bash", "/usr/bin/sh",
    "/bin/nc", "/bin/dash", "~/.aws/credentials", "/proc/1/environ",
    *(f"{home}/.ssh/id_rsa" for home in _HOMES),
)  # fmt: skip
_SAME_PLACE: Final = re.compile(r"(?<!:)/(?:\.?/)+")
_GLOB: Final = re.compile(r"[*?\[]")

_SECRET_NAMES: Final = (
    "id_rsa", "id_ed25519", "credentials", ".netrc", ".pgpass", ".env", "server.key", "x.pem",
    "x.p12", "x.pfx", "x.kdbx", "x.jks", "wallet.dat", ".npmrc", ".git-credentials", "shadow",
    "x.ovpn", "logins.json",
)  # fmt: skip
_PLAIN_NAMES: Final = ("x", "x.txt", "main.py", "config", ".bashrc", "data.json")
_LOCAL_URL: Final = re.compile(  # before an "@" it would be a user's name, not the host's
    r"^(?:[a-z]+://)?(?:localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0)(?::[^/@\\]*)?(?:/|$)"
)


def names_secret(path: str) -> bool:
    """True when `path`, perhaps a pattern, reaches a place that holds secrets."""
    return secret_in(path) is not None or reaches_secret(path)


def reaches_secret(path: str) -> bool:
    """True for a folder of secrets and for a pattern that stands for a secret's name."""
    if _SECRET_FOLDER.search(path):
        return True
    reach = glob_reach(path)
    return reach is not None and secret_in(reach) is not None


def canonical(text: str) -> str:
    """A path without `./`, `//` and `..` where those could hide it; other text unchanged."""
    while text.startswith("./") and text != "./":
        text = text[2:]
    if "$" in text:  # what `..` leaves is not known
        return _SAME_PLACE.sub("/", text)
    if "://" not in text and ("//" in text or "/." in text or text.startswith("../")):
        path = posixpath.normpath(text)
        while path.startswith("../"):
            path = path[3:] if path.startswith("../../") else "/" + path[3:]
        return "/" + path if text.startswith("../") and not path.startswith("/") else path
    return text


def secret_in(text: str) -> Place | None:
    """Where `text` names a place that holds secrets."""
    if text.isalnum():  # nearly every word; a path or a pattern has more in it
        return None
    return _SECRET.find(text)


def finds_secrets(pattern: str) -> bool:
    """True when a pattern of file names stands for names of secrets, and not for any name."""
    name = pattern.rpartition("/")[2]
    return any(fnmatchcase(each, name) for each in _SECRET_NAMES) and not any(
        fnmatchcase(each, name) for each in _PLAIN_NAMES
    )


def is_disk(path: str) -> bool:
    """True for a whole disk or partition, below every file system."""
    return _DISK.match(path) is not None


def holds_settings(path: str) -> bool:
    """True for a file of settings which holds secrets, but which a task may well write."""
    return _DOTENV.search(path) is not None


def is_home(path: str) -> bool:
    """True for a whole home directory, or all of them."""
    return _HOME_WHOLE.match(path) is not None


def startup_in(text: str) -> Place | None:
    """Where `text` names something that is run or believed later: cron, units, rc files, keys."""
    if text.isalnum():
        return None
    found = _STARTUP.search(text)
    return found.span() if found else None


def is_obeyed(path: str) -> bool:
    """True for a file of a project that is run or obeyed later without anybody looking at it."""
    return _OBEYED.search(path) is not None


def program_in(text: str) -> Place | None:
    """Where `text` names a file in a directory of programs."""
    if "bin/" not in text and "games/" not in text:
        return None
    found = _PROGRAM_PLACE.search(text)
    return found.span() if found else None


def shell_in(text: str) -> Place | None:
    """Where `text` names or starts a shell; the first line of a script does not count."""
    if "sh" not in text and "busybox" not in text and "bin/nu" not in text:
        return None
    found = (
        (_SHELL_PATH.search(text) if "bin/" in text else None)
        or (_SHELL_COMMAND.search(text) if _SHELL_RUNS.search(text) else None)
        or _SHELL_FED.search(text)
    )
    return found.span() if found else None


def without_shebang(text: str) -> str:
    """`text` without `#!` interpreters, which every script names."""
    return _SHEBANG.sub("", text)


def is_shell_name(text: str) -> bool:
    """True for `sh`, `bash`, … without a path."""
    return _SHELL_BARE.match(text) is not None


def raw_address_in(text: str) -> Place | None:
    """Where `text` holds a numeric address that is not this machine, or a known drop site."""
    if "." not in text and ":" not in text:
        return None
    for found in _IPV4.finditer(text):
        octets = [int(part) for part in found[0].split(".")]
        if max(octets) <= 255 and not _LOCAL_ADDRESS.match(found[0]):  # noqa: PLR2004 -- a byte
            return found.span()
    found_host = _HOST_NUMBER.search(text) or _CALLBACK.search(text)
    return found_host.span() if found_host else None


def is_url(text: str) -> bool:
    """True when `text` holds an address with a network scheme."""
    return ":/" in text and _URL.search(text) is not None


def is_local_url(text: str) -> bool:
    """True for an address of this machine, with or without its scheme."""
    return _LOCAL_URL.match(text) is not None


def is_scratch(path: str) -> bool:
    """True for places anybody may write."""
    return path in _SCRATCH or path.startswith(_IN_SCRATCH)


def is_system(path: str) -> bool:
    """True for places that belong to the system, whoever runs the command."""
    if path in HARMLESS_DEVICES or path.startswith("/dev/fd/") or is_scratch(path):
        return False
    return path == "/" or path in _SYSTEM_ROOTS or path.startswith(_IN_SYSTEM)


def holds_system(folder: str) -> bool:
    """True where no name in it tells a file of the system from one of a project."""
    path = posixpath.normpath(folder).replace("//", "/")
    return _SYSTEM_WHOLE.fullmatch(path) is not None and not is_scratch(path)


def is_critical(path: str) -> bool:
    """True where one write gives the machine away or destroys it."""
    return _CRITICAL.match(path) is not None


def outside(path: str, workspace: str) -> bool:
    """True when `path` leaves `workspace` and is not a scratch place or a plain device."""
    if is_scratch(path) or path in HARMLESS_DEVICES or path.startswith("$"):
        return False
    root = posixpath.normpath(workspace)
    full = whole_path(path, root)
    return full != root and not full.startswith(root.rstrip("/") + "/")


def whole_path(path: str, workspace: str) -> str:
    """The path from the root on; it stays as it is where its home is not known."""
    if path.startswith("~"):
        # Under /home or /root it can be told from the workspace itself.
        found = re.match(r"/(?:home|Users)/[^/]+|/root", workspace)
        if found is None:
            return path
        path = found[0] + path[1:]
    return posixpath.normpath(posixpath.join(workspace, path))


def glob_reach(text: str) -> str | None:
    """A secret file or shell that the pattern `text` could stand for."""
    if text[:1] not in {"/", "~"} or not _GLOB.search(text):
        return None
    if text.endswith("/*") and text.count("/") <= 2:  # noqa: PLR2004 -- a whole top directory
        return None
    for sample in _GLOB_SAMPLES:
        if sample.count("/") == text.count("/") and fnmatchcase(sample, text):
            return sample
    return None
