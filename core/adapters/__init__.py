"""What core calls: stores, system clock, ids, telemetry exporters."""
