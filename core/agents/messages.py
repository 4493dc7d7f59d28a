"""The types of messages that specialists, coordinators and the conflict resolver exchange."""

from typing import Final

HEALTH_ASK: Final = "health.ask"
HEALTH_DEGRADED: Final = "health.degraded"
HEALTH_RECOVERED: Final = "health.recovered"
RESOURCE_LIMIT: Final = "resource.limit"
CONTRACT_CHANGED: Final = "contract.changed"
COST_PROTOCOL: Final = "cost.protocol"
QUALITY_FEEDBACK: Final = "quality.feedback"
FLOW_VIOLATION: Final = "flow.violation"
FLOW_SETTLED: Final = "flow.settled"
VERSIONS_REPORT: Final = "versions.report"
CONVERSION_REVIEW: Final = "conversion.review"
DEPLOY_FINISHED: Final = "deploy.finished"
CONFLICT_FOUND: Final = "conflict.found"
