"""`[orchestration]`: the documents, files and limits that specialists and coordinators look at."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ContractSettings(_Section):
    """OpenAPI documents, JSON or YAML: what each side declares."""

    architect: Path | None = None  # the agreed contract, where there is one
    backend: Path | None = None  # what is served
    frontend: Path | None = None  # what is relied on


class OrchestrationSettings(_Section):
    """What is not declared here is said on the screen to have no source."""

    contracts: ContractSettings = ContractSettings()
    plan: Path | None = None  # planned features and release dates, TOML, YAML or JSON
    data_flows: Path | None = None  # which data moves where, and why; TOML, YAML or JSON
    pipeline: Path | None = None  # backlog, workers and recent videos, written by the pipeline
    deploys: Path | None = None  # list of deploys, newest last, written by the deployment
    access_log: Path | None = None  # of the API that mobile apps call
    access_window_s: float = Field(default=86_400.0, gt=0)  # how far back it counts
    budget_usd_per_h: float | None = Field(default=None, gt=0)  # for model calls
    adr_glob: str = "docs/adr/*.md"  # below each repository
    repositories: tuple[Path, ...] = ()
    services: dict[str, str] = Field(default_factory=dict[str, str])
    """A service's name and the beginning of the address at which it is probed."""
    data_pipeline: str = "data"  # what is run again when data is no longer fresh
