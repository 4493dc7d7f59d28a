"""Tests read English, whatever language the terminal speaks that they are run from."""

import os

os.environ["LC_ALL"] = "C.UTF-8"
os.environ.pop("MAESTRO_LANGUAGE", None)
