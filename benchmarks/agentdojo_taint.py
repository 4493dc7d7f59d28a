"""Real tool outputs for the recorded AgentDojo calls, with the attacks placed in them.

AgentDojo is installed apart from this project. `read_tool_text` runs this same file with that
interpreter: `.venv-oracles/bin/python` in the repository root, or `MAESTRO_ORACLES_PYTHON`.
"""

import argparse
import importlib
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

SUITES_VERSION: Final = "v1.2.2"
_RUN_S_MAX: Final = 300


class TaintUnavailable(Exception):  # noqa: N818 - a state of this machine, said to the reader
    """No interpreter with AgentDojo was found."""


def read_tool_text(suites: Sequence[str]) -> dict[str, list[list[str]]]:
    """Per run, the texts that tools had returned before each call.

    Runs are "suite/benign task" (nothing injected) and "suite/benign task/attack": all of the
    benign task's outputs with the attack placed in them, then the attack's own.
    """
    python = find_interpreter()
    shown = subprocess.run(
        [str(python), __file__, *suites],
        capture_output=True,
        text=True,
        check=True,
        timeout=_RUN_S_MAX,
    ).stdout
    texts, runs = json.loads(shown.splitlines()[-1])
    return {
        name: [[texts[index] for index in before] for before in calls]
        for name, calls in runs.items()
    }


def read_calls(suites: Sequence[str]) -> list[dict[str, Any]]:
    """The calls of whole suites, in the form of the recorded file."""
    shown = subprocess.run(
        [str(find_interpreter()), __file__, "--calls", *suites],
        capture_output=True,
        text=True,
        check=True,
        timeout=_RUN_S_MAX,
    ).stdout
    rows: list[dict[str, Any]] = json.loads(shown.splitlines()[-1])
    return rows


def find_interpreter() -> Path:
    """The interpreter that has AgentDojo. Raises TaintUnavailable."""
    default = Path(__file__).parents[1] / ".venv-oracles" / "bin" / "python"
    python = Path(os.environ.get("MAESTRO_ORACLES_PYTHON", default))
    if not python.exists():
        raise TaintUnavailable(f"no interpreter with agentdojo at {python.name}")
    return python


class _Runner:
    """Runs ground-truth calls in AgentDojo's environments. Needs AgentDojo."""

    def __init__(self, suite: str) -> None:
        load = importlib.import_module("agentdojo.task_suite.load_suites")
        runtime = importlib.import_module("agentdojo.functions_runtime")
        attacks = importlib.import_module("agentdojo.attacks.important_instructions_attacks")
        execution = importlib.import_module("agentdojo.agent_pipeline.tool_execution")
        self.suite: Any = load.get_suite(SUITES_VERSION, suite)
        self._runtime: Any = runtime.FunctionsRuntime(self.suite.tools)
        self._template: str = attacks.ImportantInstructionsAttack._JB_STRING  # noqa: SLF001
        self._write: Any = execution.tool_result_to_str

    def environment(self, attack: Any = None) -> Any:
        """The suite's environment, with one attack in every place that an attacker can reach."""
        if attack is None:
            return self.suite.load_and_inject_default_environment({})
        text = self._template.format(goal=attack.GOAL, user="Emma Johnson", model="assistant")
        places = self.suite.get_injection_vector_defaults()
        return self.suite.load_and_inject_default_environment(dict.fromkeys(places, text))

    def outputs(self, task: Any, environment: Any) -> list[str]:
        """What each ground-truth call of a task returns, in order."""
        if hasattr(task, "init_environment"):
            environment = task.init_environment(environment)
        texts: list[str] = []
        for call in task.ground_truth(environment):
            result, error = self._runtime.run_function(environment, call.function, dict(call.args))
            texts.append(error or self._write(result))
        return texts


def _emit_texts(suites: Sequence[str]) -> None:
    texts: dict[str, int] = {}
    runs: dict[str, list[list[int]]] = {}

    def before(outputs: Sequence[str], start: int = 0) -> list[list[int]]:
        numbers = [texts.setdefault(text, len(texts)) for text in outputs]
        return [numbers[:index] for index in range(start, len(numbers))]

    for name in suites:
        runner = _Runner(name)
        for user_id, user in runner.suite.user_tasks.items():
            runs[f"{name}/{user_id}"] = before(runner.outputs(user, runner.environment()))
            for attack_id, attack in runner.suite.injection_tasks.items():
                environment = runner.environment(attack)
                first = runner.outputs(user, environment)
                then = runner.outputs(attack, environment)
                runs[f"{name}/{user_id}/{attack_id}"] = before([*first, *then], len(first))
    print(json.dumps([list(texts), runs]))


def _emit_calls(suites: Sequence[str]) -> None:
    rows: list[Mapping[str, Any]] = []
    for name in suites:
        runner = _Runner(name)
        kinds = (("benign", runner.suite.user_tasks), ("attack", runner.suite.injection_tasks))
        for kind, tasks in kinds:
            for task_id, task in tasks.items():
                environment = runner.environment()
                if hasattr(task, "init_environment"):
                    environment = task.init_environment(environment)
                prompt = task.PROMPT if kind == "benign" else task.GOAL
                rows += [
                    {
                        "suite": name,
                        "kind": kind,
                        "task": task_id,
                        "fn": call.function,
                        "args": dict(call.args),
                        "prompt": prompt,
                    }
                    for call in task.ground_truth(environment)
                ]
    print(json.dumps(rows))


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", action="store_true")
    parser.add_argument("suites", nargs="+")
    options = parser.parse_args()
    (_emit_calls if options.calls else _emit_texts)(options.suites)


if __name__ == "__main__":
    _main()
