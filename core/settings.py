"""Settings from `maestro.toml` and `MAESTRO_*`; unknown keys are errors."""
