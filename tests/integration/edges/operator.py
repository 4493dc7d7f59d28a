"""The operator of a served engine, over its HTTP interface."""

import asyncio
from typing import Any

from tests.integration.engine.served import PATIENCE_S, Served


class Operator:
    """Sees what is held, and decides it."""

    def __init__(self, engine: Served) -> None:
        self._engine = engine

    async def wait_held(self, resource: str = "") -> dict[str, Any]:
        """The oldest held action (of `resource`), as soon as there is one."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = await self._call("GET", "/v1/approvals")
                for held in answer["approvals"]:
                    if resource in ("", held["resource"]):
                        found: dict[str, Any] = held
                        return found
                await asyncio.sleep(0.05)

    async def look(self, held: dict[str, Any]) -> dict[str, Any]:
        """All that the console shows of a held action."""
        found: dict[str, Any] = await self._call("GET", f"/v1/approvals/{held['id']}")
        return found

    async def approve(self, resource: str = "") -> str:
        """Approve what is held; its id."""
        held = await self.wait_held(resource)
        return await self._decide(held, decision="approve", reason="", digest=held["digest"])

    async def deny(self, reason: str, resource: str = "") -> str:
        """Deny what is held; its id."""
        return await self._decide(await self.wait_held(resource), decision="deny", reason=reason)

    async def edit(self, arguments: dict[str, Any], resource: str = "") -> str:
        """Approve what is held with other arguments; its id."""
        held = await self.wait_held(resource)
        given = {"digest": held["digest"], "arguments": arguments}
        return await self._decide(held, decision="edit", reason="", **given)

    async def quarantine(self, agent: str, *, quarantined: bool = True) -> None:
        """Stop an agent, or let it go on."""
        command = {"command": "quarantine", "agent": agent, "quarantined": quarantined}
        await self._call("POST", "/v1/console/commands", {**command, "reason": "odd", "key": "Q"})

    async def _decide(self, held: dict[str, Any], **decision: Any) -> str:
        await self._call("POST", f"/v1/approvals/{held['id']}", decision)
        return str(held["id"])

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = await asyncio.to_thread(
            self._engine.call, method, path, body, token="operator"
        )
        assert status == 200, answer
        return answer
