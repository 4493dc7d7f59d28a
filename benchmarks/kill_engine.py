"""Kills a whole `maestro serve` under load through HTTP, again and again, on one and the same home.

    python -m benchmarks.kill_engine [--rounds 100]

Agents propose and report, operators approve and deny the same actions at the same time, until
`kill -9` in the middle of it. After each restart every acknowledged action, decision and outcome
must be there, nothing decided twice, and the trail whole. Prints one JSON line; exits 1 when not.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from core.adapters.home import STORE_FILE
from core.adapters.sqlite.files import iter_audit_rows
from core.assembly.foundation import verify_trail

_ROOT: Final = Path(__file__).resolve().parent.parent
_AGENTS: Final = 8
_OPERATORS: Final = 3
_COMMANDS: Final = ("ls -la", "git status", "cat ~/.ssh/id_ed25519", "docker push shop")
_DECISIONS: Final = {"approve": "allowed", "deny": "denied"}
_SETTLED: Final = ("approval.approved", "approval.denied", "approval.expired")
_TOO_LATE: Final = 409
_TOO_MANY: Final = 429


@dataclass(slots=True)
class Tally:
    """What all rounds together gave."""

    rounds: int = 0
    actions: int = 0  # acknowledged: the agent got an answer
    decisions: int = 0
    outcomes: int = 0
    entries: int = 0
    lost: int = 0
    decided_twice: int = 0  # on the trail
    told_twice: int = 0  # both of two rival operators were told that theirs counts
    verify_failures: int = 0

    @property
    def ok(self) -> bool:
        """Nothing is missing, nothing doubled, nothing broken."""
        return not (self.lost or self.decided_twice or self.told_twice or self.verify_failures)


@dataclass(slots=True)
class Said:
    """What one engine acknowledged before it was killed: id -> status that must stay."""

    actions: dict[str, str] = field(default_factory=dict[str, str])
    decisions: dict[str, str] = field(default_factory=dict[str, str])
    outcomes: set[str] = field(default_factory=set[str])

    def __len__(self) -> int:
        return len(self.actions) + len(self.decisions) + len(self.outcomes)

    def add(self, other: "Said") -> None:
        """Remember what a later engine acknowledged too."""
        self.actions |= other.actions
        self.decisions |= other.decisions
        self.outcomes |= other.outcomes

    def expected(self, action_id: str) -> tuple[str, ...]:
        """The statuses that a restart may show. An answer that never arrived may count."""
        if action_id in self.decisions:
            return (self.decisions[action_id],)
        answered = self.actions.get(action_id, "pending")
        return ("pending", "allowed", "denied") if answered == "pending" else (answered,)


class Load:
    """Agents and operators of one engine, until it is gone."""

    def __init__(
        self, http: httpx.AsyncClient, home: Path, dice: random.Random, tally: Tally
    ) -> None:
        self._http = http
        self._agent = _bearer(home / "agent.token")
        self._operator = _bearer(home / "operator.token")
        self._dice = dice
        self._tally = tally
        self._held: asyncio.Queue[tuple[str, str]] = asyncio.Queue()  # id, digest
        self._heard = asyncio.Event()
        self.said = Said()

    async def run(self, *, acknowledged_min: int, kill: Callable[[], None]) -> Said:
        """Load the engine and `kill` it once that much is acknowledged; what it said."""
        for each in (await self._get("/v1/approvals", self._operator))["approvals"]:
            self._held.put_nowait((each["id"], each["digest"]))  # left over by the engine before
        callers = [self._propose(f"agent-{number}") for number in range(_AGENTS)]
        callers += [self._decide() for _ in range(_OPERATORS)]
        tasks = [asyncio.create_task(each) for each in callers]
        while len(self.said) < acknowledged_min:
            self._heard.clear()
            await self._heard.wait()
        kill()
        await asyncio.gather(*tasks[:_AGENTS])
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result
        return self.said

    async def check(self, said: Said) -> int:
        """How many acknowledged actions stand otherwise after the restart, or wait for nobody."""
        listed = (await self._get("/v1/approvals", self._operator))["approvals"]
        waiting = {each["id"] for each in listed}
        lost = 0
        for action_id in {**said.actions, **said.decisions}:
            answer = await self._get(f"/v1/actions/{action_id}", self._agent)
            status = answer.get("status")
            fits = status in said.expected(action_id)
            lost += not fits or (status == "pending") != (action_id in waiting)
        return lost

    async def _propose(self, agent: str) -> None:
        while True:
            command = self._dice.choice(_COMMANDS)
            body = {"agent": agent, "kind": "shell.execute", "arguments": {"command": command}}
            found = await self._post("/v1/actions", self._agent, body)
            if found is None:
                return
            _, answer = found
            self.said.actions[answer["id"]] = answer["status"]
            self._heard.set()
            if answer["status"] == "pending":
                self._held.put_nowait((answer["id"], answer["digest"]))
            elif answer["status"] == "allowed":
                path = f"/v1/actions/{answer['id']}/outcome"
                if await self._post(path, self._agent, {"status": "succeeded"}):
                    self.said.outcomes.add(answer["id"])

    async def _decide(self) -> None:
        """Two operators at once on the same action: one of them must be told that it is late."""
        while True:
            held = await self._held.get()
            rivals = await asyncio.gather(*(self._answer(*held, each) for each in _DECISIONS))
            self._tally.told_twice += all(rivals)
            self._heard.set()

    async def _answer(self, action_id: str, digest: str, decision: str) -> bool:
        body = {"decision": decision, "reason": "as the dice say"}
        if decision == "approve":
            body["digest"] = digest
        found = await self._post(f"/v1/approvals/{action_id}", self._operator, body)
        if found is None or found[0] == _TOO_LATE:
            return False
        self.said.decisions[action_id] = _DECISIONS[decision]
        return True

    async def _post(
        self, path: str, headers: dict[str, str], body: object
    ) -> tuple[int, dict[str, Any]] | None:
        """Status and answer; None when the engine is gone."""
        try:
            response = await self._http.post(path, headers=headers, json=body)
        except httpx.TransportError:
            return None
        if response.is_error and response.status_code != _TOO_LATE:
            raise RuntimeError(f"{path}: {response.status_code} {response.text}")
        return response.status_code, response.json() if response.content else {}

    async def _get(self, path: str, headers: dict[str, str]) -> dict[str, Any]:
        """The answer; on a quick machine looking at everything is more than a token may ask for."""
        response = await self._http.get(path, headers=headers)
        while response.status_code == _TOO_MANY:
            await asyncio.sleep(0.1)
            response = await self._http.get(path, headers=headers)
        answer: dict[str, Any] = response.json()
        return answer


def _bearer(path: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {path.read_text(encoding='utf-8').strip()}"}


@asynccontextmanager
async def serving(home: Path) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str]]:
    """A `maestro serve` and where it listens; killed at the end, if it lives."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "console", "serve", "--home", str(home), "--port", "0"),
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        if not await process.stdout.readline():
            raise RuntimeError("maestro serve did not start again; see its message above")
        address = json.loads((home / "gateway.json").read_text(encoding="utf-8"))
        yield process, str(address["url"])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Trail:
    """What stands on the trail, read on from where the last look ended."""

    def __init__(self, home: Path) -> None:
        self._path = home / STORE_FILE
        self.length = 0
        self.events: dict[str, Counter[str]] = {}  # action -> its events

    def read_on(self) -> None:
        """Take in what is new."""
        for seq, text, _ in iter_audit_rows(self._path, after_seq=self.length):
            self.length = seq
            entry = json.loads(text)
            if entry["action_id"]:
                self.events.setdefault(entry["action_id"], Counter())[entry["event"]] += 1

    def count_missing(self, said: Said) -> int:
        """Acknowledged actions, decisions and outcomes without their entry."""
        wanted = (
            (said.actions, ("action.judged",)),
            (said.decisions, _SETTLED),
            (said.outcomes, ("action.outcome",)),
        )
        return sum(
            not any(self.events.get(action_id, Counter())[event] for event in events)
            for ids, events in wanted
            for action_id in ids
        )

    def count_twice(self) -> int:
        """Actions that were settled more than once."""
        return sum(sum(each[event] for event in _SETTLED) > 1 for each in self.events.values())


async def run_rounds(home: Path, *, rounds: int, seed: int) -> Tally:
    """Kill and restart `rounds` times; after the last start everything is looked at once more."""
    tally, trail, said, all_said = Tally(), Trail(home), Said(), Said()
    dice = random.Random(seed)  # noqa: S311 - chooses moments, guards nothing
    for _ in range(rounds):
        async with serving(home) as (process, url), _connect(url) as http:
            load = Load(http, home, dice, tally)
            tally.lost += await load.check(said)
            said = await load.run(acknowledged_min=dice.randint(20, 200), kill=process.kill)
            if await process.wait() != -signal.SIGKILL:
                raise RuntimeError(f"the engine ended by itself with {process.returncode}")
        all_said.add(said)
        await asyncio.to_thread(_look, home, trail, said, tally)
    async with serving(home) as (_, url), _connect(url) as http:
        tally.lost += await Load(http, home, dice, tally).check(all_said)
        tally.verify_failures += not (await asyncio.to_thread(verify_trail, home)).ok
    return tally


def _look(home: Path, trail: Trail, said: Said, tally: Tally) -> None:
    """Hold what was acknowledged against the files that the killed engine left."""
    tally.verify_failures += not verify_trail(home).ok
    trail.read_on()
    tally.rounds += 1
    tally.actions += len(said.actions)
    tally.decisions += len(said.decisions)
    tally.outcomes += len(said.outcomes)
    tally.entries = trail.length
    tally.lost += trail.count_missing(said)
    tally.decided_twice = trail.count_twice()


def _connect(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, trust_env=False, timeout=60.0)


def main() -> None:
    """Run the rounds on a home of their own and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = asyncio.run(run_rounds(Path(folder) / "home", rounds=given.rounds, seed=given.seed))
    print(json.dumps({"benchmark": "kill_engine", "seed": given.seed, **asdict(tally)}))
    sys.exit(0 if tally.ok else 1)


if __name__ == "__main__":
    main()
