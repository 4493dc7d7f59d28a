"""The demo's shop: its one fault is real, and so are its figures."""

import json
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from console.demo.caller import demo_model
from console.demo.documents import prepare_documents, prepare_sources
from console.demo.piece import Ground, run_git
from console.demo.sales import FAULTY_VERSION, STEADY_VERSION, prepare_database, roll_up
from console.demo.shop import HANDLES, Shop

ORDER = json.dumps({"product": 1, "quantity": 2}).encode()


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Shop]:
    """A shop of the version that the test is marked with; the faulty one where none is named."""
    ground = Ground(tmp_path)
    prepare_database(ground)
    ground.version_file.write_text(getattr(request, "param", FAULTY_VERSION))
    with closing(Shop(ground)) as opened:
        yield opened


def order(shop: Shop, times: int) -> list[int]:
    return [shop.answer("POST", "/v1/orders", ORDER)[0] for _ in range(times)]


def test_the_faulty_version_loses_a_handle_with_each_second_order(shop: Shop) -> None:
    assert set(order(shop, 2 * HANDLES)) == {201}
    assert shop.free == 0
    assert shop.answer("GET", "/healthz", b"")[0] == 503
    assert shop.answer("GET", "/v1/products", b"")[0] == 503


@pytest.mark.parametrize("shop", [STEADY_VERSION], indirect=True)
def test_the_steady_version_keeps_them_all(shop: Shop) -> None:
    assert set(order(shop, 2 * HANDLES)) == {201}
    assert shop.free == HANDLES
    assert shop.answer("GET", "/healthz", b"") == (200, {"status": "ok", "version": STEADY_VERSION})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/products", 200),
        ("GET", "/v1/products/1", 200),
        ("GET", "/v1/products/999", 404),
        ("GET", "/openapi.json", 200),
        ("GET", "/elsewhere", 404),
    ],
)
def test_pages_are_there_or_not(method: str, path: str, status: int, shop: Shop) -> None:
    assert shop.answer(method, path, b"")[0] == status
    assert shop.free == HANDLES


def test_what_is_no_order_leaves_every_handle_where_it_was(shop: Shop) -> None:
    unknown = json.dumps({"product": 99, "quantity": 1}).encode()
    assert shop.answer("POST", "/v1/orders", unknown)[0] == 404
    with pytest.raises(KeyError):
        shop.answer("POST", "/v1/orders", b"{}")
    assert shop.free == HANDLES


def test_sales_are_those_of_the_database(shop: Shop) -> None:
    order(shop, 3)
    roll_up(shop.ground)
    found = json.loads(shop.ground.sales_report.read_text())
    assert found == {"orders_last_minute": 3, "cents_last_minute": 3 * 2 * 450}
    with closing(sqlite3.connect(shop.ground.database)) as database:
        assert database.execute("SELECT count(*) FROM runs WHERE ok = 1").fetchone() == (1,)


def test_sources_hold_a_tag_for_each_decision(tmp_path: Path) -> None:
    ground = Ground(tmp_path)
    prepare_documents(ground)
    prepare_sources(ground)
    assert run_git(ground.repository, "tag").split() == ["v1.0.0", "v1.1.0", "v1.2.0"]
    assert json.loads((tmp_path / "deploys.jsonl").read_text())["previous"] == STEADY_VERSION


def test_the_demo_model_answers_with_words_of_the_prompt() -> None:
    assert demo_model("a tiny shop sells a kettle") == "kettle sells shop tiny a"
