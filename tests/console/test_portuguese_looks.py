"""How the main screens look in Brazilian Portuguese, small and middling, as they were approved.

After a change that is meant: `pytest tests/console/test_portuguese_looks.py --snapshot-update`,
then read what changed. MAESTRO_PICTURES=DIR writes SVGs to look at.
"""

import re
from datetime import UTC
from typing import Final

import pytest
from syrupy.assertion import SnapshotAssertion
from textual._wait import wait_for_idle

from console import language
from console.app import MaestroApp
from console.looks import Looks
from tests.console.day import past_events
from tests.console.fakes import MARIA
from tests.console.office_fakes import FakeMachine
from tests.console.picturing import (
    PictureExtension,
    keep_picture,
    names_help_and_command,
    strips,
    words,
)
from tests.console.sights import SIGHTS, full_operator
from tests.console.tongues import Settler
from tests.fake_fleet import FakeFleet
from tests.fakes import FakeClock

pytestmark = pytest.mark.no_cover  # counted elsewhere, in half the time

SIZES: Final = {"80x24": (80, 24), "120x36": (120, 36)}
# How often a test looks before a condition holds moves its clock: ages are not compared.
SINCE: Final = re.compile(r"\b(?:\d+[dhm])*\d+[dhms]\b")
SHOWN: Final = (
    "overview",
    "approvals",
    "card-shell",
    "agents",
    "metrics",
    "messages",
    "alerts",
    "audit",
    "settings",
    "help",
    "confirm",
    "deny",
    "remember",
    "quit",
)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SHOWN)
async def test_a_screen_looks_as_it_was_approved(
    name: str, size: str, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    operator, clock = full_operator(), FakeClock()
    app = MaestroApp(
        operator,
        operator.bus,
        clock,
        MARIA,
        zone=UTC,
        fleet=FakeFleet(),
        looks=Looks(language="pt_BR"),
    )
    app.front.office = FakeMachine().office()

    def header_stands() -> bool:
        return not words(strips(app)).startswith("\n")

    try:
        async with app.run_test(size=SIZES[size], notifications=True) as pilot:
            console = Settler(app, pilot, clock, operator)
            await console.until(lambda: app.bridge.snapshot.approvals is not None)
            for event in past_events(operator):
                await operator.bus.publish(event)
            await console.hear()
            await SIGHTS[name](console)
            await console.until(header_stands)
            await pilot.pause()
            await wait_for_idle()
            keep_picture(app, f"pt-{name}-{size}")
            drawn = SINCE.sub(lambda found: re.sub(r"\d", "0", found[0]), words(strips(app)))
            assert names_help_and_command(app)
            assert drawn == snapshot.use_extension(PictureExtension)
    finally:
        language.use("en")
