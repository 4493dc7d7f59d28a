"""The smallest settings and programs that make each tool emit; see benchmarks.emitters."""

import json
from typing import Final

_SDK: Final = """
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

spans = TracerProvider()
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(spans)
points = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())])
metrics.set_meter_provider(points)
"""
_END: Final = """
spans.shutdown()
points.shutdown()
"""

PYDANTIC_AI: Final = f"""{_SDK}
from pydantic_ai import Agent

Agent.instrument_all()
clerk = Agent("openai-chat:gpt-4o-mini", name="clerk")

@clerk.tool_plain
def add(a: int, b: int) -> int:
    return a + b

clerk.run_sync("say hello")
Agent("openai-chat:gpt-4o-mini", name="herald").run_sync("say hello")
{_END}"""


def openai_agents(instrumentors: str) -> str:
    """Two agents, one with a tool, under the instrumentor of that package."""
    return f"""{_SDK}
from {instrumentors}.openai_agents import OpenAIAgentsInstrumentor

OpenAIAgentsInstrumentor().instrument(tracer_provider=spans)
from agents import Agent, Runner, function_tool

@function_tool
def add(a: int, b: int) -> int:
    return a + b

librarian = Agent(name="Librarian", instructions="Help.", tools=[add], model="gpt-4o-mini")
Runner.run_sync(librarian, "say hello")
Runner.run_sync(Agent(name="Writer", instructions="Write.", model="gpt-4o-mini"), "say hello")
{_END}"""


def codex_config(model: str, otlp: str, bearer: str) -> str:
    """Codex's config.toml: a model server of one's own, and all three signals."""
    exporters = "\n".join(
        f'{name} = {{ otlp-http = {{ endpoint = "{otlp}/v1/{signal}", protocol = "binary",'
        f' headers = {{ "authorization" = "{bearer}" }} }} }}'
        for name, signal in (
            ("exporter", "logs"),
            ("trace_exporter", "traces"),
            ("metrics_exporter", "metrics"),
        )
    )
    return f"""model = "gpt-5.2"
model_provider = "local"
approval_policy = "never"
sandbox_mode = "danger-full-access"
[model_providers.local]
name = "OpenAI"
base_url = "{model}/v1"
wire_api = "responses"
env_key = "MODEL_KEY"
[otel]
{exporters}
"""


def gemini_settings(otlp: str) -> str:
    """Gemini CLI's settings.json: OTLP over HTTP, prompts left out."""
    telemetry = {
        "enabled": True,
        "target": "local",
        "otlpEndpoint": otlp,
        "otlpProtocol": "http",
        "traces": True,
        "logPrompts": False,
    }
    return json.dumps(
        {
            "telemetry": telemetry,
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "privacy": {"usageStatisticsEnabled": False},
            "general": {"disableAutoUpdate": True},
        }
    )
