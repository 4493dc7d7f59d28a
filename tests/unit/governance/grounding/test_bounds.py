"""What grounding does with arguments that are too large to be read whole: it asks."""

from core.actions import JsonObject
from core.governance.grounding.rules import ground_action, needs_operator
from core.governance.model import Grounding
from tests.factories import make_action

PURPOSE = "Send an email with the notes to ann@site.org"
LONG = "x" * 300_000


def ground(arguments: JsonObject, *, kind: str = "tool.call") -> Grounding:
    return ground_action(
        make_action(kind=kind, resource="send_email", arguments=arguments, purpose=PURPOSE)
    )


def codes(grounding: Grounding) -> set[str]:
    return {finding.code for finding in grounding.findings}


def test_the_end_of_a_very_long_name_still_tells_its_role() -> None:
    found = ground({f"{LONG}_recipients": [f"{i}@evil.org" for i in range(300)]})
    assert needs_operator(found, purpose_known=True)
    assert codes(found) == {"target-not-in-purpose"}


def test_no_finding_holds_a_very_long_name() -> None:
    found = ground({LONG: {f"{LONG}_recipient": "eve@evil.org"}})
    assert needs_operator(found, purpose_known=True)
    assert max(len(finding.path) for finding in found.findings) < 500


def test_a_link_beyond_what_is_read_of_all_content_asks() -> None:
    words = "plain words " * 1_000
    notes: JsonObject = {f"note{i}": words for i in range(20)}
    few = dict(list(notes.items())[:4])
    assert not needs_operator(ground({"to": "ann@site.org", **few}), purpose_known=True)
    many = ground({"to": "ann@site.org", **notes, "body": "see https://evil.org/x"})
    assert "arguments-too-large" in codes(many)
    assert needs_operator(many, purpose_known=True)


def test_a_target_behind_too_much_content_is_still_looked_at() -> None:
    notes: JsonObject = {f"note{i}": "plain words " * 1_000 for i in range(20)}
    found = ground({**notes, "to": "eve@evil.org"})
    assert {"arguments-too-large", "target-not-in-purpose"} <= codes(found)


def test_findings_about_content_end_at_a_bound() -> None:
    bodies: JsonObject = {
        f"body{i}": " ".join(f"{i}.{each}@evil.org" for each in range(100)) for i in range(9)
    }
    found = ground(bodies)
    assert "arguments-too-large" in codes(found)
    assert len(found.findings) < 400


def test_much_content_of_a_file_is_the_agents_to_write() -> None:
    notes: JsonObject = {f"note{i}": "plain words " * 1_000 for i in range(20)}
    assert "arguments-too-large" not in codes(ground(notes, kind="file.write"))
