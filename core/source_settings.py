"""Settings of metric sources: `[metrics.AGENT.METRIC] source = "…"`, one model a kind of source."""
