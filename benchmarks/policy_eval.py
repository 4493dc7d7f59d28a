"""Policy evaluation at 10, 100 and 1,000 rules, beside the Agent Governance Toolkit's engine.

    python -m benchmarks.policy_eval

Each tool has five rules (permit it; deny an amount; deny what a tool named; ask for what leaves
the machine; ask for what cannot be undone), so more rules are more tools. Both engines get the
same rules and the same questions, and have to give the same answers. Ours is the whole of
`CedarJudge.judge`, with writing the context and checking the permission; theirs is
`PolicyEngine.evaluate`. Microseconds, p50 unless another is named. `unindexed` is ours with the
tool named in the condition, where no index can help; `shipped` is a tool call by the default pack,
allowed and asked (an ask is evaluated twice). Nothing is remembered from one call to the next.

The peer runs in an environment of its own: `.venv-oracles/bin/python` in the repository root, or
`MAESTRO_ORACLES_PYTHON`, holding the package agent-governance-toolkit-core. Without it the JSON
says "peer": null and why.
"""

import importlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter_ns
from typing import Any, Final

SIZES: Final = (10, 100, 1000)
_RULES_A_TOOL: Final = 5
_ROUNDS: Final = 3
_CALLS_OURS: Final = 2000
_CALLS_PEER: Final = {10: 1000, 100: 200, 1000: 30}
_PEER_S_MAX: Final = 300

Question = dict[str, Any]  # the tool, and the facts that differ from their defaults
_CASES: Final[tuple[tuple[dict[str, Any], str], ...]] = (
    ({}, "allow"),
    ({"amount_micros": 900}, "allow"),
    ({"read_only": True}, "allow"),
    ({"amount_micros": 5000}, "deny"),
    ({"tainted": True}, "deny"),
    ({"external": True}, "ask"),
    ({"irreversible": True}, "ask"),
)


def list_questions(rules: int) -> list[Question]:
    """Every case for every tool."""
    tools = (f"tool_{number}" for number in range(rules // _RULES_A_TOOL))
    return [{"resource": tool, **facts} for tool in tools for facts, _ in _CASES]


def expected_answers(rules: int) -> list[str]:
    """What both engines must say to `list_questions`."""
    return [answer for _ in range(rules // _RULES_A_TOOL) for _, answer in _CASES]


def time_calls(ask: Callable[[Any], object], questions: list[Any], calls: int) -> list[float]:
    """Microseconds of each call, over the questions in turn."""
    spent: list[float] = []
    for question in itertools.islice(itertools.cycle(questions), calls):
        start = perf_counter_ns()
        ask(question)
        spent.append((perf_counter_ns() - start) / 1000)
    return spent


def write_cedar(rules: int, *, indexed: bool) -> str:
    """The rules as a pack's text."""
    parts: list[str] = []
    for number in range(rules // _RULES_A_TOOL):
        tool = f"tool_{number}"
        scope = f'resource == Resource::"{tool}"' if indexed else "resource"
        own = "true" if indexed else f'context.resource == "{tool}"'
        head = f'(principal, action == Action::"tool.call", {scope}) when {{ {own}'
        consent = "unless { context.approved }"
        parts += [
            f'@id("permit:{tool}") permit {head} }};',
            f'@id("amount:{tool}") forbid {head} && context.amount_micros > 1000 }};',
            f'@id("tainted:{tool}") forbid {head} && context.tainted }};',
            f'@id("ask:external:{tool}") forbid {head} && context.external }} {consent};',
            f'@id("ask:irreversible:{tool}") forbid {head} && context.irreversible }} {consent};',
        ]
    return "\n".join(parts)


def build_ours(rules: int, *, indexed: bool = True) -> tuple[Callable[[Any], Any], list[Any]]:
    """Our judge with these rules, and the questions as it takes them."""
    from datetime import UTC, datetime  # noqa: PLC0415 - the peer's environment lacks what follows

    from core.governance.model import Facts, PolicyRequest  # noqa: PLC0415
    from core.governance.policies.model import Pack, PackLibrary  # noqa: PLC0415
    from core.governance.policies.parsing import parse_policies  # noqa: PLC0415
    from core.governance.policy_judge import CedarJudge  # noqa: PLC0415
    from core.ids import AgentId  # noqa: PLC0415
    from core.records import PrincipalRecord, Role  # noqa: PLC0415

    policies, problems = parse_policies(write_cedar(rules, indexed=indexed), file="bench.cedar")
    if problems:
        raise SystemExit("\n".join(map(str, problems)))
    pack = Pack(name="bench", description="bench", permissions={}, policies=policies)
    judge = CedarJudge(PackLibrary(packs={"bench": pack}, version="sha256:bench"), remembered=0)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    permissions = frozenset({"call_tools", "read_files", "write_files"})
    principal = PrincipalRecord(
        id=AgentId("bench"),
        role=Role.AGENT,
        permissions=tuple(permissions),
        pack="bench",
        first_seen=now,
        last_seen=now,
    )
    requests = [
        PolicyRequest(
            principal=principal,
            kind="tool.call",
            resource=question["resource"],
            facts=Facts(
                permissions=permissions,
                purpose_known=True,
                **{name: value for name, value in question.items() if name != "resource"},
            ),
        )
        for question in list_questions(rules)
    ]
    return judge.judge, requests


def measure_shipped() -> dict[str, float]:
    """p50 of tool calls judged by the pack that new agents belong to."""
    from core.governance.policies.loading import load_packs  # noqa: PLC0415
    from core.governance.policy_judge import CedarJudge  # noqa: PLC0415
    from core.settings import GovernanceSettings  # noqa: PLC0415

    pack = GovernanceSettings().default_pack
    judge = CedarJudge(load_packs(None), remembered=0)
    _, requests = build_ours(10)
    asked = replace(requests[0], principal=replace(requests[0].principal, pack=pack))
    tainted = replace(asked, facts=replace(asked.facts, tainted=True))
    spent = {"allow": asked, "ask": tainted}
    return {
        answer: round(median(time_calls(judge.judge, [request], _CALLS_OURS)), 1)
        for answer, request in spent.items()
        if judge.judge(request).decision == answer
    }


def build_peer(rules: int) -> tuple[Callable[[Any], Any], list[Any]]:
    """Their engine with the same rules, in their own expressions, and the questions as contexts."""
    policy = importlib.import_module("agentmesh.governance.policy")
    written: list[dict[str, Any]] = []
    for number in range(rules // _RULES_A_TOOL):
        tool = f"tool_{number}"
        own = f"resource == '{tool}'"
        written += [
            {"name": f"permit:{tool}", "condition": own, "action": "allow"},
            {"name": f"amount:{tool}", "condition": f"{own} and amount_micros > 1000"},
            {"name": f"tainted:{tool}", "condition": f"{own} and tainted"},
            *(
                {
                    "name": f"ask:{fact}:{tool}",
                    "condition": f"{own} and {fact}",
                    "action": "require_approval",
                    "priority": 1,
                }
                for fact in ("external", "irreversible")
            ),
        ]
    engine = policy.PolicyEngine(conflict_strategy="deny_overrides")
    rows = [policy.PolicyRule(**each) for each in written]
    engine.load_policy(policy.Policy(name="bench", agents=["*"], rules=rows))
    rest = {"tainted": False, "external": False, "irreversible": False, "amount_micros": 0}
    contexts = [{**rest, **question} for question in list_questions(rules)]
    return lambda context: engine.evaluate("bench", context), contexts


def measure_peer() -> dict[str, list[float]]:
    """Runs where the peer is installed: its times by size, once its answers are right."""
    spent: dict[str, list[float]] = {}
    for rules in SIZES:
        ask, contexts = build_peer(rules)
        answers = [ask(context).action.replace("require_approval", "ask") for context in contexts]
        if answers != expected_answers(rules):
            raise SystemExit(f"the peer answers otherwise at {rules} rules")
        spent[str(rules)] = time_calls(ask, contexts, _CALLS_PEER[rules])
    return spent


def measure_ours(*, indexed: bool) -> dict[str, list[float]]:
    """Our times by size, once our answers are seen to be right."""
    spent: dict[str, list[float]] = {}
    for rules in SIZES:
        ask, requests = build_ours(rules, indexed=indexed)
        if [ask(each).decision for each in requests] != expected_answers(rules):
            raise SystemExit(f"our answers are wrong at {rules} rules")
        spent[str(rules)] = time_calls(ask, requests, _CALLS_OURS if indexed else 300)
    return spent


def run_peer() -> tuple[dict[str, list[float]] | None, str]:
    """One round of the peer in its own environment, or why there is none."""
    given = os.environ.get("MAESTRO_ORACLES_PYTHON")
    python = Path(given or Path(__file__).parents[1] / ".venv-oracles" / "bin" / "python")
    if not python.exists():
        return None, f"no interpreter at {given or '.venv-oracles/bin/python'}"
    done = subprocess.run(
        [str(python), __file__, "--peer"],
        capture_output=True,
        text=True,
        timeout=_PEER_S_MAX,
        check=False,
    )
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["it failed without a word"])[-1]
    times: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return times, ""


def merge(rounds: Sequence[dict[str, list[float]]]) -> dict[str, list[float]]:
    """All calls of all rounds by size."""
    return {size: [call for each in rounds for call in each[size]] for size in rounds[0]}


def summarize(spent: dict[str, list[float]]) -> dict[str, float]:
    """p50 by size."""
    return {size: round(median(calls), 1) for size, calls in spent.items()}


def main() -> None:
    """Print one JSON line."""
    ours: list[dict[str, list[float]]] = []
    plain: list[dict[str, list[float]]] = []
    peers: list[dict[str, list[float]]] = []
    why = ""
    for _ in range(_ROUNDS):  # in turn, so that a busy machine is busy for both
        ours.append(measure_ours(indexed=True))
        plain.append(measure_ours(indexed=False))
        peer, why = run_peer()
        if peer is None:
            break
        peers.append(peer)
    figure = merge(ours)
    p50 = summarize(figure)
    theirs = None if why else summarize(merge(peers))
    report = {
        "benchmark": "policy_eval",
        "unit": "us",
        "figure": p50,
        "p99": {size: round(quantiles(calls, n=100)[98], 1) for size, calls in figure.items()},
        "flatness": round(p50["1000"] / p50["100"], 2),
        "unindexed": summarize(merge(plain)),
        "shipped": measure_shipped(),
        "peer": theirs,
        "peer_name": "agent-governance-toolkit-core PolicyEngine.evaluate",
        "peer_missing": why or None,
        "ratio": theirs and {size: round(theirs[size] / p50[size], 1) for size in p50},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    if sys.argv[1:] == ["--peer"]:
        print(json.dumps(measure_peer()))
    else:
        main()
