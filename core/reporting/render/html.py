"""One HTML file that needs nothing else: it loads no script, no font, no image."""

from datetime import tzinfo
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, pass_context
from jinja2.runtime import Context

from core.printable import visible
from core.reporting.model import NUMERIC, Kind, Report, Value
from core.reporting.rules import write_value


def to_html(report: Report, zone: tzinfo) -> str:
    """The whole report, to read on a screen or to print; words from outside are escaped."""
    zone_name = report.made_at.astimezone(zone).tzname()
    return _template().render(report=report, numeric=NUMERIC, zone=zone, zone_name=zone_name)


@pass_context
def _written(context: Context, value: Value, kind: str) -> str:
    return write_value(value, Kind(kind), context["zone"])


@cache
def _template() -> Template:
    """Compiled once: that costs more than filling it in."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    filters: dict[str, Any] = environment.filters  # typed by the library's own filters alone
    filters |= {"visible": visible, "written": _written}
    text = (files("core.reporting.render") / "report.html.j2").read_text(encoding="utf-8")
    return environment.from_string(text)
