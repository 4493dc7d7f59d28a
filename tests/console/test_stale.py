"""A console whose engine is silent says so on every screen, and how old its newest word is."""

from tests.console.driving import open_console
from tests.console.fakes import FakeOperator

OLD = "docker push registry.shop.example/shop"


class Silence:
    """For how long nothing was fresh."""

    def __init__(self) -> None:
        self.since_s: float | None = None

    def stale_s(self) -> float | None:
        return self.since_s


async def test_silence_is_told_on_every_screen_and_taken_back() -> None:
    operator, silence = FakeOperator(), Silence()
    operator.hold("aaaaa1", arguments={"command": OLD})
    async with open_console(
        operator, size=(120, 36), mode="ATTACHED", stale_s=silence.stale_s
    ) as driver:
        await driver.see("! 1 approval", "[ATTACHED]")
        silence.since_s = 75
        driver.app.tick()
        for key in ("1", "3", "4", "9"):
            await driver.press(key)
            await driver.see("✗ STALE 1m15s", "last seen: 1 approval")
            top = driver.screen_text().splitlines()[0]
            assert "chain ok" not in top
            assert "nothing waits" not in top
        await driver.press("3")
        assert driver.app.screen.has_class("-stale")
        await driver.see(OLD)
        silence.since_s = None
        driver.app.tick()
        await driver.see("! 1 approval")
        assert "STALE" not in driver.screen_text()
        assert not driver.app.screen.has_class("-stale")


async def test_a_window_too_small_for_a_screen_says_it_too() -> None:
    silence = Silence()
    silence.since_s = 5
    async with open_console(FakeOperator(), size=(58, 10), stale_s=silence.stale_s) as driver:
        await driver.see("✗ STALE 5s", "last seen: 0 approvals", "60x20")
