"""Tests read English, whatever language the terminal speaks that they are run from."""

import os

from hypothesis import settings

# The gate must say the same of the same code, its coverage included; `make test-all` explores.
settings.register_profile("gate", derandomize=True)

os.environ["LC_ALL"] = "C.UTF-8"
os.environ.pop("MAESTRO_LANGUAGE", None)
