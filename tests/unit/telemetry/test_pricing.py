"""Prices: the same as genai-prices' own sums, said where they come from, never made up."""

from datetime import UTC, datetime

import pytest
from genai_prices import Usage
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from core.telemetry.model import Tokens
from core.telemetry.pricing import PriceList

AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
MODELS = [(provider, model) for provider in get_snapshot().providers for model in provider.models]
PRICES = PriceList()


@st.composite
def some_tokens(draw: st.DrawFn) -> Tokens:
    sent = draw(st.sampled_from([0, 1, 900, 128_000, 128_001, 200_000, 200_001, 1_000_000]))
    read = draw(st.integers(0, sent))
    return Tokens(sent, draw(st.integers(0, 50_000)), read, draw(st.integers(0, sent - read)))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(MODELS) - 1), some_tokens())
def test_every_model_costs_what_the_list_itself_says(index: int, tokens: Tokens) -> None:
    provider, model = MODELS[index]
    micros, basis = PRICES.price(provider=provider.id, model=model.id, started_at=AT, tokens=tokens)
    usage = Usage(
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write,
    )
    try:
        found, priced = get_snapshot().find_provider_model(model.id, None, provider.id, None)
        own = priced.calc_price(usage, found, genai_request_timestamp=AT).total_price
    except (LookupError, ValueError):
        assert micros is None
    else:
        assert micros is not None
        assert abs(micros - own * 1_000_000) <= 0.5
        assert basis.startswith("genai-prices ")


@pytest.mark.parametrize(
    ("provider", "model", "tokens", "why"),
    [
        ("openai", None, Tokens(1, 1, 0, 0), "unpriced: no model named"),
        ("openai", "gpt-4o", Tokens(None, None, None, None), "unpriced: no tokens reported"),
        ("openai", "gpt-4o", Tokens(1, 1, 2, 0), "unpriced: more cached tokens than input"),
        ("openai", "no-such-model", Tokens(1, 1, 0, 0), "unpriced: model 'no-such-model' of"),
        ("ollama-here", "gpt-4o", Tokens(1, 1, 0, 0), "unpriced: model 'gpt-4o' of 'ollama-here'"),
        (None, "no-such-model", Tokens(1, 1, 0, 0), "unpriced: model 'no-such-model' is not in"),
    ],
)
def test_what_has_no_price_says_why(
    provider: str | None, model: str | None, tokens: Tokens, why: str
) -> None:
    micros, basis = PRICES.price(provider=provider, model=model, started_at=AT, tokens=tokens)
    assert micros is None
    assert basis.startswith(why)


def test_conventional_names_of_providers_are_known() -> None:
    for name in ("gcp.gen_ai", "google", None):
        micros, basis = PRICES.price(
            provider=name,
            model="gemini-2.5-pro",
            started_at=AT,
            tokens=Tokens(1000, 10, None, None),
        )
        assert micros == 1350
        assert "google gemini-2.5-pro" in basis


def test_a_basis_says_up_to_when_the_list_knows_changes() -> None:
    _, basis = PriceList().price(
        provider="openai", model="gpt-4o", started_at=AT, tokens=Tokens(1, 1, None, None)
    )
    assert "(changes to 2026-" in basis


def test_ever_new_models_change_nothing_for_the_known() -> None:
    prices = PriceList()
    known = Tokens(1_000_000, 0, None, None)
    before = prices.price(provider="openai", model="gpt-4o", started_at=AT, tokens=known)
    for number in range(1_100):
        prices.price(
            provider="openai", model=f"m-{number}", started_at=AT, tokens=Tokens(1, 1, None, None)
        )
    assert before[0] == 2_500_000
    assert prices.price(provider="openai", model="gpt-4o", started_at=AT, tokens=known) == before
