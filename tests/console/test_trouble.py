"""When the engine fails, the console says so in one sentence and goes on."""

from core.errors import StorageError
from tests.console.day import busy_operator
from tests.console.driving import open_console


async def test_a_queue_that_cannot_be_read_is_an_alert_and_the_last_one_stays() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        operator.broken = {"list_approvals", "list_agents", "list_grants", "read_audit"}
        await console.hear()
        await console.see("5 alerts", "6 approvals", "cannot read rules")
        operator.broken = set()
        await console.hear()
        await console.see("1 alert")


async def test_an_action_that_cannot_be_read_cannot_be_decided() -> None:
    operator = busy_operator()
    operator.broken = {"show_action"}
    async with open_console(operator) as console:
        await console.press("3")
        await console.see("show_action: disk I/O error")
        console.read_time()
        await console.press("a")
        assert "The action is not on the screen yet: Enter opens it." in console.toasts()
        await console.press("b")
        await console.until(lambda: any("disk I/O" in each for each in console.toasts()))
        operator.broken = set()
        console.app.tick()
        await console.until(console.dossier_fits)
    assert not operator.commands


async def test_a_decision_that_cannot_be_written_says_so_and_can_be_tried_again() -> None:
    operator = busy_operator()
    operator.failure = StorageError("the disk is full: free some room, then decide again")
    async with open_console(operator) as console:
        await console.open_approvals("77be02")
        await console.read_on()
        await console.press("a")
        await console.until(lambda: any("disk is full" in each for each in console.toasts()))
        operator.failure = None
        await console.until(lambda: not list(console.approvals.missing()))
        await console.press("a")
        await console.until(lambda: "✓ approved 77be02" in console.toasts())


async def test_a_slow_engine_is_waited_for_and_asked_once() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.open_approvals("77be02")
        await console.read_on()
        await console.press("a", "a", "a")
        await console.until(lambda: "✓ approved 77be02" in console.toasts())
    assert len(operator.commands) == 1
