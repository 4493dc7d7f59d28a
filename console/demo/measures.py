"""Settings of the demo: where metrics are read, and what the agents look at."""

from pathlib import Path
from typing import Final

from console.demo.piece import Ground, argv, quote
from console.demo.sales import STEADY_VERSION

_FRESHNESS: Final = "SELECT (julianday('now') - 2440587.5) * 86400 - max(created_at) FROM orders"
_SECONDS: Final = "SELECT avg(seconds) FROM (SELECT seconds FROM runs ORDER BY id DESC LIMIT 30)"
_RELIABILITY: Final = "SELECT avg(ok) FROM (SELECT ok FROM runs ORDER BY id DESC LIMIT 30)"
_RESTART: Final = Path(__file__).with_name("restart.py")


def shop_settings(ground: Ground) -> str:
    """What the shop tells of itself: log, page of metrics, probe, database, files."""
    return _service_settings(ground) + _record_settings(ground)


def _service_settings(ground: Ground) -> str:
    url = ground.shop_url()
    return f"""
[metrics.backend.api_response_time_p95]
source = "access_log"
path = {quote(ground.access_log)}
measure = "latency_p95_ms"
window_s = 60
every_s = 5

[metrics.backend.error_rate]
source = "prometheus"
url = "{url}/metrics"
metric = "shop_requests_total"
labels = {{ code = "503" }}
measure = "rate_ratio"
over = {{ metric = "shop_requests_total" }}
every_s = 5

[metrics.backend.shop_requests]
source = "prometheus"
url = "{url}/metrics"
metric = "shop_requests_total"
measure = "rate"
unit = "per_s"
target = 2
note = "requests that the shop answers"
every_s = 5

[metrics.backend.shop_handles_free]
source = "prometheus"
url = "{url}/metrics"
metric = "shop_handles_free"
unit = "handles"
target = 30
alert_below = 10
note = "database handles that nobody holds"
every_s = 5

[metrics.devops.system_uptime]
source = "http_probe"
url = "{url}/healthz"
measure = "uptime"
window_s = 300
every_s = 5
"""


def _record_settings(ground: Ground) -> str:
    return f"""
[metrics.backend.smoke_tests]
source = "file"
path = {quote(ground.smoke_report)}
format = "junit"
measure = "pass_share"
unit = "ratio"
target = 1
alert_below = 0.9
every_s = 5

[metrics.data.data_freshness_sla]
source = "sql"
file = {quote(ground.database)}
query = {quote(_FRESHNESS)}
every_s = 5

[metrics.data.analytics_query_performance]
source = "sql"
file = {quote(ground.database)}
query = {quote(_SECONDS)}
every_s = 10

[metrics.data.data_pipeline_reliability]
source = "sql"
file = {quote(ground.database)}
query = {quote(_RELIABILITY)}
every_s = 10

[metrics.business.orders_last_minute]
source = "file"
path = {quote(ground.sales_report)}
format = "json"
pointer = "/orders_last_minute"
unit = "orders"
target = 60
every_s = 5
"""


def source_settings(ground: Ground) -> str:
    """What the history of the sources tells."""
    where = quote(ground.repository)
    return f"""
[metrics.architect.decisions_per_week]
source = "git"
path = {where}
measure = "decisions_per_week"
unit = "per_week"
target = 1
every_s = 30

[metrics.architect.releases_per_week]
source = "git"
path = {where}
measure = "tags_per_week"
tags = "v*"
window_days = 7
unit = "per_week"
target = 1
every_s = 30
"""


def caller_settings(ground: Ground) -> str:
    """What an agent sends about itself."""
    del ground
    return """
[metrics.ai.prompt_words]
source = "otlp"
metric = "demo.prompt.words"
unit = "words"
target = 300
note = "words of the newest prompt to the demo's own model"
every_s = 5
"""


def crew_settings(ground: Ground) -> str:
    """What specialists and coordinators look at, and the programs that really change the shop."""
    folder = ground.folder
    restart = [*argv("x")[:1], str(_RESTART), str(folder), "shop"]
    words = ", ".join(map(quote, restart))
    return f"""
[orchestration]
data_flows = {quote(folder / "flows.toml")}
deploys = {quote(folder / "deploys.jsonl")}
access_log = {quote(ground.access_log)}
repositories = [{quote(ground.repository)}]

[orchestration.contracts]
backend = {quote(folder / "backend.json")}
frontend = {quote(folder / "frontend.json")}

[orchestration.services]
shop = "{ground.shop_url()}"

[operations.commands."service.restart"]
shop = [{words}]

[operations.commands."deploy.rollback"]
shop = [{words}, {quote(STEADY_VERSION)}]
"""


def payment_settings(ground: Ground) -> str:
    """The bookkeeper's pack."""
    del ground
    return """
[agents.demo-bookkeeper]
pack = "payments"
"""
