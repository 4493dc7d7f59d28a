"""Settings of metric sources: `[metrics.AGENT.METRIC] source = "…"`, one model a kind of source.

Secrets are never values here: a setting names the variable or the file that holds one.
"""

import re
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
_TEXT_MAX: Final = 10_000


def check_url(url: str) -> str:
    """An http(s) address without a user or a password. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address starts with http:// or https:// and names a host")
    if parts.username or parts.password:
        raise ValueError("an address holds no user or password here: name a token_file instead")
    if any(character.isspace() or not character.isprintable() for character in url):
        raise ValueError("an address holds no blanks")
    _ = parts.port  # raises ValueError when it is no port
    return url


def check_select(query: str) -> str:
    """One statement that only reads: SELECT, or WITH … SELECT. Raises ValueError.

    This catches slips early. What really holds is the read-only connection.
    """
    bare = _QUOTED.sub(" ", query).strip().rstrip(";").strip()
    words = re.findall(r"[a-z_]+", bare.lower())
    if not words or words[0] not in {"select", "with"}:
        raise ValueError("a query is one SELECT (or WITH … SELECT) that gives one number")
    if ";" in bare:
        raise ValueError("a query is one statement: a ';' stands inside it")
    changes = next((word for word in words if word in _CHANGES), None)
    if words[0] == "with" and changes:
        raise ValueError(f"a query only reads: it holds {changes.upper()}")
    return query


# Quoted text, quoted names, dollar quotes and comments: none of them is a statement's own words.
_QUOTED: Final = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | (\$\w*\$).*?\1""",
    re.DOTALL | re.VERBOSE,
)
_CHANGES: Final = frozenset({"insert", "update", "delete", "merge", "drop", "alter", "truncate"})


def _check_pattern(pattern: str) -> str:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if not compiled.groups:
        raise ValueError("the expression needs a group (…) around what is to be told apart")
    return pattern


def _check_word(word: str) -> str:
    if word.startswith("-") or "\0" in word or ".." in word:
        raise ValueError("no leading '-', no '..' and no NUL in names that are given to git")
    return word


Url = Annotated[str, Field(max_length=_TEXT_MAX), AfterValidator(check_url)]
Query = Annotated[str, Field(max_length=_TEXT_MAX), AfterValidator(check_select)]
GroupPattern = Annotated[str, Field(max_length=500), AfterValidator(_check_pattern)]
GitWord = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_check_word)]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
LabelSet = dict[str, str]


class SourceBinding(BaseModel):
    """What every kind of source has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every_s: Seconds = 60.0  # how often it is read
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 5.0
    scale: Annotated[float, Field(allow_inf_nan=False)] = 1.0  # the value is multiplied by it
    # Of metrics that the catalogue does not have; those that it has keep its own.
    unit: str | None = None
    target: float | None = None
    max: float | None = None
    alert_below: float | None = None
    alert_above: float | None = None
    note: str = ""


class PsutilBinding(SourceBinding):
    """This host, or one process of it. Shares are 0..1 of the whole machine."""

    source: Literal["psutil"]
    measure: Literal["cpu", "memory", "disk", "load"]
    path: Path = Path("/")  # whose disk
    pid: Annotated[int, Field(gt=0)] | None = None
    process: str | None = None  # a process's exact name; several are added up
    every_s: Seconds = 5.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.pid is not None and self.process is not None:
            raise ValueError("give pid or process, not both")
        if self.measure in {"disk", "load"} and (self.pid is not None or self.process is not None):
            raise ValueError(f"{self.measure} is the host's: it takes no pid and no process")
        return self


class HttpProbeBinding(SourceBinding):
    """One request over a new connection: how long it takes, or whether it is answered well."""

    source: Literal["http_probe"]
    url: Url
    measure: Literal["latency_ms", "up", "uptime", "status"] | None = None  # unnamed: no source
    method: Literal["GET", "HEAD"] = "GET"
    statuses: tuple[Annotated[int, Field(ge=100, le=599)], ...] = ()  # good ones; none: 200 to 399
    window_s: Seconds = 86_400.0  # of uptime: the share of good probes in it
    follow_redirects: bool = False
    token_file: Path | None = None  # sent as bearer token
    ca_file: Path | None = None  # trusted instead of the usual authorities
    every_s: Seconds = 30.0


class PrometheusSelector(BaseModel):
    """Series of one name whose labels hold at least these values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str = Field(min_length=1, max_length=500)
    labels: LabelSet = Field(default_factory=dict)


class PrometheusBinding(SourceBinding):
    """One number out of a page in Prometheus' text format."""

    source: Literal["prometheus"]
    url: Url
    metric: str = Field(min_length=1, max_length=500)
    labels: LabelSet = Field(default_factory=dict)
    measure: Literal["value", "sum", "rate", "ratio", "rate_ratio", "quantile"] = "value"
    over: PrometheusSelector | None = None  # what a ratio divides by
    quantile: float = Field(default=0.95, gt=0, lt=1)
    window_s: Annotated[float, Field(ge=0, le=3_600)] = 60.0  # rate and quantile; 0: two scrapes
    bytes_max: int = Field(default=8_000_000, ge=1_000, le=100_000_000)
    token_file: Path | None = None
    ca_file: Path | None = None
    every_s: Seconds = 15.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.measure in {"ratio", "rate_ratio"}) != (self.over is not None):
            raise ValueError("ratio and rate_ratio, and only they, need `over`: what to divide by")
        return self


class SqlBinding(SourceBinding):
    """One number out of one SELECT, from an SQLite file or from Postgres."""

    source: Literal["sql"]
    query: Query
    file: Path | None = None  # an SQLite database
    address: str | None = None  # postgresql://user@host:port/database
    dsn_env: VariableName | None = None  # the variable that holds such an address, password too
    password_env: VariableName | None = None  # the variable that holds the password of `address`
    every_s: Seconds = 60.0
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 10.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if sum(given is not None for given in (self.file, self.address, self.dsn_env)) != 1:
            raise ValueError("give one of file (SQLite), address or dsn_env (Postgres)")
        if self.password_env is not None and self.address is None:
            raise ValueError("password_env goes with address")
        if self.address is not None:
            parts = urlsplit(self.address)
            if parts.scheme not in {"postgresql", "postgres"}:
                raise ValueError("an address starts with postgresql://")
            if parts.password or "password=" in parts.query:
                raise ValueError("an address holds no password: name its variable, password_env")
        return self


FileFormat = Literal["json", "csv", "junit", "coverage", "lighthouse", "number"]


class FileBinding(SourceBinding):
    """One number out of a file that something else writes; its age is the file's age."""

    source: Literal["file"]
    path: Path
    format: FileFormat
    pointer: str | None = None  # json: "/totals/lines" (RFC 6901)
    column: str | None = None  # csv
    aggregate: Literal["last", "mean", "sum", "min", "max", "median", "p95", "count"] = "last"
    measure: Literal["pass_share", "duration_s", "line_rate", "branch_rate"] | None = None
    category: str | None = None  # lighthouse: "performance", "accessibility", …
    bytes_max: int = Field(default=16_000_000, ge=1, le=200_000_000)
    every_s: Seconds = 60.0

    _takes: ClassVar[dict[FileFormat, str]] = {
        "json": "pointer",
        "csv": "column",
        "junit": "measure",
        "coverage": "measure",
        "lighthouse": "category",
    }
    _measures: ClassVar[dict[str, tuple[str, ...]]] = {
        "junit": ("pass_share", "duration_s"),
        "coverage": ("line_rate", "branch_rate"),
    }

    @model_validator(mode="after")
    def _fits(self) -> Self:
        wanted = self._takes.get(self.format)
        for name in ("pointer", "column", "measure", "category"):
            given = getattr(self, name) is not None
            if given and name != wanted:
                raise ValueError(f"a file of format {self.format} takes no {name}")
            if not given and name == wanted and name != "measure":
                raise ValueError(f"a file of format {self.format} needs {name}")
        known = self._measures.get(self.format, ())
        if self.measure is not None and self.measure not in known:
            raise ValueError(f"a file of format {self.format} measures {' or '.join(known)}")
        if "aggregate" in self.model_fields_set and self.format != "csv":
            raise ValueError(f"a file of format {self.format} takes no aggregate")
        return self


class AccessLogBinding(SourceBinding):
    """The last `window_s` of an access log that is being written, followed over rotations."""

    source: Literal["access_log"]
    path: Path
    measure: Literal["rate_per_s", "error_ratio", "latency_p95_ms", "versions"]
    window_s: Annotated[float, Field(ge=1, le=3_600)] = 300.0
    path_prefix: str = ""  # only requests whose path starts so
    version_pattern: GroupPattern = r"^/(?:api/)?(v\d+)(?:/|$)"
    every_s: Seconds = 10.0


class GitBinding(SourceBinding):
    """What a repository's history tells."""

    source: Literal["git"]
    measure: Literal[
        "commits_per_week",
        "tags_per_week",
        "lead_time_min",
        "review_time_min",
        "decisions_per_hour",
        "decisions_per_week",
    ]
    path: Path = Path()
    revision: GitWord = "HEAD"
    tags: GitWord = "*"  # which tags are deploys
    decisions: GitWord = "docs/adr/*.md"  # where decision records are added
    window_days: Annotated[float, Field(gt=0, le=3_660)] = 28.0
    every_s: Seconds = 300.0
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 20.0


class OtlpBinding(SourceBinding):
    """A metric that an outside agent sends over OTLP."""

    source: Literal["otlp"]
    metric: str = Field(min_length=1, max_length=500)
    agent: str = ""  # "" is any
    attributes: LabelSet = Field(default_factory=dict)
    measure: Literal["last", "sum", "rate", "p95"] = "last"
    window_s: Seconds = 300.0
    every_s: Seconds = 15.0


class InternalBinding(SourceBinding):
    """Computed from the console's own records."""

    source: Literal["internal"]
    name: str = Field(min_length=1, max_length=200)  # of the computation
    every_s: Seconds = 15.0


MetricBinding = Annotated[
    PsutilBinding
    | HttpProbeBinding
    | PrometheusBinding
    | SqlBinding
    | FileBinding
    | AccessLogBinding
    | GitBinding
    | OtlpBinding
    | InternalBinding,
    Field(discriminator="source"),
]

BINDINGS: Final[dict[str, type[SourceBinding]]] = {
    "psutil": PsutilBinding,
    "http_probe": HttpProbeBinding,
    "prometheus": PrometheusBinding,
    "sql": SqlBinding,
    "file": FileBinding,
    "access_log": AccessLogBinding,
    "git": GitBinding,
    "otlp": OtlpBinding,
    "internal": InternalBinding,
}
