"""What the demo's agents share: a token of their own, and calls to the gateway."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from console.demo.lifeline import end_with_parent
from console.demo.piece import Ground

NOT_RUN: Final = "not run: this is a demo"
_WAIT_S: Final = 60
_LOOK_S: Final = 0.3


class DemoAgent:
    """One agent before the gateway. It runs nothing; it asks, waits, and reports."""

    def __init__(self, ground: Ground, name: str) -> None:
        """Waits until the engine listens and the agent's token is there."""
        end_with_parent()
        self.name = name
        self._address = ground.home / "gateway.json"
        while not (self._address.exists() and ground.token_file(name).exists()):
            time.sleep(_LOOK_S)
        self._token = ground.token_file(name).read_text(encoding="utf-8").strip()
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        # A new conversation each time it starts: what was asked before is no part of it.
        self.session = f"{name}-{os.getpid()}"

    def call(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """POST `body`, or GET; the answer. Raises SystemExit when the gateway refuses."""
        url = json.loads(self._address.read_text(encoding="utf-8"))["url"] + path
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers)  # noqa: S310 - the gateway's own
        try:
            with self._opener.open(request, timeout=_WAIT_S + 30) as answer:
                return dict(json.loads(answer.read() or b"{}"))
        except urllib.error.HTTPError as error:
            raise SystemExit(f"refused: {error.read().decode(errors='replace')}") from error
        except OSError as error:
            raise SystemExit(f"the gateway is gone: {error}") from error

    def ask(
        self,
        kind: str,
        resource: str,
        arguments: Mapping[str, Any],
        *,
        purpose: str,
        untrusted: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """Propose, and wait for as long as it takes; the settled ticket."""
        body = {
            "agent": self.name,
            "session": self.session,
            "kind": kind,
            "resource": resource,
            "arguments": dict(arguments),
            "purpose": purpose,
            "untrusted": list(untrusted),
        }
        ticket = self.call("/v1/actions", body)
        while ticket["status"] == "pending":
            ticket = self.call(f"/v1/actions/{ticket['id']}?wait={_WAIT_S}")
        return ticket

    def report(self, ticket: Mapping[str, Any], result: str | None = None) -> None:
        """Tell what came of it: `result` of what was really run, or that nothing was."""
        if ticket["decision"] != "allow":
            return
        outcome = {"status": "unknown", "result": NOT_RUN}
        if result is not None:
            outcome = {"status": "succeeded", "result": result}
        self.call(f"/v1/actions/{ticket['id']}/outcome", outcome)
