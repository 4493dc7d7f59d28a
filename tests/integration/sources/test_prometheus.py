"""Pages as prometheus_client's own server writes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from core.adapters.sources.build import SourceFactory
from core.errors import SourceFailed
from tests.fakes import FakeClock
from tests.integration.sources.servers import bind, free_port, read_once, says, serving


@dataclass(frozen=True)
class Shop:
    """A service that counts itself."""

    url: str
    requests: Counter
    queue: Gauge
    took: Histogram


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    registry = CollectorRegistry()
    port = free_port()
    made = Shop(
        f"http://127.0.0.1:{port}/metrics",
        Counter("requests", "Answered.", ["code", "path"], registry=registry),
        Gauge("queue", "Waiting.", registry=registry),
        Histogram("took_seconds", "Time.", ["path"], buckets=(0.1, 0.2, 0.4), registry=registry),
    )
    server, thread = start_http_server(port, "127.0.0.1", registry)
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_value_and_a_sum_are_those_of_the_page(shop: Shop) -> None:
    shop.queue.set(7.5)
    values = {"source": "prometheus", "url": shop.url}
    assert (await read_once(Path(), metric="queue", **values)).value == 7.5
    shop.requests.labels("200", '/odd "path"\n').inc(3)
    shop.requests.labels("404", "/b").inc(2)
    total = await read_once(Path(), metric="requests_total", measure="sum", **values)
    assert (total.value, total.note) == (5, "of 2 series")
    chosen = {"code": "404"}
    missing = await read_once(Path(), metric="requests_total", labels=chosen, **values)
    assert missing.value == 2
    share = await read_once(
        Path(),
        metric="requests_total",
        labels=chosen,
        measure="ratio",
        over={"metric": "requests_total"},
        **values,
    )
    assert share.value == 0.4


async def test_growth_is_between_scrapes_and_one_scrape_serves_all(shop: Shop) -> None:
    clock = FakeClock()
    factory = SourceFactory(base=Path(), clock=clock)
    values = {"source": "prometheus", "url": shop.url, "metric": "requests_total"}
    rate = factory.build(bind(measure="rate", **values))
    errors = factory.build(
        bind(
            measure="rate_ratio",
            labels={"code": "500"},
            over={"metric": "requests_total"},
            **values,
        )
    )
    bucket = {**values, "metric": "took_seconds_bucket"}
    median = factory.build(bind(measure="quantile", quantile=0.5, scale=1000, **bucket))
    shop.requests.labels("500", "/c").inc()
    shop.took.labels("/c").observe(0.3)
    for source in (rate, errors, median):
        first = await source.read()
        assert (first.value, first.note[:12]) == (None, "first scrape")
    clock.advance(10)
    shop.requests.labels("500", "/c").inc(5)
    shop.requests.labels("503", "/new").inc(15)  # a series that was not there before
    for _ in range(4):
        shop.took.labels("/c").observe(0.15)
    assert (await rate.read()).value == 2
    shop.requests.labels("500", "/c").inc(1_000)  # after the scrape that all three share
    assert (await errors.read()).value == 0.25
    assert (await median.read()).value == pytest.approx(150)
    clock.advance(10)
    assert (await rate.read()).value == pytest.approx(1_020 / 20)
    await factory.close()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"metric": "absent"}, "the page has no metric absent"),
        ({"metric": "queue", "labels": {"a": "b"}}, "no series of queue has the labels"),
        ({"metric": "took_seconds_bucket"}, "series fit took_seconds_bucket: add labels"),
        ({"metric": "queue", "bytes_max": 1_000}, "longer than 1000 bytes; raise bytes_max"),
    ],
)
async def test_what_a_page_does_not_give_is_said(
    shop: Shop, values: dict[str, object], said: str
) -> None:
    shop.took.labels("/d").observe(0.1)
    for code in range(60):
        shop.requests.labels(str(code), "/many").inc()
    with pytest.raises(SourceFailed, match=said):
        await read_once(Path(), source="prometheus", url=shop.url, **values)


async def test_nobody_there_is_said_without_the_query() -> None:
    url = f"http://127.0.0.1:{free_port()}/metrics?key=s3cret"
    with pytest.raises(SourceFailed, match="cannot connect to 127") as caught:
        await read_once(Path(), source="prometheus", url=url, metric="queue")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "answered 404 where a page"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nqueue \xff\n", "it is not UTF-8"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nqueue many\n", "not a page in Prometheus"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>", "holds no metric"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nqueue 1\n", "broke off"),
    ],
)
async def test_what_is_no_page_is_said(answer: bytes, said: str) -> None:
    async with serving(says(answer)) as url:
        with pytest.raises(SourceFailed, match=said):
            await read_once(Path(), source="prometheus", url=url, metric="queue")


async def test_a_ratio_over_nothing_is_no_value() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\nqueue 3\nrequests 0.0\n"
    async with serving(says(page)) as url:
        values = {"source": "prometheus", "url": url, "metric": "queue"}
        found = await read_once(Path(), measure="ratio", over={"metric": "requests"}, **values)
    assert (found.value, found.note) == (None, "nothing to divide by")
