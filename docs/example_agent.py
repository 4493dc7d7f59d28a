"""An agent in 40 lines: it runs a shell command only when Maestro has let it through.

Usage: python example_agent.py HOME "why I want this" COMMAND...
"""
# ruff: noqa: INP001, S310, S603

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any


def call(home: Path, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST to the gateway that hosts `home`; no answer, or a refusal, ends the program."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is this machine
    try:
        url = json.loads((home / "gateway.json").read_text())["url"] + path
        token = (home / "agent.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with opener.open(request, timeout=610) as answer:
            return dict(json.load(answer))
    except OSError as error:
        told = json.load(error)["detail"] if isinstance(error, urllib.request.HTTPError) else error
        sys.exit(f"no permission from the console of {home}: {told}")


_ = sys.argv[3:] or sys.exit(__doc__)
home, purpose, command = Path(sys.argv[1]), sys.argv[2], " ".join(sys.argv[3:])
action = {"kind": "shell.execute", "arguments": {"command": command}, "purpose": purpose}
ticket = call(home, "/v1/actions?wait=600", action)
if ticket["decision"] != "allow":
    sys.exit(f"{ticket['status']}: {'; '.join(ticket['reasons'])}")
# The operator may have edited the command: run what came back, never what was asked for.
run = subprocess.run(["/bin/sh", "-c", ticket["arguments"]["command"]], check=False)
outcome = {"status": "succeeded" if run.returncode == 0 else "failed"}
call(home, f"/v1/actions/{ticket['id']}/outcome", outcome)
sys.exit(run.returncode)
