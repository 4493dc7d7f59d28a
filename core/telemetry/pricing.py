"""What a call costs, by the price list that comes with genai-prices. Local: nothing is fetched."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from core.telemetry.model import Tokens

if TYPE_CHECKING:
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

Rate = tuple[int, tuple[tuple[int, int], ...]]
"""Nano-micros a token: the base, then (more input tokens than, rate), highest first."""


@dataclass(frozen=True, slots=True)
class _Rates:
    input: Rate
    output: Rate
    cache_read: Rate | None
    cache_write: Rate | None

    def micros(self, tokens: Tokens) -> int:
        sent = tokens.input or 0
        read = tokens.cache_read or 0
        written = tokens.cache_write or 0
        total = _at(self.output, sent) * (tokens.output or 0)
        plain = sent
        if self.cache_read is not None:
            plain -= read
            total += _at(self.cache_read, sent) * read
        if self.cache_write is not None:
            plain -= written
            total += _at(self.cache_write, sent) * written
        total += _at(self.input, sent) * plain
        return (total + _NANO // 2) // _NANO


@dataclass(frozen=True, slots=True)
class _Priced:
    """One model of the list, as asked for."""

    basis: str
    provider: "Provider | None" = None
    model: "ModelInfo | None" = None


class PriceList:
    """Prices by provider and model. The list is read at the first call: that takes 0.2 s."""

    def __init__(self) -> None:
        self._known: dict[tuple[str | None, str], _Priced] = {}
        self._rates: dict[int, _Rates | None] = {}  # by the list's own object, which lasts
        self._source = ""

    def price(
        self, *, provider: str | None, model: str | None, started_at: datetime, tokens: Tokens
    ) -> tuple[int | None, str]:
        """Cost in micros of a USD and its basis: the list and whose price, or why there is none."""
        if model is None:
            return None, "unpriced: no model named"
        if tokens.input is None and tokens.output is None:
            return None, "unpriced: no tokens reported"
        key = (provider, model)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MODELS_MAX:
                self._known.clear()
            found = self._known[key] = self._look_up(provider, model, started_at)
        if found.provider is None or found.model is None:
            return None, found.basis
        cached = (tokens.cache_read or 0) + (tokens.cache_write or 0)
        if cached > (tokens.input or 0):
            return None, "unpriced: more cached tokens than input tokens"
        price = found.model.get_prices(started_at)
        if id(price) not in self._rates:
            self._rates[id(price)] = _rates_of(price)
        rates = self._rates[id(price)]
        if rates is not None:
            return rates.micros(tokens), found.basis
        micros = _slowly(found.provider, found.model, started_at, tokens)
        return micros, found.basis if micros is not None else f"unpriced: {found.basis}"

    def _look_up(self, provider: str | None, model: str, at: datetime) -> _Priced:
        from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - 0.2 s, when needed

        if not self._source:
            self._source = f"genai-prices {version('genai-prices')}{_as_of(at)}"
        named = _ALIASES.get(provider.lower(), provider) if provider else None
        try:
            whose, found = get_snapshot().find_provider_model(model, None, named, None)
        except LookupError:
            what = f"model {model!r}" + (f" of {provider!r}" if provider else "")
            return _Priced(f"unpriced: {what} is not in {self._source}"[:200])
        basis = f"{self._source}: {whose.id} {found.id}"[:200]
        return _Priced(basis, whose, found)


def _as_of(at: datetime) -> str:
    """The newest change of a price, not after `at`, that the list knows: it has no date itself."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - see above

    changes = [
        start
        for provider in get_snapshot().providers
        for model in provider.models
        if isinstance(model.prices, list)
        for price in model.prices
        if (start := getattr(price.constraint, "start_date", None)) and start <= at.date()
    ]
    return f" (changes to {max(changes)})" if changes else ""


def _rates_of(prices: "ModelPrice") -> _Rates | None:
    names = {key for key, value in vars(prices).items() if value is not None}
    if any(name not in _PLAIN and not name.startswith(_APART) for name in names):
        return None
    if not {"input_mtok", "output_mtok"} <= names:
        return None
    return _Rates(
        _rate(prices.input_mtok),
        _rate(prices.output_mtok),
        _rate(prices.cache_read_mtok) if "cache_read_mtok" in names else None,
        _rate(prices.cache_write_mtok) if "cache_write_mtok" in names else None,
    )


def _rate(price: "Decimal | TieredPrices | None") -> Rate:
    if price is None:
        raise ValueError("only prices that are there have a rate")
    if isinstance(price, Decimal):
        return int(price * _NANO), ()
    steps = sorted(((tier.start, int(tier.price * _NANO)) for tier in price.tiers), reverse=True)
    return int(price.base * _NANO), tuple(steps)


def _at(rate: Rate, sent: int) -> int:
    base, steps = rate
    for start, each in steps:
        if sent > start:
            return each
    return base


def _slowly(
    provider: "Provider", model: "ModelInfo", started_at: datetime, tokens: Tokens
) -> int | None:
    """Prices that depend on the time, or that count more than tokens."""
    from genai_prices import Usage  # noqa: PLC0415 - see above

    usage = Usage(
        input_tokens=tokens.input or 0,
        output_tokens=tokens.output or 0,
        cache_read_tokens=tokens.cache_read or 0,
        cache_write_tokens=tokens.cache_write or 0,
    )
    try:
        found = model.calc_price(usage, provider, genai_request_timestamp=started_at)
    except (LookupError, ValueError):
        return None
    return round(found.total_price * 1_000_000)
