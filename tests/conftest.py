"""Tests read English, whatever language the terminal speaks that they are run from."""

import os

from hypothesis import HealthCheck, settings

# No test fails by how busy the machine is.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("unhurried", UNHURRIED)
settings.load_profile("unhurried")
# The gate must say the same of the same code, its coverage included; `make test-all` explores.
settings.register_profile("gate", UNHURRIED, derandomize=True)

os.environ["LC_ALL"] = "C.UTF-8"
os.environ.pop("MAESTRO_LANGUAGE", None)
