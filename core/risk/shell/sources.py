"""Rules about where installed code comes from: the registry that everybody uses, or an address.

What is installed is run: by its own scripts at once, or as soon as it is used. A registry's
package is everyday work; a repository's, an archive's or another index's is for a person to see.
"""

import re
from collections.abc import Iterator
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.packages import check_package
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Word

# Domains of the registries that installers use without being told, by their last label.
_REGISTRIES: Final = {
    "org": frozenset(
        {"pypi", "pytorch", "npmjs", "rubygems", "packagist", "golang", "anaconda", "nixos",
         "luarocks", "ocaml", "maven", "haskell", "nuget", "r-project", "bioconductor", "julialang"}
    ),
    "com": frozenset({"yarnpkg", "anaconda", "ansible", "rstudio"}),
    "io": frozenset({"crates", "jsr"}),
    "land": frozenset({"deno"}),
    "sh": frozenset({"esm"}),
    "pm": frozenset({"hex"}),
}  # fmt: skip
_LOCAL: Final = re.compile(r"^(?:localhost|127\.[\d.]+|\[::1\])$")
_NODE: Final = frozenset({"npm", "npx", "yarn", "pnpm", "pnpx", "bun", "bunx"})
_BY_VERB: Final = _NODE | {
    "pip", "pipx", "uv", "poetry", "pdm", "pipenv", "hatch", "conda", "mamba", "micromamba",
    "cargo", "gem", "bundle", "bundler", "composer", "go", "deno", "brew", "opam", "luarocks",
    "cabal", "stack", "mix", "dotnet", "nuget", "ansible-galaxy", "asdf", "mise", "gh",
}  # fmt: skip
_BY_NAME: Final = frozenset({"npx", "pnpx", "bunx", "uvx"})  # the first argument is run
_ALWAYS: Final = frozenset(
    {"nix", "nix-env", "nix-shell", "nix-build", "ansible-pull", "cookiecutter", "copier", "cruft"}
)
_TRIES: Final = "try-repo"  # of pre-commit
_PYTHON: Final = frozenset({"python", "pypy"})
_IN_CODE: Final = frozenset({"R", "Rscript", "julia"})  # they install by program text
_LOOKED_AT: Final = _BY_VERB | _BY_NAME | _ALWAYS | _PYTHON | _IN_CODE | {"pre-commit"}
_INSTALLS: Final = frozenset(
    {"install", "i", "add", "require", "get", "download", "wheel", "sync", "lock", "update",
     "upgrade", "up", "ci", "tap", "source", "sources", "config", "set", "pin", "plugin", "create",
     "init", "inject", "archive.install", "specific_install", "env", "cache", "nuget",
     "extension", "extensions", "ext", "instal", "in", "link", "develop"}
)  # fmt: skip
_RUNS: Final = frozenset({"run", "exec", "x", "dlx"})
_VERBS: Final = 2  # how many leading words tell what is done
_VALUED: Final = frozenset(
    {"-p", "--package", "--from", "--with", "--with-editable", "--spec", "--python", "-i", "-f",
     "--index", "--index-url", "--default-index", "--extra-index-url", "--find-links", "-C",
     "--registry", "--directory", "--project", "--env-file", "--import-map", "--config", "-c"}
)  # fmt: skip
_FOLDERS: Final = frozenset(
    {"-w", "--workspace", "--prefix", "-C", "--dir", "--filter", "-F", "--cwd"}
)
_URL: Final = re.compile(
    r"(?:(?:git|hg|svn|bzr)\+)?(?:https?|git|ssh|ftps?|svn|hg)://(?:[^/@\s'\"]*@)?"
    r"(?P<host>\[[^\]\s]*\]|[^/:?#\s'\",;)]+)(?::\d+)?(?P<path>[^?#@\s'\",;)]*)"
)
_COPIED: Final = re.compile(r"(?:^|\+|@\s*|=)git@(?P<host>[\w.-]+):(?P<path>[\w./~-]+)")
_SHORT: Final = re.compile(
    r"(?:^|@|#)(?:github|gitlab|bitbucket|gist|sourcehut|gh|gl|bb):"
    r"(?!NixOS/)(?P<path>[\w.-]+(?:/[\w.-]+)?)"
)
_REGISTRY_NAME: Final = re.compile(
    r"(?:^|_)(?:INDEX(?:_URL)?|FIND_LINKS|REGISTRY|GOPROXY|NPM_REGISTRY_SERVER)$", re.IGNORECASE
)
_CODE_INSTALLS: Final = re.compile(
    r"\binstall(?:\.packages|_\w+)?\s*\(|\bPkg\.(?:add|develop|clone)\b|\bPackageSpec\s*\("
)
_CODE_REPOSITORY: Final = re.compile(
    r"\binstall_(?:github|gitlab|bitbucket)\s*\(\s*['\"](?P<path>[\w./-]+)"
)
_OWNED: Final = re.compile(r"^(?P<path>[A-Za-z0-9][\w-]*/[\w.-]+)(?:#\S+)?$")


def check_source(review: Review, call: Call) -> None:
    """Judge a call that may install or run code by the addresses that it is given."""
    name = call.program.rstrip("0123456789.")
    if name not in _LOOKED_AT:
        return
    check_package(review, call)
    words = call.arguments
    for word in words if name in _IN_CODE else ():
        if _CODE_INSTALLS.search(word.text):
            _check_word(review, word, owned=False)
    if name in _PYTHON:  # `python -m pip` is pip
        at = next((index for index, word in enumerate(words) if word.text == "-m"), len(words))
        name, words = (words[at + 1].text, words[at + 2 :]) if at + 1 < len(words) else ("", ())
    for word, owned in _installed(name, words):
        _check_word(review, word, owned=owned)


def names_registry(variable: str) -> bool:
    """True for a variable that tells installers where packages come from."""
    return _REGISTRY_NAME.search(variable) is not None


def check_registry(review: Review, word: Word) -> None:
    """Judge the value of such a variable."""
    _check_word(review, word, owned=False)


def _is_registry(host: str) -> bool:
    *_, name, top = ["", *host.split(".")]
    return name in _REGISTRIES.get(top, ())


def names_another_source(text: str) -> str:
    """The first address in `text` that is no registry and not this machine, without its scheme."""
    if ":" not in text:
        return ""
    for pattern in (_URL, _COPIED):
        for found in pattern.finditer(text):
            host, path = found["host"].lower(), found["path"]
            plain = found[0].startswith("https://") and _is_registry(host)
            if not plain and not _LOCAL.match(host):
                return (host + path).rstrip("/")
    return ""


def _check_word(review: Review, word: Word, *, owned: bool) -> None:
    place = names_another_source(word.text)
    if not place:
        named = _OWNED.match(word.text) if owned else _CODE_REPOSITORY.search(word.text)
        found = _SHORT.search(word.text) or named
        place = found["path"] if found is not None else ""
    if place:
        review.external = True
        review.note(
            "installs-from-address",
            RiskLevel.MEDIUM,
            "Installs or runs code from an address, not from the registry.",
            word,
            place,
        )


def _installed(name: str, words: tuple[Word, ...]) -> Iterator[tuple[Word, bool]]:
    """Words that tell what is installed, each with whether `owner/name` is a repository there."""
    plain = [word.text for word in words if not word.text.startswith("-")][:_VERBS]
    if name in _ALWAYS or (name == "pre-commit" and plain[:1] == [_TRIES]):
        for word in words:
            yield word, False
    elif name in _BY_NAME:
        for word in _up_to_name(words):
            yield word, name != "uvx"
    elif name in _BY_VERB:
        verb = next((text for text in plain if text in _RUNS or text in _INSTALLS), "")
        if verb in _RUNS:
            at = next(index for index, word in enumerate(words) if word.text == verb)
            for word in (*words[:at], *_up_to_name(words[at + 1 :])):
                if verb == "run" and word.text == "--":  # what follows is for the program
                    return
                yield word, name in _NODE and verb != "run"
        elif verb:
            yield from _all_installed(name, words, plain)


def _all_installed(
    name: str, words: tuple[Word, ...], plain: list[str]
) -> Iterator[tuple[Word, bool]]:
    owned = name in _NODE or (name == "gh" and plain[1:] == ["install"])
    if name == "gh" and not owned:
        return
    before = ""
    for word in words:
        yield word, owned and before not in _FOLDERS
        before = word.text


def _up_to_name(words: tuple[Word, ...]) -> Iterator[Word]:
    """Options with their values, and the first word after them: what is run."""
    index = 0
    while index < len(words):
        yield words[index]
        if not words[index].text.startswith("-"):
            return
        if words[index].text in _VALUED and index + 1 < len(words):
            yield words[index + 1]
            index += 1
        index += 1
