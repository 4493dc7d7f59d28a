"""The tables: what a secret looks like, and what looks like a prompt injection.

Every pattern takes time linear in the text: it starts at a literal or at a word's edge, its
repetitions are possessive or bounded, and a long scan that fails is never started twice at one
place. `hints` are lower-case literals, one of which the lower-cased text must hold; they keep
ordinary text cheap.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.governance.screening.judgement import has_digit, is_random, is_reference


@dataclass(frozen=True, slots=True)
class SecretPattern:
    """One shape of secret. The group `secret`, else the whole match, is redacted."""

    kind: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    accept: Callable[[str], bool] | None = None


def _shape(
    kind: str,
    hints: str,
    pattern: str,
    *,
    flags: int = 0,
    accept: Callable[[str], bool] | None = None,
) -> SecretPattern:
    return SecretPattern(kind, tuple(hints.split()), re.compile(pattern, flags), accept)


# A token's edge: no word before it, or an escape such as \n or %20 that only looks like one.
_EDGE: Final = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
_IGNORE_CASE: Final = re.IGNORECASE
_GAP: Final = r"(?:\s|\\[nrt])*+"

# One word of a command. Quotes end at what could run something: redaction must hide no command.
_WORD: Final = (
    r"(?P<quote>[\"'])?(?P<secret>(?(quote)[^\"';|&<>()`\\\n]{1,128}+"
    r"|[^\s\"'\\$`;|&<>()\[\]-][^\s\"'\\$`;|&<>()\[\]]{0,127}+))"
)
_PLAIN: Final = r"[^\s:\"'\\$`;|&<>()\[\]]"  # of a line `user:password`


def _is_literal(value: str) -> bool:
    return not is_reference(value)


SECRETS: Final = (
    _shape(
        "private-key",
        "private",
        r"-----BEGIN[A-Z0-9 ]{0,30} PRIVATE KEY(?: BLOCK)?-----"
        rf"(?:{_GAP}(?:Proc-Type|DEK-Info|Version|Comment|Hash):[^\r\n\\]{{0,120}}+)*+"
        rf"(?:{_GAP}(?:[A-Za-z0-9+/]{{16,}}+=*+|=[A-Za-z0-9+/]{{4}}(?![A-Za-z0-9+/])"
        rf"|[A-Za-z0-9+/]{{1,15}}+=*+(?={_GAP}(?:=[A-Za-z0-9+/]{{4}}{_GAP})?-----END)))++"
        rf"(?:{_GAP}-----END[A-Z0-9 ]{{0,30}} PRIVATE KEY(?: BLOCK)?-----)?",
    ),
    _shape("age-key", "age-secret-key-1", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    _shape("aws-access-key", "akia asia abia acca", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    _shape(
        "aws-secret-key",
        "secret",
        r"secret_?access_?key[\\\"']{0,4}[\s:=,]{1,4}[\\\"']{0,4}"
        r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
        flags=re.IGNORECASE,
    ),
    _shape("gcp-api-key", "aiza", r"AIza[0-9A-Za-z_-]{35}"),
    _shape("gcp-oauth", "gocspx- ya29.", r"(?:GOCSPX-[A-Za-z0-9_-]{20,64}+|ya29\.[\w-]{20,2048}+)"),
    _shape("azure-client-secret", "q~", rf"{_EDGE}[A-Za-z0-9_~.]{{3}}[0-9]Q~[\w~.-]{{31,34}}"),
    _shape("azure-sas", "sig=", r"(?<=[?&]sig=)(?P<secret>[A-Za-z0-9%+/=]{20,256}+)"),
    _shape("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,255}+"),
    _shape("github-token", "github_pat_", r"github_pat_[A-Za-z0-9_]{22,255}+"),
    _shape("gitlab-token", "glpat- gldt- glrt-", r"gl(?:pat|dt|rt)-[A-Za-z0-9_-]{20,64}+"),
    _shape("slack-token", "xox", r"xox[abceoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,255}+"),
    _shape("slack-token", "xapp-", r"xapp-[0-9]-[A-Za-z0-9-]{10,255}+"),
    _shape(
        "webhook-url",
        "hooks.slack.com discord",
        r"(?:hooks\.slack\.com/(?:services|workflows|triggers)|discord(?:app)?\.com/api/webhooks)"
        r"/(?P<secret>[A-Za-z0-9_/-]{16,255}+)",
    ),
    _shape(
        "stripe-key",
        "_live_ _test_ whsec_",
        r"(?:[srp]k_(?:live|test)_[A-Za-z0-9]{16,255}+|whsec_[A-Za-z0-9+/=]{24,255}+)",
    ),
    _shape("anthropic-key", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{16,255}+"),
    _shape(
        "openai-key",
        "sk-",
        rf"{_EDGE}sk-(?:(?:proj|svcacct|admin|or|None)-[A-Za-z0-9_-]{{16,255}}+|[A-Za-z0-9]{{32,255}}+)",
    ),
    _shape("npm-token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _shape("pypi-token", "pypi-ageich", r"pypi-AgEIcHlwaS5vcmc[\w-]{16,1024}+"),
    _shape("huggingface-token", "hf_", r"hf_[A-Za-z0-9]{30,64}+"),
    _shape("sendgrid-key", "sg.", r"SG\.[\w-]{16,32}+\.[\w-]{16,64}+"),
    _shape("twilio-key", "sk", r"SK[0-9a-f]{32}"),
    _shape(
        "telegram-token",
        ":aa",
        r"(?:(?<![0-9])|(?<=%[0-9A-Fa-f]{2}))[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",
    ),
    _shape("digitalocean-token", "_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    _shape("shopify-token", "shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _shape("databricks-token", "dapi", r"dapi[0-9a-f]{32}"),
    _shape("vault-token", "hvs. hvb. hvr.", r"hv[sbr]\.[A-Za-z0-9_-]{24,255}+"),
    _shape("docker-token", "dckr_", r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,64}+"),
    _shape("grafana-token", "glsa_ glc_", r"(?:glsa_[A-Za-z0-9_]{32,64}+|glc_[\w+/=]{32,400}+)"),
    _shape("linear-key", "lin_api_", r"lin_api_[A-Za-z0-9]{32,64}+"),
    _shape("postman-key", "pmak-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    _shape("atlassian-token", "atatt3", r"ATATT3[\w=-]{100,400}+"),
    _shape("tailscale-key", "tskey-", r"tskey-[a-z]{1,12}-[A-Za-z0-9-]{16,128}+"),
    _shape("maestro-token", "mst_", r"mst_(?:agent|oper)_[A-Za-z0-9_-]{32,128}+"),
    _shape(
        "jwt",
        "eyj",
        rf"{_EDGE}eyJ[\w-]{{8,}}+\.(?:eyJ[\w-]{{4,}}+\.[\w-]*+|[\w-]*+\.[\w-]++\.[\w-]++\.[\w-]++)",
        flags=re.ASCII,
    ),
    _shape(
        "authorization",
        "authorization",
        r"authorization[\\\"']{0,4}\s{0,4}[:=]\s{0,4}[\\\"']{0,4}"
        r"(?:bearer|basic|token|digest|apikey|negotiate)\s{1,4}"
        r"(?P<secret>[A-Za-z0-9._~+/=:-]{8,}+)",
        flags=_IGNORE_CASE,
    ),
    _shape(
        "authorization",
        "authorization",
        r"authorization[\\\"']{0,4}\s{0,4}[:=]\s{0,4}[\\\"']{0,4}"
        r"(?P<secret>[A-Za-z0-9._~+/=:-]{8,}+)",
        flags=_IGNORE_CASE,
        accept=has_digit,
    ),
    _shape(
        "bearer-token",
        "bearer",
        r"bearer(?:\s|%20|\+){1,4}(?P<secret>[A-Za-z0-9._~+/=-]{16,}+)",
        flags=_IGNORE_CASE,
        accept=has_digit,
    ),
    _shape(
        "url-password",
        "://",
        r"://[^\s/:@\"'<>\\?#]{0,256}+:(?P<secret>[^\s/\"'<>\\?#]{1,256})@",
    ),
    _shape("url-password", "://", r"://(?P<secret>[A-Za-z0-9_-]{20,256}+)@", accept=is_random),
    _shape(
        "password",
        "password identified",
        r"\b(?:(?:create|alter)\s{1,8}(?:role|user|login|group)|grant)\b[^;]{0,200}?"
        r"\b(?:password|identified\s{1,8}(?:with\s{1,8}\S{1,64}\s{1,8})?(?:by|as)"
        r"(?:\s{1,8}password)?)\s{1,8}(?P<quote>['\"])"
        r"(?P<secret>(?:(?!(?P=quote))[^\n]|(?P=quote)(?P=quote)){1,256}+)(?P=quote)",
        flags=_IGNORE_CASE,
    ),
    _shape(
        "password",
        "machine login",
        r"\blogin\s{1,8}\S{1,256}+\s{1,8}password\s{1,8}(?P<secret>[^\s\[\]]{1,256}+)",
        flags=_IGNORE_CASE,
    ),
    _shape(
        "password",
        "curl",
        r"(?<!\S)(?:-u|--user|--proxy-user)[ =]{0,2}[\\\"']{0,2}[^\s:\"'\\$]{1,128}+:"
        r"(?P<secret>[^\s\"'\\$`;|&<>()\[\]]{1,256}+)",
    ),
    _shape(
        "password",
        "mysql maria sshpass",
        r"\b(?:mysql|mysqldump|mysqladmin|mariadb|sshpass)\b[^|;&\n]{0,200}?\s-p"
        rf"(?:(?<=sshpass -p)\s{{0,4}})?{_WORD}",
        accept=_is_literal,
    ),
    _shape(
        "password",
        "login",  # docker, az, oc and whoever else logs in so; but `-p` of `ssh login` is a port
        rf"(?<!\bssh)\slogin(?=\s)[^|;&\n]{{0,200}}?\s-p[ =]{{0,2}}{_WORD}",
        accept=_is_literal,
    ),
    _shape(
        "password",
        "htpasswd",
        r"\bhtpasswd(?=[^|;&\n]{0,80}?\s-[A-Za-z0-9]{0,8}b)"
        r"(?:\s{1,4}-\w{1,12}(?:\s{1,4}[0-9]{1,5})?){1,8}"
        rf"(?:\s{{1,4}}[^\s|;&<>-][^\s|;&<>]{{0,255}}+){{1,2}}\s{{1,4}}{_WORD}"
        r"(?=[\"']?\s{0,4}(?:[;|&>)#\n]|\Z))",
        accept=_is_literal,
    ),
    _shape(
        "password",
        "ldap",
        rf"\bldap[a-z]{{3,8}}\b[^|;&\n]{{0,200}}?\s-w\s?{_WORD}",
        accept=_is_literal,
    ),
    _shape(
        "password",
        "ldappasswd",
        rf"\bldappasswd\b[^|;&\n]{{0,200}}?\s-[as]\s?{_WORD}",
        accept=_is_literal,
    ),
    _shape(
        "password",
        "chpasswd",
        rf"(?<=:)(?P<secret>{_PLAIN}{{1,128}}+)(?=[^|;&\n]{{0,200}}\|\s{{0,4}}"
        r"(?:sudo\s{1,4}(?:-\w{1,8}\s{1,4}){0,3})?(?:/\w{1,8}){0,3}/?chpasswd\b)",
    ),
    _shape(
        "password",
        "chpasswd",
        r"\bchpasswd\b[^|;&<\n]{0,80}(?:<<<\s{0,4}[\"']?|<<-?\s?[\"']?\w{1,32}+[\"']?\n)"
        rf"(?P<secret>{_PLAIN}{{1,64}}+:{_PLAIN}{{1,128}}+(?:\n{_PLAIN}{{1,64}}+:{_PLAIN}{{1,128}}+){{0,50}})",
    ),
    _shape(
        "password",
        "smb rpcclient",
        r"\b(?:smb\w{2,8}|rpcclient)\b[^|;&\n]{0,200}?(?:-U|--user)[ =]?[\"']?[^\s%\"']{1,64}+%"
        rf"(?P<secret>{_PLAIN}{{1,128}}+)",
    ),
    _shape(
        "pin",
        "pin otp cvv cvc",
        r"\b(?:pin|otp|cvv2?|cvc2?)(?:\s{1,4}code)?\s{1,4}(?:is|was|é)\s{0,4}[:=]?\s{0,4}"
        r"(?P<secret>[0-9]{3,10}+)(?![\w.])",
        flags=_IGNORE_CASE,
    ),
    _shape(
        "password",
        "redis-cli",
        r"\bredis-cli\b[^|;&\n]{0,200}?\s-a[ =]?"
        r"[\"']?(?P<secret>[^\s\"'\\$`;|&<>()\[\]-][^\s\"'\\$`;|&<>()\[\]]{0,127}+)",
    ),
    _shape(
        "password",
        "password passphrase passcode senha",
        r"\b(?:password|passphrase|passcode|senha)\s{1,4}(?:is|was|é)\s{0,4}[:=]?\s{0,4}[\"'`]?"
        r"(?P<secret>[^\s\"'`,;\[\]()]{4,128}+)",
        flags=_IGNORE_CASE,
        accept=lambda value: any(each.isdigit() or each in "!@#$%^&*" for each in value),
    ),
    _shape(
        "secret",
        "key secret token passw passphrase credential",
        r"(?:api[ _-]?key|access[ _-]?key|secret|token|passw(?:or)?d|passphrase|credential)s?\b"
        r"[^\n\w]{0,3}(?:\w{1,24}[^\n\w]{1,3}){0,3}?(?<![\w+=-])"
        r"(?P<secret>[A-Za-z0-9_+=-]{20,256}+)",
        flags=_IGNORE_CASE,
        accept=is_random,
    ),
)

_WORDS: Final = r"[\W_]{1,8}+"
_ANY: Final = rf"(?:{_WORDS}[^\W_]{{1,24}}+){{0,3}}?{_WORDS}"


@dataclass(frozen=True, slots=True)
class InjectionPattern:
    """One way in which text speaks to a model. The hints are as for secrets."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]


def _mark(hints: str, *parts: str) -> InjectionPattern:
    return InjectionPattern(tuple(hints.split("/")), re.compile("".join(parts), _IGNORE_CASE))


INJECTIONS: Final = (
    _mark(
        "ignore/disregard/forget/override/bypass",
        rf"\b(?:ignore|disregard|forget|override|bypass){_ANY}",
        r"(?:previous|prior|above|earlier|preceding|former|safety|system|your)",
        rf"{_ANY}(?:instructions?|prompts?|rules?|directions?|guidelines?|polic(?:y|ies))\b",
    ),
    _mark(
        "ignora/ignore/esque",
        rf"\b(?:ignor[ea]\w{{0,3}}|esque[cç]\w{{1,3}}){_ANY}",
        r"(?:instruç|instrucc|regras|reglas|ordens|órdenes)",
    ),
    _mark(
        "system/hidden/initial/original",
        rf"\b(?:reveal|print|show|repeat|output|display|leak|send){_ANY}",
        r"(?:system|hidden|initial|original)[\s_-]{1,4}(?:prompt|instructions|message)\b",
    ),
    _mark(
        "<|",
        r"<\|{1,2} ?(?:im_start|im_end|system|user|assistant|endoftext|start_header_id) ?\|{1,2}>",
    ),
    _mark("inst]/sys>>", r"(?-i:\[/?INST\]|<</?SYS>>)"),
    _mark("<system", r"<system[_-](?:prompt|override|instructions?)>"),
    _mark(
        "system", r"\b(?:new|updated|real)\s{1,4}system\s(?:instructions?|prompt|override)\s{0,4}:"
    ),
    _mark(
        "tell/inform/mention/notify/alert",
        rf"\b(?:do{_WORDS}not|don.?t|never|without){_WORDS}",
        rf"(?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?|notify(?:ing)?|alert(?:ing)?){_ANY}",
        r"(?:user|human|operator|owner|anyone|victim)\b",
    ),
    _mark(
        "dan/jailbroken/unrestricted/unfiltered/developer",
        rf"\b(?:you{_WORDS}are{_WORDS}now|act{_WORDS}as|enter|enable){_ANY}",
        r"(?:(?-i:DAN)|jailbroken|unrestricted|unfiltered|developer[\s_-]mode)\b",
    ),
    _mark(
        "ethic/moral/content/safety/usual/typical",
        rf"\b(?:no|without|free(?:d{_WORDS}|{_WORDS})from|bypass|ignor\w{{1,4}}|disregard\w{{0,3}})",
        rf"{_ANY}(?:ethic\w{{0,4}}|moral\w{{0,4}}|content|safety|usual|typical){_ANY}",
        r"(?:guidelines?|restrictions?|polic(?:y|ies)|constraints?|filters?|limitations?",
        r"|principles|boundaries)\b",
    ),
    _mark(
        "character/anything",
        rf"\b(?:(?:stay|remain|keep){_WORDS}in{_WORDS}character",
        rf"|do{_WORDS}anything{_WORDS}now)\b",
    ),
)
