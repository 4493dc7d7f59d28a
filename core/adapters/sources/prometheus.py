"""Pages in Prometheus' text format, scraped once for all metrics that are read from them."""

import asyncio
import math
from collections.abc import Collection
from typing import Final

from core.adapters.sources.apart import Apart
from core.adapters.sources.http_client import HttpClient, Request, shown_url
from core.adapters.sources.parse_prometheus import (
    Increases,
    LabelPairs,
    Page,
    histogram_quantile,
    parse_page,
    select,
)
from core.clock import Clock
from core.errors import SourceFailed
from core.measures import Measured
from core.source_settings import PrometheusBinding, PrometheusSelector

_OK: Final = 200
ACCEPT: Final = {"Accept": "text/plain;version=0.0.4"}
_SHARED_S: Final = 1.0  # a page this young serves the other metrics that are read from it
_FIRST: Final = "first scrape; growth is known from the second on"


class PrometheusPage:
    """One address, scraped."""

    def __init__(self, client: HttpClient, clock: Clock, request: Request) -> None:
        self._client = client
        self._clock = clock
        self._request = request
        self._lock = asyncio.Lock()
        self._apart = Apart()
        self._names: set[str] = set()
        self._page: Page = {}
        self._at_s: float | None = None

    def want(self, name: str) -> None:
        """Keep series of this name from now on."""
        self._names.add(name)
        self._at_s = None  # a page that was scraped before may lack it

    async def scrape(self) -> tuple[float, Page]:
        """The page and its monotonic time. Raises SourceFailed, TimeoutError."""
        async with self._lock:
            now_s = self._clock.monotonic_s()
            if self._at_s is None or now_s - self._at_s >= _SHARED_S:
                self._page = await self._fetch()
                self._at_s = now_s
            return self._at_s, self._page

    async def _fetch(self) -> Page:
        answer = await self._client.send(self._request)
        if answer.status != _OK:
            raise SourceFailed(f"answered {answer.status} where a page of metrics was expected")
        if answer.cut:
            raise SourceFailed(
                f"the page is longer than {self._request.bytes_max} bytes; raise bytes_max"
            )
        names = frozenset(self._names)
        return await self._apart.run(lambda: _parse(answer.body, names), self._request.timeout_s)


def _parse(body: bytes, names: Collection[str]) -> Page:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise SourceFailed("not a page in Prometheus' text format: it is not UTF-8") from error
    return parse_page(text, names)


class PrometheusGauge:
    """One number out of a page."""

    def __init__(self, binding: PrometheusBinding, page: PrometheusPage) -> None:
        self._binding = binding
        self._page = page
        self._selector = PrometheusSelector(metric=binding.metric, labels=binding.labels)
        page.want(binding.metric)
        if binding.over is not None:
            page.want(binding.over.metric)
        self._growth = Increases(binding.window_s)
        self._growth_over = Increases(binding.window_s)
        self.label: Final = (
            f"prometheus {binding.measure} {binding.metric} {shown_url(binding.url)}"
        )

    async def measure(self) -> Measured:
        """Scrape, or use the page that a sister has just scraped."""
        at_s, page = await self._page.scrape()
        series = self._find(page, self._selector)
        match self._binding.measure:
            case "value":
                if len(series) > 1:
                    raise SourceFailed(
                        f"{len(series)} series fit {self._binding.metric}: add labels until one"
                        ' does, or use measure = "sum"'
                    )
                return Measured(next(iter(series.values())))
            case "sum":
                return Measured(math.fsum(series.values()), note=f"of {len(series)} series")
            case "ratio":
                over = math.fsum(self._find(page, self._over).values())
                return _ratio(math.fsum(series.values()), over, "")
            case "rate" | "quantile":
                self._growth.add(at_s, series)
            case "rate_ratio":
                self._growth.add(at_s, series)
                self._growth_over.add(at_s, self._find(page, self._over))
        return self._grown()

    async def close(self) -> None:
        """The client is its maker's to close."""

    def _grown(self) -> Measured:
        total = self._growth.total()
        if total is None:
            return Measured(None, note=_FIRST)
        grown, span_s = total
        within = f"within {span_s:.0f} s"
        if self._binding.measure == "quantile":
            value = histogram_quantile(self._binding.quantile, grown)
            return Measured(value, note=within if value is not None else f"nothing {within}")
        growth = math.fsum(grown.values())
        if self._binding.measure == "rate":
            return Measured(growth / span_s, note=f"{growth:g} {within}")
        over = self._growth_over.total()
        return _ratio(growth, math.fsum(over[0].values()) if over else 0.0, within)

    @property
    def _over(self) -> PrometheusSelector:
        assert self._binding.over is not None  # noqa: S101 - the settings see to it
        return self._binding.over

    def _find(self, page: Page, selector: PrometheusSelector) -> dict[LabelPairs, float]:
        series = select(page, selector.metric, selector.labels)
        if series:
            return series
        if selector.metric in page:
            raise SourceFailed(f"no series of {selector.metric} has the labels {selector.labels}")
        raise SourceFailed(f"the page has no metric {selector.metric}; correct its name")


def _ratio(value: float, over: float, within: str) -> Measured:
    if over == 0:
        return Measured(None, note=f"nothing to divide by {within}".rstrip())
    return Measured(value / over, note=f"{value:g} of {over:g} {within}".rstrip())
