"""Settings from `maestro.toml` and `MAESTRO_SECTION__KEY`; unknown keys are errors."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Sequence
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from core.agents.settings import OrchestrationSettings
from core.errors import ConfigError
from core.source_settings import BINDINGS, MetricBinding

PositiveSeconds = Annotated[float, Field(gt=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GatewaySettings(_Section):
    """Where and how the outside may call."""

    enabled: bool = True
    port: int = Field(default=7717, ge=0, le=65535)  # 0 takes any free one
    body_bytes_max: int = Field(default=1_000_000, ge=1_000)
    requests_per_s: float = Field(default=500.0, gt=0)  # per token
    waits_max: int = Field(default=256, ge=1)  # held calls at the same time, per token
    wait_s_max: PositiveSeconds = 600.0


class StoreSettings(_Section):
    """Where state lives."""

    backend: Literal["sqlite"] = "sqlite"
    busy_timeout_s: PositiveSeconds = 5.0


class AuditSettings(_Section):
    """The trail's key. Keep it on another disk to be safe from whoever can write the home."""

    key_file: Path | None = None


class GovernanceSettings(_Section):
    """How the gate decides."""

    unknown_agents: Literal["register", "refuse"] = "register"
    default_pack: str = "coding-agent"
    packs_dir: Path | None = None  # extra packs, beside the shipped ones
    approval_timeout_s: PositiveSeconds = 600.0
    judge_timeout_s: PositiveSeconds = 1.0
    counsel_timeout_s: PositiveSeconds = 5.0
    pending_max: int = Field(default=10_000, ge=1)
    trust_start: float = Field(default=0.5, ge=0, le=1)
    trust_floor: float = Field(default=0.2, ge=0, le=1)  # below it an agent is quarantined
    trust_half_life_days: float = Field(default=30.0, gt=0)  # back to its start


class AgentSettings(_Section):
    """One agent known before it calls."""

    pack: str | None = None
    permissions: tuple[str, ...] | None = None  # none given: the pack's defaults


class MonitoringSettings(_Section):
    """Traces and logs."""

    otlp_endpoint: str | None = None
    spans_max: int = Field(default=50_000, ge=0)


class McpServerSettings(_Section):
    """One MCP server behind `/mcp`: a command, or an address."""

    command: str | None = None
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)
    url: str | None = None


class OperationsSettings(_Section):
    """How allowed operations are carried out: a program for each kind and resource, no shell."""

    commands: dict[str, dict[str, tuple[str, ...]]] = Field(default_factory=dict)
    timeout_s: PositiveSeconds = 120.0


class ReportSettings(_Section):
    """One report that is written again and again."""

    kind: str  # "approvals", "audit", "operations"
    every: Literal["day", "week"] = "day"
    at: time = time(6)  # of the operator's day; a week's report is written on Mondays
    forms: tuple[Literal["html", "md", "pdf", "json", "csv"], ...] = ("html",)
    folder: Path = Path("reports")
    keep: int = Field(default=30, ge=1)


NonNegativeSeconds = Annotated[float, Field(ge=0, le=300)]


class RecallSettings(_Section):
    """How long a decision can be taken back, by the action's risk; 0 sends it at once."""

    low: NonNegativeSeconds = 0.0
    medium: NonNegativeSeconds = 3.0
    high: NonNegativeSeconds = 10.0
    critical: NonNegativeSeconds = 10.0


class ConsoleSettings(_Section):
    """The screen."""

    theme: str | None = None
    language: Literal["en", "pt_BR"] | None = None  # none given: the terminal's
    operator: str | None = None  # the name that decisions carry; none given: the login name
    recall_s: RecallSettings = RecallSettings()
    read_only: bool = False  # only looks: no command is sent
    clock: bool = True  # in the header; without it, a console where nothing happens sends nothing
    bell: bool = True
    notify: Literal["off", "osc9", "osc777"] = "off"  # the terminal's own notification
    quiet: str | None = Field(
        default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"
    )  # "22:00-07:00": only what is critical rings


class Settings(BaseSettings):
    """All of it. Works with no file and no variable at all."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="MAESTRO_", env_nested_delimiter="__"
    )

    gateway: GatewaySettings = GatewaySettings()
    store: StoreSettings = StoreSettings()
    audit: AuditSettings = AuditSettings()
    governance: GovernanceSettings = GovernanceSettings()
    agents: dict[str, AgentSettings] = Field(default_factory=dict)
    mcp: dict[str, McpServerSettings] = Field(default_factory=dict)
    metrics: dict[str, dict[str, MetricBinding]] = Field(default_factory=dict)  # agent, metric
    monitoring: MonitoringSettings = MonitoringSettings()
    orchestration: OrchestrationSettings = OrchestrationSettings()
    operations: OperationsSettings = OperationsSettings()
    reports: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")], ReportSettings] = Field(
        default_factory=dict
    )
    console: ConsoleSettings = ConsoleSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class names it
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class names it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class names it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables win over the file, which comes in as the initial values."""
        assert isinstance(init_settings, InitSettingsSource)  # noqa: S101 - narrows for the checker
        return env_settings, init_settings


def load_settings(config: Path | None) -> Settings:
    """Read `config` (missing is fine when None) and the environment.

    Raises ConfigError naming file, key, and the nearest right name.
    """
    where = str(config) if config else "the environment"
    text = ""
    values: dict[str, Any] = {}
    if config is not None:
        try:
            text = config.read_text(encoding="utf-8")
            values = tomllib.loads(text)
        except OSError as error:
            raise ConfigError(f"cannot read {config}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{config} is not valid TOML: {error}") from error
    _refuse_unknown_variables()
    try:
        return Settings(**values)
    except ValidationError as error:
        raise ConfigError(_explain(error, where, text)) from error


_OWN_VARIABLES = {
    "MAESTRO_HOME",
    "MAESTRO_CONFIG",
    "MAESTRO_LANGUAGE",
    "MAESTRO_ORACLES_PYTHON",
    "MAESTRO_OPERATOR",
}


def _refuse_unknown_variables() -> None:
    """pydantic-settings ignores variables that fit no section: a typo would go unseen."""
    sections = tuple(Settings.model_fields)
    for name in os.environ:
        if not name.startswith("MAESTRO_") or name in _OWN_VARIABLES:
            continue
        section = name.removeprefix("MAESTRO_").split("__")[0].lower()
        if section not in sections:
            hint = _nearest(section, sections)
            raise ConfigError(f"the variable {name} names no section of the settings{hint}")


def _explain(error: ValidationError, where: str, text: str) -> str:
    problems: list[str] = []
    for item in error.errors():
        path = [str(part) for part in item["loc"]]
        names = tuple(_keys_at(path[:-1]))
        if path[0] == "metrics" and len(path) > _BINDING_DEPTH:
            del path[_BINDING_DEPTH]  # the kind of source, which the file does not nest
        key = ".".join(path)
        place = _place(path, text)
        if item["type"] == "extra_forbidden":
            problem = f"unknown key {key!r}{_nearest(path[-1], names)}"
        elif item["type"] == "union_tag_invalid":
            tag = str(item.get("ctx", {})["tag"])
            known = ", ".join(BINDINGS)
            problem = f"{key}: unknown source {tag!r}{_nearest(tag, BINDINGS)}; there are {known}"
        elif item["type"] == "union_tag_not_found":
            problem = f"{key}: needs a source, one of {', '.join(BINDINGS)}"
        elif item["type"] == "missing":
            place = place or _place(path[:-1], text)
            problem = f"{key}: is missing"
        else:
            problem = f"{key}: {item['msg'].removeprefix('Value error, ')}"
        problems.append(place + problem)
    return f"{where}: " + "; ".join(problems)


_BINDING_DEPTH = 3  # metrics, agent, metric


def _place(path: Sequence[str], text: str) -> str:
    found = find_place(path, text)
    return f"{found}: " if found else ""


def find_place(path: Sequence[str], text: str) -> str:
    """Where a key stands: the variable that wins over the file, else its line; or ""."""
    variable = "MAESTRO_" + "__".join(path).upper()
    if any(name.upper() == variable for name in os.environ):
        return f"the variable {variable}"
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[([^\[\]]+)\]", line)
        key = re.match(r"\s*([^#=\s]+)\s*=", line)
        if header:
            section = tuple(part.strip(" \"'") for part in header[1].split("."))
        words = tuple(part.strip("\"'") for part in key[1].split(".")) if key else ()
        if (header or key) and (*section, *words) == (*path,):
            return f"line {number}"
    return ""


def _keys_at(path: list[str]) -> Iterable[str]:
    if path[:1] == ["metrics"] and len(path) > _BINDING_DEPTH:
        return BINDINGS[path[_BINDING_DEPTH]].model_fields
    model: Any = Settings
    for part in path:
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:
            return ()
        model = field.annotation
        if part in {"agents", "mcp"}:
            return (AgentSettings if part == "agents" else McpServerSettings).model_fields
    return getattr(model, "model_fields", {})


def _nearest(word: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(names), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""
