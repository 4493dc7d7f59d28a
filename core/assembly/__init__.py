"""Puts the orchestrator together: agents, router, metrics, alerts, telemetry, coordinators."""
