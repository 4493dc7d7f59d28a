"""The part every adapter needs: propose, wait, report. Copy it beside your agent."""
# ruff: noqa: INP001

import json
from pathlib import Path
from typing import Any

import httpx


class Gateway:
    """The console that runs on `home`, as one agent sees it."""

    def __init__(self, home: Path, *, agent: str, session: str, http: httpx.AsyncClient) -> None:
        self._home, self._agent, self._session, self._http = home, agent, session, http

    async def ask(self, tool: str, arguments: dict[str, Any], *, purpose: str) -> dict[str, Any]:
        """Propose one tool call and hold until it is decided.

        Returns the ticket; only `decision == "allow"` may run, and only with its `arguments`.
        """
        action = {
            "agent": self._agent,
            "session": self._session,
            "kind": "tool.call",
            "resource": tool,
            "arguments": arguments,
            "purpose": purpose,
        }
        return await self._post("/v1/actions?wait=600", action)

    async def report(self, ticket_id: str, *, ok: bool, result: str) -> None:
        """Tell what came of it. What the tool returned counts as untrusted from now on."""
        outcome = {"status": "succeeded" if ok else "failed", "result": result}
        await self._post(f"/v1/actions/{ticket_id}/outcome", outcome)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        url = json.loads((self._home / "gateway.json").read_text())["url"]
        token = (self._home / "agent.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self._http.post(url + path, json=body, headers=headers, timeout=620)
        answer.raise_for_status()  # no answer is no permission: the tool does not run
        return dict(answer.json())


def why_not(ticket: dict[str, Any]) -> str:
    """What the model is told about a call that may not run."""
    return f"{ticket['status']} (request {ticket['id']}): {'; '.join(ticket['reasons'])}"
