"""What outside agents' telemetry says: maps per tool, totals, prices."""
