"""Only valid packs load; what is refused says where and what to do."""

from collections.abc import Generator
from pathlib import Path

import pytest

from core.actions import Decision
from core.errors import PolicyInvalid
from core.governance.policies.loading import load_packs
from core.governance.policies.testing import check
from core.governance.policy_judge import CedarJudge
from core.records import Role
from tests.unit.governance.policies.samples import PERMIT_ALL, make_request, write_pack

ASK = '@id("ask:x") forbid (principal, action, resource)'


def problems(folder: Path) -> str:
    return "\n".join(map(str, check(folder)))


def test_a_users_pack_stands_beside_the_shipped_ones(tmp_path: Path) -> None:
    library = load_packs(write_pack(tmp_path, rules=PERMIT_ALL))
    assert {"mine", "coding-agent"} <= library.packs.keys()
    assert CedarJudge(library).judge(make_request()).decision is Decision.ALLOW


def test_a_users_pack_replaces_a_shipped_one_of_its_name(tmp_path: Path) -> None:
    library = load_packs(write_pack(tmp_path, "lockdown", rules=PERMIT_ALL))
    assert [each.id for each in library.packs["lockdown"].policies] == ["permit:all"]


def test_a_pack_has_the_policies_and_permissions_of_those_it_extends(tmp_path: Path) -> None:
    manifest = 'description = "mine"\nextends = ["coding-agent", "data-agent"]\n'
    manifest += '[permissions]\nagent = ["query_data"]\n'
    library = load_packs(write_pack(tmp_path, manifest=manifest))
    mine = [each.id for each in library.packs["mine"].policies]
    assert {"permit:shell", "permit:data", "quarantine:reads-only"} <= set(mine)
    assert len(mine) == len(set(mine))
    assert library.permissions_of("mine") == ("query_data",)
    assert library.permissions_of("mine", Role.ORCHESTRATOR) == ("read_files",)
    assert library.permissions_of("mine", Role.OPERATOR) == ()


def test_an_unknown_packs_permissions_are_an_error() -> None:
    with pytest.raises(KeyError):
        load_packs(None).permissions_of("gone")


def test_the_version_changes_with_any_policy_and_with_nothing_else(tmp_path: Path) -> None:
    first = load_packs(write_pack(tmp_path / "a", rules=PERMIT_ALL)).version
    assert first == load_packs(write_pack(tmp_path / "b", rules=PERMIT_ALL)).version
    edited = PERMIT_ALL.replace(";", " when { context.read_only };")
    assert first != load_packs(write_pack(tmp_path / "c", rules=edited)).version


def test_the_version_changes_with_default_permissions(tmp_path: Path) -> None:
    manifest = 'description = "mine"\n[permissions]\nagent = ["read_files"]\n'
    plain = load_packs(write_pack(tmp_path / "a")).version
    assert plain != load_packs(write_pack(tmp_path / "b", manifest=manifest)).version


def test_an_invalid_set_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    judge = CedarJudge(load_packs(write_pack(tmp_path, rules=PERMIT_ALL)))
    before = judge.version
    write_pack(tmp_path, rules=PERMIT_ALL + "forbid (")
    with pytest.raises(PolicyInvalid, match="not valid Cedar"):
        judge.reload(load_packs(tmp_path))
    assert judge.version == before
    assert judge.judge(make_request()).decision is Decision.ALLOW


def test_a_problem_names_file_line_policy_and_remedy(tmp_path: Path) -> None:
    text = (
        '// first\n\n@id("typo")\nforbid (principal, action, resource)\nwhen { context.taintd };\n'
    )
    write_pack(tmp_path, rules=PERMIT_ALL + text)
    found = problems(tmp_path)
    assert f"{tmp_path / 'mine' / 'rules.cedar'}:4: policy 'typo': does not fit the schema" in found
    assert "`taintd`" in found


def test_a_syntax_error_is_found_at_its_statement(tmp_path: Path) -> None:
    broken = "/* no; */ permit (principal action, resource);"
    text = f'{PERMIT_ALL}// a; "comment\n{ASK} when {{ context.resource == "a;b" }}\n'
    text += f"  unless {{ context.approved }};\n{broken}\n"
    write_pack(tmp_path, rules=text)
    assert "rules.cedar:5: not valid Cedar" in problems(tmp_path)


def test_a_lone_semicolon_is_refused(tmp_path: Path) -> None:
    write_pack(tmp_path, rules="; // only a comment")
    assert "rules.cedar:1: not valid Cedar" in problems(tmp_path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("permit (principal, action, resource);", 'has no name; put @id("…")'),
        (PERMIT_ALL + PERMIT_ALL, "has the name of one at"),
        ('@id("a") permit (principal == ?principal, action, resource);', "is a template"),
        ('@id("a") permit (principal, action, resource == ?resource);', "is a template"),
        ('@id("a") permit (principal, action == Action::"nope", resource);', 'Action::"nope"'),
        ('@id("a") @reasn("b") permit (principal, action, resource);', "did you mean @reason?"),
        ('@id("a") @zzz permit (principal, action, resource);', "unknown annotation @zzz"),
        (ASK + ";", "ends with `unless { context.approved }`"),
        (ASK + " unless { context.approved || context.read_only };", "ends with `unless"),
        (ASK + " unless { context.approved } unless { context.approved };", "ends with `unless"),
        ('@id("ask:x") permit (principal, action, resource);', "is a forbid that ends"),
        (
            ASK + " when { !context.approved } unless { context.approved };",
            "reads context.approved",
        ),
        (
            '@id("a") forbid (principal, action, resource) unless { context.approved };',
            "reads context.approved",
        ),
        (
            '@id("a") permit (principal, action, resource) when { [context.approved].isEmpty() };',
            "reads context.approved",
        ),
        (
            '@id("a") permit (principal, action, resource) when { context has approved };',
            "takes context as a whole",
        ),
        (
            '@id("a") permit (principal, action, resource) when { {c: context}.c.approved };',
            "takes context as a whole",
        ),
        (
            '@id("a") @second_approver("true") permit (principal, action, resource);',
            'takes "true", on an ask: policy',
        ),
        (
            '@second_approver("yes")' + ASK + " unless { context.approved };",
            'takes "true", on an ask: policy',
        ),
        (
            '@id("a") @violation("no") forbid (principal, action, resource);',
            'takes "false", on a forbid',
        ),
        (
            '@id("a") @violation("false") permit (principal, action, resource);',
            'takes "false", on a forbid',
        ),
        ('@id("fail-safe:x") permit (principal, action, resource);', "only the gate gives"),
        ('@id("default-deny") permit (principal, action, resource);', "only the gate gives"),
        (
            '@id("a") permit (principal, action, resource) when { context.role == Role::"boss" };',
            "does not fit the schema",
        ),
    ],
)
def test_what_cedar_accepts_and_the_gate_must_not_is_refused(
    text: str, complaint: str, tmp_path: Path
) -> None:
    write_pack(tmp_path, rules=text)
    assert complaint in problems(tmp_path)


@pytest.mark.parametrize(
    ("manifest", "complaint"),
    [
        ("description = ", "not valid TOML"),
        ("", "description: Field required"),
        ('description = "x"\nextend = []', "extend: Extra inputs"),
        ('description = "x"\nextends = ["coding-agnt"]', "did you mean 'coding-agent'?"),
        ('description = "x"\nextends = ["zzz"]', "extends the unknown pack 'zzz'"),
        ('description = "x"\nextends = ["mine"]', "extends itself through 'mine'"),
        ('description = "x"\n[permissions]\nboss = []', "permissions.boss"),
        ('description = "x"\n[permissions]\nagent = ["fly"]', "unknown permission 'fly'"),
        (
            'description = "x"\n[permissions]\nagent = ["evaluate_governance"]',
            "is for the role judge alone",
        ),
    ],
)
def test_a_wrong_manifest_is_refused(manifest: str, complaint: str, tmp_path: Path) -> None:
    write_pack(tmp_path, manifest=manifest)
    assert complaint in problems(tmp_path)


def test_packs_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    write_pack(tmp_path, "one", manifest='description = "x"\nextends = ["two"]')
    write_pack(tmp_path, "two", manifest='description = "x"\nextends = ["one"]')
    assert "extends itself through" in problems(tmp_path)


@pytest.mark.parametrize(
    ("case", "complaint"),
    [
        ('facts = { taintd = true }\npolicy = "p"', "did you mean 'tainted'?"),
        ('facts = { zzz = true }\npolicy = "p"', "unknown fact 'zzz'"),
        ('facts = { tainted = 1 }\npolicy = "p"', "tainted"),
        ("", "case.0.policy: Field required"),
    ],
)
def test_a_wrong_test_case_is_refused(case: str, complaint: str, tmp_path: Path) -> None:
    head = '[[case]]\nname = "a"\nkind = "other"\nresource = ""\nexpect = "deny"\n'
    write_pack(tmp_path, cases=head + case)
    assert complaint in problems(tmp_path)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    write_pack(tmp_path, one="permit (", two="permit (principal, action, resource);")
    write_pack(tmp_path, "other", manifest="x")
    with pytest.raises(PolicyInvalid) as refused:
        load_packs(tmp_path)
    assert len(str(refused.value).splitlines()) == 3


def test_what_is_no_pack_is_told_or_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "README.md").write_text("mine")
    assert check(tmp_path) == ()
    (tmp_path / "loose.cedar").write_text(PERMIT_ALL)
    (tmp_path / "empty").mkdir()
    found = problems(tmp_path)
    assert "stands in no pack" in found
    assert "pack.toml: is missing" in found


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    write_pack(tmp_path, rules=PERMIT_ALL)
    (tmp_path / "mine" / "rules.cedar").write_bytes(b"\xff\xfe")
    assert "rules.cedar: cannot be read" in problems(tmp_path)


class LockedFolder(type(Path())):  # type: ignore[misc]
    """A folder that may be seen and not listed."""

    def iterdir(self) -> Generator[Path, None, None]:
        yield from ()
        raise PermissionError(13, "Permission denied")


def test_a_folder_that_cannot_be_listed_is_a_problem(tmp_path: Path) -> None:
    assert "cannot be read" in problems(LockedFolder(tmp_path))


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert "is no folder" in problems(tmp_path / "gone")
