from pathlib import Path

import pytest

from core.errors import ConfigError
from core.settings import load_settings


def write(folder: Path, text: str) -> Path:
    path = folder / "maestro.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_it_works_with_nothing_at_all() -> None:
    settings = load_settings(None)
    assert (settings.gateway.port, settings.governance.unknown_agents) == (7717, "register")


def test_the_file_counts_and_a_variable_counts_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "[gateway]\nport = 1\n[agents.coder]\npack = 'payments'\n")
    assert load_settings(path).gateway.port == 1
    assert load_settings(path).agents["coder"].pack == "payments"
    monkeypatch.setenv("MAESTRO_GATEWAY__PORT", "2")
    assert load_settings(path).gateway.port == 2


def test_the_time_to_take_a_decision_back_is_set_by_risk(tmp_path: Path) -> None:
    path = write(tmp_path, "[console]\nrecall_s = {low = 1, high = 0}\n")
    recall = load_settings(path).console.recall_s
    assert (recall.low, recall.medium, recall.high, recall.critical) == (1, 3, 0, 10)
    with pytest.raises(ConfigError, match="recall_s"):
        load_settings(write(tmp_path, "[console]\nrecall_s = {low = -1}\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[gatewya]\nport = 1", "gateway"),
        ("[gateway]\nprot = 1", "'port'"),
        ("[agents.coder]\npak = 'x'", "'pack'"),
        ("[mcp.files]\ncomand = 'x'", "'command'"),
        ("[gateway]\n\nport = 99999", "line 3: gateway.port: Input should be less than or equal"),
        ("gateway.port = 'x'", "line 1: gateway.port: Input should be a valid integer"),
        ("# port = 1\n[gateway]\nwait = 1\nport = -1", "line 4: gateway.port"),
        ("[gateway] # here\nprot = 1", "line 2: unknown key 'gateway.prot'"),
        ("[gatewya]\nport = 1", "line 1: unknown key 'gatewya'"),
        (
            "store = { backend = 'x' }",
            "maestro.toml: store.backend: Input should be",
        ),
        ("[gateway\n", "not valid TOML"),
        ("zzz = 1", "unknown key 'zzz'"),
        ("[gateway.deep.deeper]\nx = 1", "gateway.deep"),
    ],
)
def test_what_is_wrong_is_named_with_the_nearest_right_name(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, text))
    assert said in str(caught.value)


def test_a_wrong_variable_is_named_and_not_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAESTRO_GATEWAY__PORT", "many")
    with pytest.raises(ConfigError, match=r"the variable MAESTRO_GATEWAY__PORT: gateway.port"):
        load_settings(write(tmp_path, "[gateway]\nport = 1"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load_settings(tmp_path / "none.toml")


def test_a_variable_that_fits_no_section_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAESTRO_GATEWYA__PORT", "1")
    with pytest.raises(ConfigError, match="did you mean 'gateway'"):
        load_settings(None)
