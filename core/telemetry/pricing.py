"""What a call costs, by the price list that comes with genai-prices. Local: nothing is fetched."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from core.telemetry.model import Counts

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

_MODELS_MAX: Final = 1_024
# What emitters call providers that the price list calls something else.
_ALIASES: Final = {
    "gcp.gen_ai": "google",
    "gcp.gemini": "google",
    "gcp.vertex_ai": "google",
    "vertexai": "google",
    "aws.bedrock": "aws",
}
_PLAIN: Final = frozenset(("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok"))
# Of no use to tokens of text, so that they cannot make a price other than the plain one.
_APART: Final = ("web_searches_", "storage_searches_", "cache_write_1h_", "input_audio_",
                 "output_audio_", "cache_audio_", "input_image_", "output_image_", "cache_image_",
                 "input_video_", "output_video_")  # fmt: skip
_NANO: Final = 10**9


@dataclass(frozen=True, slots=True)
class _Rates:
    """Nano-micros a token of input, output, cache read and cache write.

    `steps`: (above how many input tokens, other rates), highest first.
    """

    base: tuple[int, int, int, int]
    steps: tuple[tuple[int, tuple[int, int, int, int]], ...]

    def micros(self, tokens: Counts) -> int:
        sent, received, read, written = tokens
        sent = sent or 0
        plain, output, cache_read, cache_write = self.base
        for start, rates in self.steps:
            if sent > start:
                plain, output, cache_read, cache_write = rates
                break
        total = plain * sent + output * (received or 0)
        if read:
            total += (cache_read - plain) * read
        if written:
            total += (cache_write - plain) * written
        return (total + _NANO // 2) // _NANO


@dataclass(frozen=True, slots=True)
class _Priced:
    """One model of the list, as asked for."""

    basis: str
    provider: "Provider | None" = None
    model: "ModelInfo | None" = None
    rates: _Rates | None = None  # where one price holds for all times


class PriceList:
    """Prices by provider and model. The list is read at the first call: that takes 0.2 s."""

    def __init__(self) -> None:
        self._known: dict[tuple[str | None, str], _Priced] = {}
        self._rates: dict[int, _Rates | None] = {}  # by the list's own object, which lasts
        self._source = ""
        self._list: DataSnapshot | None = None

    def price(
        self, *, provider: str | None, model: str | None, started_at: datetime, tokens: Counts
    ) -> tuple[int | None, str]:
        """Cost in micros of a USD and its basis: the list and whose price, or why there is none."""
        if model is None:
            return None, "unpriced: no model named"
        sent, received, read, written = tokens
        if sent is None and received is None:
            return None, "unpriced: no tokens reported"
        if (read or written) and (read or 0) + (written or 0) > (sent or 0):
            return None, "unpriced: more cached tokens than input tokens"
        found = self._known.get((provider, model)) or self._remember(provider, model, started_at)
        rates = found.rates
        if rates is not None:
            return rates.micros(tokens), found.basis
        if found.provider is None or found.model is None:
            return None, found.basis
        micros = self._at(found.provider, found.model, started_at, tokens)
        return micros, found.basis if micros is not None else f"unpriced: {found.basis}"

    def _at(
        self, provider: "Provider", model: "ModelInfo", at: datetime, tokens: Counts
    ) -> int | None:
        """Prices that change with the time."""
        price = model.get_prices(at)
        if id(price) not in self._rates:
            self._rates[id(price)] = _rates_of(price)
        rates = self._rates[id(price)]
        return _slowly(provider, model, at, tokens) if rates is None else rates.micros(tokens)

    def _remember(self, provider: str | None, model: str, at: datetime) -> _Priced:
        if len(self._known) >= _MODELS_MAX:
            self._known.clear()
            self._list = None  # it remembers, without bound, what it was asked
        found = self._known[provider, model] = self._look_up(provider, model, at)
        return found

    def _look_up(self, provider: str | None, model: str, at: datetime) -> _Priced:
        from genai_prices.data import providers  # noqa: PLC0415 - 0.2 s, when needed
        from genai_prices.data_snapshot import DataSnapshot  # noqa: PLC0415

        if self._list is None:  # the one that came with the package, whatever others fetch
            self._list = DataSnapshot(providers, from_auto_update=False)
        if not self._source:
            self._source = f"genai-prices {version('genai-prices')}{_as_of(providers, at)}"
        named = _ALIASES.get(provider.lower(), provider) if provider else None
        try:
            whose, found = self._list.find_provider_model(model, None, named, None)
        except LookupError:
            what = f"model {model!r}" + (f" of {provider!r}" if provider else "")
            return _Priced(f"unpriced: {what} is not in {self._source}"[:200])
        basis = f"{self._source}: {whose.id} {found.id}"[:200]
        rates = None if isinstance(found.prices, list) else _rates_of(found.prices)
        return _Priced(basis, whose, found, rates)


def _as_of(providers: "list[Provider]", at: datetime) -> str:
    """The newest change of a price, not after `at`, that the list knows: it has no date itself."""
    changes = [
        start
        for provider in providers
        for model in provider.models
        if isinstance(model.prices, list)
        for price in model.prices
        if (start := getattr(price.constraint, "start_date", None)) and start <= at.date()
    ]
    return f" (changes to {max(changes)})" if changes else ""


def _rates_of(prices: "ModelPrice") -> _Rates | None:
    from genai_prices.types import TieredPrices  # noqa: PLC0415 - see above

    names = {key for key, value in vars(prices).items() if value is not None}
    if any(name not in _PLAIN and not name.startswith(_APART) for name in names):
        return None
    listed = [
        prices.input_mtok,
        prices.output_mtok,
        prices.cache_read_mtok,
        prices.cache_write_mtok,
    ]
    starts = {
        tier.start for price in listed if isinstance(price, TieredPrices) for tier in price.tiers
    }
    steps: list[tuple[int, tuple[int, int, int, int]]] = []  # without a rate: as plain input
    for start in sorted({*starts, -1}, reverse=True):
        plain, output, read, write = (_rate(price, start) for price in listed)
        if plain is None or output is None:
            return None
        read = plain if read is None else read
        steps.append((start, (plain, output, read, plain if write is None else write)))
    return _Rates(steps.pop()[1], tuple(steps))


def _rate(price: "Decimal | TieredPrices | None", above: int) -> int | None:
    """Nano-micros a token when there are more input tokens than `above`."""
    if price is None or isinstance(price, Decimal):
        return None if price is None else int(price * _NANO)
    reached = [tier for tier in price.tiers if tier.start <= above]
    best = max(reached, key=lambda tier: tier.start, default=None)
    return int((price.base if best is None else best.price) * _NANO)


def _slowly(
    provider: "Provider", model: "ModelInfo", started_at: datetime, tokens: Counts
) -> int | None:
    """Prices that depend on the time, or that count more than tokens."""
    from genai_prices import Usage  # noqa: PLC0415 - see above

    sent, received, read, written = tokens
    usage = Usage(
        input_tokens=sent or 0,
        output_tokens=received or 0,
        cache_read_tokens=read or 0,
        cache_write_tokens=written or 0,
    )
    try:
        found = model.calc_price(usage, provider, genai_request_timestamp=started_at)
    except (LookupError, ValueError):
        return None
    return round(found.total_price * 1_000_000)
