"""Packs from the shipped folder and the user's: all of them valid, or none is taken."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.actions import Decision, JsonValue
from core.errors import PolicyInvalid
from core.governance.model import Facts
from core.governance.policies.catalog import find_permission_problems
from core.governance.policies.facts import facts_from_json
from core.governance.policies.model import Pack, PackLibrary, Policy, PolicyCase, Problem
from core.governance.policies.parsing import parse_policies, schema_text
from core.records import Role

_SHIPPED: Final = files("core.governance.policies") / "packs"
_MANIFEST: Final = "pack.toml"
_CASES: Final = "cases.toml"
_FACT_NAMES: Final = tuple(each.name for each in fields(Facts))

_Model = TypeVar("_Model", bound=BaseModel)
_Text = Annotated[str, Field(min_length=1)]


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    description: _Text
    extends: tuple[str, ...] = ()
    permissions: dict[Role, tuple[str, ...]] = Field(default_factory=dict[Role, tuple[str, ...]])


class _Case(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: _Text
    kind: _Text
    resource: str
    role: Role = Role.AGENT
    facts: dict[str, bool | int | list[str]] = Field(
        default_factory=dict[str, bool | int | list[str]]
    )
    expect: Decision
    policy: _Text


class _Cases(BaseModel):
    model_config = ConfigDict(extra="forbid")

    case: tuple[_Case, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """One pack's folder, read but not yet joined with the packs that it extends."""

    name: str
    place: str
    manifest: _Manifest
    policies: tuple[Policy, ...]
    cases: tuple[_Case, ...]


class _Loader:
    """Collects every problem, so that one look shows all that is to be mended."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.sources: dict[str, _Source] = {}

    def read_folder(self, folder: Traversable) -> None:
        """Read each pack; one of a name that is known replaces it."""
        for entry in self._list(folder):
            if entry.name.startswith((".", "_")):
                continue
            if entry.is_dir():
                self._read_pack(entry)
            elif entry.name.endswith(".cedar"):
                self._report(entry, "stands in no pack; put it in a folder with a pack.toml")

    def join_all(self) -> dict[str, Pack]:
        """Packs with the policies and permissions of those that they extend."""
        return {name: self._join(source) for name, source in self.sources.items()}

    def _report(self, place: Traversable | str, message: str) -> None:
        self.problems.append(Problem(file=str(place), message=message))

    def _list(self, folder: Traversable) -> list[Traversable]:
        try:
            return sorted(folder.iterdir(), key=lambda each: each.name)
        except OSError as error:
            self._report(folder, f"cannot be read: {error}")
            return []

    def _read_pack(self, folder: Traversable) -> None:
        manifest = self._read_toml(folder / _MANIFEST, _Manifest)
        if manifest is None:
            return
        for role, permissions in manifest.permissions.items():
            for message in find_permission_problems(role, permissions):
                self._report(folder / _MANIFEST, f"permissions.{role}: {message}")
        policies: list[Policy] = []
        for entry in self._list(folder):
            if entry.name.endswith(".cedar"):
                policies += self._read_policies(entry)
        cases = _Cases()
        if (folder / _CASES).is_file():
            cases = self._read_toml(folder / _CASES, _Cases) or cases
        self.sources[folder.name] = _Source(
            name=folder.name,
            place=str(folder / _MANIFEST),
            manifest=manifest,
            policies=tuple(policies),
            cases=tuple(self._keep_sound(folder / _CASES, cases)),
        )

    def _read_policies(self, file: Traversable) -> tuple[Policy, ...]:
        text = self._read_text(file)
        if text is None:
            return ()
        policies, problems = parse_policies(text, file=str(file))
        self.problems += problems
        return policies

    def _read_toml(self, file: Traversable, model: type[_Model]) -> _Model | None:
        text = self._read_text(file)
        if text is None:
            return None
        try:
            return model.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            self._report(file, f"not valid TOML: {error}")
        except ValidationError as error:
            for each in error.errors():
                self._report(file, f"{'.'.join(map(str, each['loc']))}: {each['msg']}")
        return None

    def _read_text(self, file: Traversable) -> str | None:
        try:
            return file.read_text(encoding="utf-8")
        except FileNotFoundError:
            self._report(file, "is missing; every pack needs one")
        except (OSError, UnicodeDecodeError) as error:
            self._report(file, f"cannot be read: {error}")
        return None

    def _keep_sound(self, file: Traversable, cases: _Cases) -> Iterator[_Case]:
        for case in cases.case:
            faults = [
                f"unknown fact {name!r}{_hint(name, _FACT_NAMES)}"
                for name in sorted(case.facts.keys() - set(_FACT_NAMES))
            ]
            try:
                facts_from_json(case.facts)
            except ValueError as error:
                faults.append(str(error))
            for fault in faults:
                self._report(file, f"case {case.name!r}: {fault}")
            if not faults:
                yield case

    def _join(self, source: _Source) -> Pack:
        lineage = tuple(self._lineage(source, ()))
        policies = tuple(policy for each in lineage for policy in each.policies)
        self._refuse_twins(policies)
        permissions: dict[Role, tuple[str, ...]] = {}
        for each in lineage:
            permissions |= each.manifest.permissions
        return Pack(
            name=source.name,
            description=source.manifest.description,
            permissions=permissions,
            policies=policies,
            cases=tuple(_build_case(each, permissions) for each in source.cases),
        )

    def _lineage(self, source: _Source, heirs: tuple[str, ...]) -> Iterator[_Source]:
        """The packs that it extends, nearest last, then itself; each one once."""
        seen: set[str] = set()
        for name in source.manifest.extends:
            parent = self.sources.get(name)
            if parent is None:
                hint = _hint(name, self.sources)
                self._report(source.place, f"extends the unknown pack {name!r}{hint}")
            elif name in (*heirs, source.name):
                self._report(source.place, f"extends itself through {name!r}")
            else:
                for each in self._lineage(parent, (*heirs, source.name)):
                    if each.name not in seen:
                        seen.add(each.name)
                        yield each
        yield source

    def _refuse_twins(self, policies: Iterable[Policy]) -> None:
        first: dict[str, Policy] = {}
        for policy in policies:
            twin = first.setdefault(policy.id, policy)
            if policy.id and twin is not policy:
                message = f"has the name of one at {twin.file}:{twin.line}; give it its own @id"
                problem = Problem(
                    file=policy.file, line=policy.line, policy=policy.id, message=message
                )
                self.problems.append(problem)


def collect_packs(user_folder: Path | None) -> tuple[PackLibrary | None, tuple[Problem, ...]]:
    """The library, or None and each problem once."""
    loader = _Loader()
    loader.read_folder(_SHIPPED)
    if user_folder is not None:
        if user_folder.is_dir():
            loader.read_folder(user_folder)
        else:
            message = "is no folder; make it, or change [governance] packs_dir"
            loader.problems.append(Problem(file=str(user_folder), message=message))
    packs = loader.join_all()
    if loader.problems:
        return None, tuple(dict.fromkeys(loader.problems))
    return PackLibrary(packs=packs, version=digest_packs(packs)), ()


def load_packs(user_folder: Path | None) -> PackLibrary:
    """Shipped packs and the user's, validated; a user's pack replaces a shipped one of its name.

    Raises: PolicyInvalid with one line a problem: file, line, policy, and what to do.
    """
    library, problems = collect_packs(user_folder)
    if library is None:
        raise PolicyInvalid("\n".join(map(str, problems)))
    return library


def digest_packs(packs: Mapping[str, Pack]) -> str:
    """ "sha256:" + digest of the schema and of all that a verdict can rest on."""
    content: dict[str, JsonValue] = {
        name: {
            "permissions": {role.value: sorted(given) for role, given in pack.permissions.items()},
            "policies": [policy.text for policy in pack.policies],
        }
        for name, pack in packs.items()
    }
    text = json.dumps({"schema": schema_text(), "packs": content}, sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _hint(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _build_case(case: _Case, permissions: Mapping[Role, tuple[str, ...]]) -> PolicyCase:
    defaults = {"permissions": list(permissions.get(case.role, ()))}
    return PolicyCase(
        name=case.name,
        kind=case.kind,
        resource=case.resource,
        role=case.role,
        facts=facts_from_json({**defaults, **case.facts}),
        expect=case.expect,
        policy=case.policy,
    )
