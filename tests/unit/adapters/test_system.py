import asyncio
import fcntl
import os
import stat
import subprocess
import sys
from datetime import UTC
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.home import find_config, find_home, hold_home
from core.adapters.system import SystemClock, SystemIds
from core.errors import ConfigError, HomeInUse


def test_ids_are_unique_and_sort_by_the_time_they_were_made() -> None:
    source = SystemIds()
    made = [source.next_id() for _ in range(5_000)]
    assert made == sorted(set(made))
    assert {len(each) for each in made} == {26}


@given(
    st.lists(st.sampled_from([0, 1, 2, 3, 40, 1 << 20, (1 << 40) + 5]), min_size=1),
    st.sampled_from([b"\0", b"\xff", b"\x7f"]),
)
def test_ids_go_up_whatever_the_clock_does(times_ms: list[int], random: bytes) -> None:
    source = SystemIds()
    with (
        patch("time.time_ns", side_effect=[each * 1_000_000 for each in times_ms]),
        patch("os.urandom", side_effect=random.__mul__),
    ):
        made = [source.next_id() for _ in times_ms]
    assert made == sorted(set(made))
    assert {len(each) for each in made} == {26}
    newest = -1
    for each, now_ms in zip(made, times_ms, strict=True):
        if now_ms > newest:  # it begins with the time, ten letters of five bits
            letters = "0123456789abcdefghjkmnpqrstvwxyz"
            assert [letters.index(letter) for letter in each[:10]] == [
                now_ms >> place & 31 for place in range(45, -1, -5)
            ]
        # Counting up from the highest random part goes on into the time.
        newest = max(newest, now_ms) if random != b"\xff" else max(newest, now_ms) + len(made)


def test_trace_and_span_ids_have_the_lengths_of_the_standard() -> None:
    source = SystemIds()
    assert len(bytes.fromhex(source.next_trace_id())) == 16
    assert len(bytes.fromhex(source.next_span_id())) == 8


def test_the_clock_is_aware_and_in_utc() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    before = clock.monotonic_s()
    asyncio.run(clock.sleep(0))
    assert clock.monotonic_s() >= before


def test_a_home_is_closed_to_others_and_hosted_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with hold_home(home):
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert stat.S_IMODE((home / "lock").stat().st_mode) == 0o600
        (home / "gateway.json").write_text('{"url": "http://127.0.0.1:1"}', encoding="utf-8")
        with pytest.raises(HomeInUse, match=rf"process {os.getpid()}; it answers at http"):
            hold_home(home).__enter__()
    with hold_home(home):
        assert not (home / "gateway.json").exists()


def test_a_home_that_somebody_only_looks_at_is_hosted_all_the_same(tmp_path: Path) -> None:
    with hold_home(tmp_path):
        pass
    with (tmp_path / "lock").open("rb") as looked_at:
        fcntl.flock(looked_at, fcntl.LOCK_SH)

        def look_away(_s: float) -> None:
            fcntl.flock(looked_at, fcntl.LOCK_UN)

        with patch("core.adapters.home.time.sleep", look_away), hold_home(tmp_path):
            pass


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from core.adapters.home import hold_home\n"
        "hold_home(Path(sys.argv[1])).__enter__(); os.kill(os.getpid(), 9)"
    )
    root = Path(__file__).parents[3]
    dead = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, check=False)
    assert dead.returncode == -9
    with hold_home(tmp_path):
        assert (tmp_path / "lock").read_text(encoding="utf-8") == str(os.getpid())


def test_a_home_that_cannot_be_made_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be used"):
        hold_home(tmp_path / "file" / "home").__enter__()


def test_where_home_and_configuration_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAESTRO_HOME", raising=False)
    assert find_home(None).name == "maestro"
    monkeypatch.setenv("MAESTRO_HOME", str(tmp_path))
    assert find_home(None) == tmp_path
    assert find_home(tmp_path / "x") == tmp_path / "x"
    assert find_config(None, tmp_path) is None
    (tmp_path / "maestro.toml").write_text("", encoding="utf-8")
    assert find_config(None, tmp_path) == tmp_path / "maestro.toml"
    monkeypatch.setenv("MAESTRO_CONFIG", str(tmp_path / "c.toml"))
    assert find_config(None, tmp_path) == tmp_path / "c.toml"
