"""What the shop's sides declare: contracts, data flows, deploys, and the history of its sources."""

import json
import time
from typing import Any, Final

from console.demo.piece import Ground, run_git
from console.demo.sales import FAULTY_VERSION, STEADY_VERSION


def _answer(schema: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"200": {"description": "ok", "content": content}}


_PRODUCT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["id", "name", "price_cents"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "price_cents": {"type": "integer"},
    },
}
BACKEND: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {"title": "Demo shop", "version": "1"},
    "paths": {
        "/v1/products": {"get": {"responses": _answer({"type": "array", "items": _PRODUCT})}},
        "/v1/products/{id}": {
            "get": {
                "parameters": [
                    {
                        "name": "id",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "integer"},
                    }
                ],
                "responses": _answer(_PRODUCT),
            }
        },
        "/healthz": {"get": {"responses": _answer({"type": "object"})}},
    },
}


def frontend_document() -> dict[str, Any]:
    """What the pages rely on: prices as text, which the shop does not give. That breaks."""
    document: dict[str, Any] = json.loads(json.dumps(BACKEND))
    document["info"]["title"] = "What the demo shop's pages rely on"
    items = document["paths"]["/v1/products"]["get"]["responses"]["200"]
    schema = items["content"]["application/json"]["schema"]["items"]
    schema["properties"]["price_cents"] = {"type": "string"}
    return document


_FLOWS: Final = """\
[[flow]]
name = "orders to the sales report"
from = "shop"
to = "report"
fields = ["product", "quantity"]
purpose = "sales figures"
personal = false

[[flow]]
name = "customers to the newsletter"
from = "shop"
to = "newsletter"
fields = ["customer.email"]
purpose = "a newsletter that people asked for"
personal = true
region_from = "eu"
region_to = "us"
"""
_DECISIONS: Final = (
    ("0001-sqlite", "Keep orders in SQLite", "1.0.0"),
    ("0002-handles", "Share a fixed number of database handles", STEADY_VERSION),
    ("0003-roll-up", "Add sales up every ten seconds", FAULTY_VERSION),
)


def prepare_documents(ground: Ground) -> None:
    """Contracts, flows, and one deploy: the version that is about to start."""
    folder = ground.folder
    (folder / "backend.json").write_text(json.dumps(BACKEND), encoding="utf-8")
    (folder / "frontend.json").write_text(json.dumps(frontend_document()), encoding="utf-8")
    (folder / "flows.toml").write_text(_FLOWS, encoding="utf-8")
    deploy = {
        "service": "shop",
        "version": FAULTY_VERSION,
        "previous": STEADY_VERSION,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "agent": "backend",
    }
    (folder / "deploys.jsonl").write_text(json.dumps(deploy) + "\n", encoding="utf-8")


def prepare_sources(ground: Ground) -> None:
    """A git repository with three decisions and a tag for each release."""
    where = ground.repository
    records = where / "docs" / "adr"
    records.mkdir(parents=True)
    run_git(where, "init", "--quiet", "--initial-branch=main")
    (where / "README.md").write_text("The demo shop.\n", encoding="utf-8")
    (where / "build").mkdir()
    (where / "build" / "shop.txt").write_text("what a build left behind\n", encoding="utf-8")
    for name, title, version in _DECISIONS:
        text = f"# {title}\n\nStatus: accepted\n"
        (records / f"{name}.md").write_text(text, encoding="utf-8")
        run_git(where, "add", "README.md", "docs")
        run_git(where, "commit", "--quiet", "-m", title)
        run_git(where, "tag", f"v{version}")
