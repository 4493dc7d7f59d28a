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


def call(home: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST to the gateway that hosts `home`; no answer, or a refusal, ends the program."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is this machine
    try:
        url = json.loads(Path(home, "gateway.json").read_text())["url"] + path
        token = Path(home, "agent.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with opener.open(request, timeout=610) as answer:
            return dict(json.load(answer))
    except OSError as error:
        told = f"is it running? `maestro serve --home {home}` starts it ({error})"
        told = json.load(error)["detail"] if isinstance(error, urllib.request.HTTPError) else told
        sys.exit(f"no permission from the console of {home}: {told}")


_, home, purpose, *words = sys.argv if sys.argv[3:] else sys.exit(__doc__)
action = {"kind": "shell.execute", "arguments": {"command": " ".join(words)}, "purpose": purpose}
ticket = call(home, "/v1/actions?wait=600", action)
if ticket["decision"] != "allow":
    sys.exit(f"{ticket['status']}: {'; '.join(ticket['reasons'])}")
# The operator may have edited the command: run what came back, never what was asked for.
run = subprocess.run(["/bin/sh", "-c", ticket["arguments"]["command"]], check=False)
outcome = {"status": "succeeded" if run.returncode == 0 else "failed"}
call(home, f"/v1/actions/{ticket['id']}/outcome", outcome)
sys.exit(run.returncode)
