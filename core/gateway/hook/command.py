"""`maestro hook claude-code`: one hook event in, one answer out, and a block when in doubt.

Only the standard library is imported here, because Claude Code starts this for every tool call.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException, RemoteDisconnected
from pathlib import Path
from typing import IO, Any, Final, cast

from core.errors import ConfigError, MaestroError
from core.gateway.address import not_running, read_address, read_token
from core.gateway.hook.answers import PRE_TOOL_USE, deny_call, is_decision, is_session_step

WAIT_S: Final = 540.0  # below Claude Code's own 600 s for a hook, so that the answer is ours
WAIT_S_MAX: Final = 86_400.0
CONNECT_S_MAX: Final = 5.0
ANSWER_S_MAX: Final = 15.0  # on top of the wait; also for events that nothing waits for
BODY_BYTES_MAX: Final = 8 * 1024 * 1024
RESULT_CHARS_MAX: Final = 64 * 1024  # the gateway takes about 1 MB
EXIT_OK, EXIT_TOLD, EXIT_BLOCK = 0, 1, 2
HELP: Final = """\
Usage: maestro hook claude-code [--home DIR] [--wait SECONDS]

  Answer one hook event of Claude Code: JSON on stdin, JSON on stdout. Blocks the
  tool call when anything is wrong. `maestro hook install` puts it into the settings.

  --home DIR      the console's home; else MAESTRO_HOME, else the usual one
  --wait SECONDS  how long a held call waits for an operator (540)
"""


class HookError(MaestroError):
    """No answer could be had; the message says why and what to do."""


def run_hook(
    stdin: IO[bytes],
    stdout: IO[str],
    stderr: IO[str],
    *,
    home: Path,
    environ: Mapping[str, str],
    wait_s: float = WAIT_S,
) -> int:
    """Answer one hook event through the console that runs on `home`.

    `wait_s`: how long a held call waits for an operator; keep it a minute below the hook's own
    time-out in Claude Code's settings, so that the answer is ours.

    A failure blocks a tool call, with its reason; for other events it is only told on stderr.
    Returns Claude Code's exit codes: 0 (the answer is on stdout), 1 (told, not blocking),
    2 (block: not even the kind of event could be read).
    """
    name = PRE_TOOL_USE
    try:
        event = _read_event(stdin)
        name = event["hook_event_name"]
        left = name == PRE_TOOL_USE and is_session_step(event)
        answer = {} if left else _ask(event, home=home, environ=environ, wait_s=wait_s)
    except MaestroError as error:
        reason = f"Maestro hook: {error}"
        if name != PRE_TOOL_USE:
            print(reason, file=stderr)
            return EXIT_TOLD
        print(json.dumps(deny_call(reason)), file=stdout, flush=True)
        if isinstance(error, HookInputError):
            print(reason, file=stderr)
            return EXIT_BLOCK
        return EXIT_OK
    print(json.dumps(answer), file=stdout, flush=True)
    return EXIT_OK


class HookInputError(HookError):
    """stdin holds no hook event; retrying never helps."""


def _read_event(stdin: IO[bytes]) -> dict[str, Any]:
    raw = stdin.read(BODY_BYTES_MAX + 1)
    if len(raw) > BODY_BYTES_MAX:
        raise HookInputError(f"the hook input is over {BODY_BYTES_MAX // 1024**2} MiB")
    try:
        event: Any = json.loads(raw, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise HookInputError(f"the hook input is not JSON: {error}") from None
    try:
        named = isinstance(event["hook_event_name"], str)
    except (TypeError, KeyError, IndexError):
        named = False
    if not named:
        raise HookInputError("the hook input names no hook_event_name")
    return cast("dict[str, Any]", event)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a repeated key: another reader may go by the value that is not seen here."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in the same object")
    return found


def _ask(
    event: dict[str, Any], *, home: Path, environ: Mapping[str, str], wait_s: float
) -> dict[str, Any]:
    decides = event["hook_event_name"] == PRE_TOOL_USE
    wait_s = wait_s if decides else 0.0
    address = read_address(home)
    headers = {"Authorization": f"Bearer {read_token(home)}", "Content-Type": "application/json"}
    traceparent = environ.get("TRACEPARENT", "")
    if traceparent.isascii() and traceparent.isprintable():
        headers["traceparent"] = traceparent
    body = _write_body(event, decides=decides)
    connection = HTTPConnection(address.host, address.port, timeout=CONNECT_S_MAX)
    try:
        connection.connect()
        connection.sock.settimeout(wait_s + ANSWER_S_MAX)
        connection.request("POST", f"/hooks/claude-code?wait={wait_s:g}", body, headers)
        response = connection.getresponse()
        status, text = response.status, response.read(BODY_BYTES_MAX)
    except ConnectionRefusedError:
        raise HookError(not_running(home)) from None
    except TimeoutError:
        raise HookError("the gateway gave no answer in time") from None
    except RemoteDisconnected:
        raise HookError(f"the console ended before it answered. {not_running(home)}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise HookError(f"the gateway cannot be reached: {error}") from None
    finally:
        connection.close()
    return _read_answer(status, text, decides=decides)


def _write_body(event: dict[str, Any], *, decides: bool) -> bytes:
    try:
        if decides:
            return json.dumps(event).encode()
        # What a tool returned is kept as text for later: half a character more or less is no loss.
        return json.dumps(_shorten(event), ensure_ascii=False).encode("utf-8", "replace")
    except RecursionError:
        raise HookInputError("the hook input is nested too deeply") from None


def _read_answer(status: int, text: bytes, *, decides: bool) -> dict[str, Any]:
    try:
        answer = cast("dict[str, Any]", dict(json.loads(text)))
    except (ValueError, TypeError, RecursionError):
        raise HookError(f"the gateway answered {status} with something else than JSON") from None
    if status != 200:  # noqa: PLR2004 - HTTP's OK
        raise HookError(f"the gateway answered {status}: {answer.get('detail', 'no reason given')}")
    if decides and not is_decision(answer):
        raise HookError("the gateway's answer is not a decision")
    return answer


def _shorten(event: dict[str, Any]) -> dict[str, Any]:
    """Without what governance does not need of a finished call: its input, and a result's tail."""
    short = {key: value for key, value in event.items() if key != "tool_input"}
    result = json.dumps(event.get("tool_response"), ensure_ascii=False)
    if len(result) > RESULT_CHARS_MAX:
        short["tool_response"] = result[:RESULT_CHARS_MAX]
    return short


def main(arguments: Sequence[str] | None = None) -> int:
    """Run over the process's own streams: `[--home DIR] [--wait SECONDS]`; else `MAESTRO_HOME`.

    Whatever goes wrong unforeseen blocks: exit code 2 with one sentence.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if list(given) in (["--help"], ["-h"]):
        sys.stdout.write(HELP)
        return EXIT_OK
    try:
        options = _read_options(given)
        return run_hook(
            sys.stdin.buffer,
            sys.stdout,
            sys.stderr,
            home=Path(options["--home"]) if "--home" in options else _find_home(os.environ),
            environ=os.environ,
            wait_s=_read_wait(options.get("--wait", str(WAIT_S))),
        )
    except Exception as error:  # noqa: BLE001 - a crash would let the tool call through
        sys.stderr.write(f"Maestro hook: failed: {error}\n")
        return EXIT_BLOCK


def _read_options(arguments: Sequence[str]) -> dict[str, str]:
    names, values = arguments[::2], arguments[1::2]
    if len(names) != len(values) or not {"--home", "--wait"}.issuperset(names):
        raise ConfigError("the hook takes --home DIR and --wait SECONDS, nothing else")
    return dict(zip(names, values, strict=True))


def _read_wait(given: str) -> float:
    try:
        wait_s = float(given)
    except ValueError:
        wait_s = -1.0
    if not 0.0 <= wait_s <= WAIT_S_MAX:
        raise ConfigError(f"--wait is not a number of seconds: {given!r}")
    return wait_s


def _find_home(environ: Mapping[str, str]) -> Path:
    if home := environ.get("MAESTRO_HOME"):
        return Path(home)
    from platformdirs import user_state_path  # noqa: PLC0415 - only when nothing names the home

    return user_state_path("maestro")


if __name__ == "__main__":
    sys.exit(main())
