"""Code that a command has just fetched is not built or run by the same command unseen."""

import posixpath
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.catalog import Row
from core.risk.shell.review import FETCHED, Review
from core.risk.shell.sources import names_another_source
from core.risk.shell.syntax import Call, Span, Word

# They run what they find in the folder they work in, or in one that they are given.
_BUILDERS: Final = frozenset(
    {"make", "gmake", "cmake", "ninja", "meson", "scons", "waf", "autoreconf", "just", "task",
     "npm", "npx", "yarn", "pnpm", "bun", "deno", "grunt", "gulp", "jest", "vitest", "mocha",
     "pip", "pipx", "uv", "uvx", "poetry", "pdm", "pipenv", "hatch", "tox", "nox", "pytest",
     "pre-commit", "cargo", "go", "mvn", "mvnw", "gradle", "gradlew", "ant", "sbt", "lein",
     "bazel", "buck", "rake", "bundle", "bundler", "gem", "rspec", "composer", "phpunit",
     "docker", "docker-compose", "podman", "buildah", "vagrant", "terraform", "tofu",
     "ansible-playbook", "stack", "cabal", "mix", "rebar3", "dune", "opam", "zig", "swift",
     "dotnet", "msbuild", "xcodebuild", "invoke", "direnv", "mise", "nix", "nix-build"}
)  # fmt: skip
_LOOKS: Final = frozenset(
    {"ls", "list", "view", "info", "show", "outdated", "audit", "why", "search", "config", "tree",
     "version", "env", "doc", "fmt", "vet", "help", "metadata", "ps", "images", "logs", "login",
     "init", "status", "freeze", "fetch", "--version", "--help", "-V"}
)  # fmt: skip
_TAKES_COMMANDS: Final = frozenset({"database", "cluster"})  # from their standard input
_EXTRACTORS: Final = frozenset({"tar", "bsdtar", "gtar", "unzip", "7z"})
_ARCHIVE: Final = re.compile(r"\.(?:tar(?:\.\w+)?|t[gx]z|tbz2?|zip)$")


def remember_clone(review: Review, words: tuple[Word, ...]) -> None:
    """Remember the folder that `git clone` fills. `words`: what follows the verb."""
    plain = [word.text for word in words if not word.text.startswith("-")]
    for index, text in enumerate(plain):
        address = names_another_source(text).removesuffix(".git")
        if address:
            own = posixpath.basename(address.replace(":", "/"))
            folder = plain[index + 1] if index + 1 < len(plain) else own
            review.fetched[review.resolve(folder)] = address
            return


def remember_download(review: Review, path: str, words: tuple[Word, ...]) -> None:
    """Remember where an archive at `path`, resolved, came from. `words`: of its download."""
    address = _address_in(words) if _ARCHIVE.search(path) else ""
    if address:
        review.fetched[path] = address


def _remember_extracted(review: Review, call: Call) -> None:
    """Remember the folder that an archive is taken apart into, where the archive was fetched."""
    own = [word.text for word in call.arguments]
    paths = {review.resolve(text): review.fetched.get(review.resolve(text), "") for text in own}
    paths |= {address: address for address, _ in _piped_from(call)}
    for path, address in paths.items():
        if address:
            stem = _ARCHIVE.sub("", posixpath.basename(path))
            folder = next((to for option, to in pairwise(own) if option in {"-C", "-d"}), stem)
            review.fetched[review.resolve(folder)] = address
            return


def check_fetched(review: Review, call: Call, row: Row | None) -> None:
    """Judge a call that builds or runs what the same command has fetched before it."""
    if call.name in _EXTRACTORS:
        _remember_extracted(review, call)
    used = _used(review, call, row) if review.fetched else ()
    # Each at its own place: that the user named one address says nothing of another.
    found = [(_address_of(review, path), span) for path, span in used]
    if row is not None and row.special in _TAKES_COMMANDS:
        found += _piped_from(call)
    for address, span in found:
        if address:
            review.note(
                "installs-from-address",
                RiskLevel.MEDIUM,
                f"Runs what this same command has just fetched from {address}.",
                span,
                address,
            )


def _used(review: Review, call: Call, row: Row | None) -> Iterator[tuple[str, Span]]:
    """Paths, resolved, of what the call may run, and where each is said."""
    if "/" in call.name:
        yield review.resolve(call.name), call.words[0].span
    name = call.program.rstrip("0123456789.")
    words = call.arguments
    plain = [word for word in words if not word.text.startswith("-")]
    if name in _BUILDERS or any(word.text == "-m" for word in words):
        if not any(word.text in _LOOKS for word in (*plain[:1], *words[:1])):
            yield review.directory or ".", call.span
            for word in words:
                yield review.resolve(word.text.rpartition("=")[2]), word.span
    elif row is not None and (row.takes_script or row.special == "shell"):
        for word in plain[:1]:
            yield review.resolve(word.text), word.span


def _address_in(words: tuple[Word, ...]) -> str:
    return next(filter(None, (names_another_source(word.text) for word in words)), "")


def _piped_from(call: Call) -> list[tuple[str, Span]]:
    """The addresses that stages of the pipeline before `call` name, and where."""
    found: list[tuple[str, Span]] = []
    source = call.fed_by
    while source is not None:
        found += [(names_another_source(word.text), word.span) for word in source.arguments]
        source = source.fed_by
    return found


def _address_of(review: Review, path: str) -> str:
    for folder, address in review.fetched.items():
        inside = path == folder or path.startswith(f"{folder}/")
        if folder == ".":
            inside = not path.startswith(("/", "~"))
        if inside and review.written.get(folder) != FETCHED:  # an archive is no folder yet
            return address
    return ""
