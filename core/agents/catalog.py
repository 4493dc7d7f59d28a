"""The ten specialists: what each one is, depends on and provides to, and its work."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from core.agents.ai import Ai
from core.agents.architect import Architect
from core.agents.backend import Backend
from core.agents.business import Business
from core.agents.data import Data
from core.agents.devops import Devops
from core.agents.frontend import Frontend
from core.agents.mobile import Mobile
from core.agents.ports import Means
from core.agents.security import Security
from core.agents.specialist import Specialist
from core.agents.video import Video
from core.fleet import AgentSpec
from core.ids import AgentId

EVERY_OTHER: Final = ("*",)


@dataclass(frozen=True, slots=True)
class Row:
    """One specialist. `provides_to` names agents, or is EVERY_OTHER."""

    spec: AgentSpec
    provides_to: tuple[str, ...]
    make: Callable[[Means], Specialist]


def _row(
    make: Callable[[Means], Specialist],
    name: str,
    role: str,
    *,
    depends_on: tuple[str, ...],
    provides_to: tuple[str, ...],
    capabilities: tuple[str, ...],
    permissions: tuple[str, ...],
    every_s: float,
) -> Row:
    spec = AgentSpec(
        name=AgentId(name),
        role=role,
        capabilities=capabilities,
        depends_on=tuple(AgentId(each) for each in depends_on),
        permissions=permissions,
        every_s=every_s,
    )
    return Row(spec, provides_to, make)


_CHANGES: Final = ("read_files", "call_tools")
_READS: Final = ("read_files",)

ROWS: Final[tuple[Row, ...]] = (
    _row(
        Architect,
        "architect",
        "Keeps the contracts between the sides and counts the decisions that are written down.",
        depends_on=(),
        provides_to=("backend", "frontend", "devops", "security"),
        capabilities=("contracts", "decisions"),
        permissions=_READS,
        every_s=60,
    ),
    _row(
        Backend,
        "backend",
        "Watches the API's latency, throughput, errors and coverage, and what deploys do to them.",
        depends_on=("architect", "ai", "video"),
        provides_to=("frontend", "mobile", "data"),
        capabilities=("api", "deploys"),
        permissions=_CHANGES,
        every_s=30,
    ),
    _row(
        Frontend,
        "frontend",
        "Watches web vitals and what people experience.",
        depends_on=("backend", "architect"),
        provides_to=("mobile", "business"),
        capabilities=("pages", "experience"),
        permissions=_READS,
        every_s=60,
    ),
    _row(
        Ai,
        "ai",
        "Watches success, cost and quality of what the models make.",
        depends_on=("architect",),
        provides_to=("backend", "video", "data"),
        capabilities=("models", "pipeline"),
        permissions=_CHANGES,
        every_s=30,
    ),
    _row(
        Video,
        "video",
        "Watches how long videos take, how busy the GPUs are and what comes out.",
        depends_on=("ai", "architect"),
        provides_to=("backend",),
        capabilities=("encoding", "pipeline"),
        permissions=_CHANGES,
        every_s=30,
    ),
    _row(
        Devops,
        "devops",
        "Watches the services that are probed, and looks after what others report as degraded.",
        depends_on=("architect",),
        provides_to=EVERY_OTHER,
        capabilities=("probes", "restarts", "deploys"),
        permissions=("read_files", "call_tools", "control_agents"),
        every_s=15,
    ),
    _row(
        Data,
        "data",
        "Watches how fresh data is, how long queries take and whether pipelines hold.",
        depends_on=("backend", "ai"),
        provides_to=("business", "security"),
        capabilities=("pipelines", "queries"),
        permissions=("read_files", "query_data", "call_tools"),
        every_s=60,
    ),
    _row(
        Mobile,
        "mobile",
        "Watches crashes, sync and the API versions that apps still use.",
        depends_on=("backend", "frontend"),
        provides_to=("business",),
        capabilities=("apps", "sync"),
        permissions=_CHANGES,
        every_s=60,
    ),
    _row(
        Security,
        "security",
        "Watches who is refused or quarantined, and data that moves without a declared reason.",
        depends_on=("architect", "data"),
        provides_to=EVERY_OTHER,
        capabilities=("incidents", "data-flows"),
        permissions=("read_files", "control_agents"),
        every_s=30,
    ),
    _row(
        Business,
        "business",
        "Watches what growth costs and brings, and the budget.",
        depends_on=("frontend", "mobile", "data"),
        provides_to=EVERY_OTHER,
        capabilities=("growth", "budget"),
        permissions=_READS,
        every_s=60,
    ),
)

SPECS: Final = tuple(row.spec for row in ROWS)


def build_specialists(means: Means) -> tuple[tuple[AgentSpec, Specialist], ...]:
    """The ten with their work, in the order of the catalogue."""
    return tuple((row.spec, row.make(means)) for row in ROWS)


def provides_to(name: str, everybody: Iterable[AgentId]) -> tuple[AgentId, ...]:
    """Whom an agent provides to, among `everybody`.

    A specialist by its row; any other agent provides to nobody that is known here.
    """
    given: Mapping[str, tuple[str, ...]] = {row.spec.name: row.provides_to for row in ROWS}
    wanted = given.get(name, ())
    return tuple(
        each for each in everybody if each != name and (wanted == EVERY_OTHER or each in wanted)
    )
