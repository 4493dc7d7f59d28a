from pathlib import Path

import pytest

from core.errors import ConfigError
from core.settings import load_settings
from core.source_settings import BINDINGS, MetricBinding

WORKING = {
    "psutil": 'measure = "cpu"',
    "http_probe": 'url = "http://127.0.0.1:8080/healthz"',
    "prometheus": 'url = "https://a.example/metrics"\nmetric = "up"',
    "sql": 'file = "shop.db"\nquery = "SELECT count(*) FROM orders"',
    "file": 'path = "coverage.xml"\nformat = "coverage"',
    "access_log": 'path = "access.log"\nmeasure = "error_ratio"',
    "git": 'measure = "commits_per_week"',
    "otlp": 'metric = "latency"',
    "internal": 'name = "incident_response_min"',
}


def load(folder: Path, text: str) -> MetricBinding:
    path = folder / "maestro.toml"
    path.write_text(f"[metrics.backend.error_rate]\n{text}\n", encoding="utf-8")
    return load_settings(path).metrics["backend"]["error_rate"]


@pytest.mark.parametrize("source", BINDINGS)
def test_each_kind_is_chosen_by_its_name(tmp_path: Path, source: str) -> None:
    binding = load(tmp_path, f'source = "{source}"\n{WORKING[source]}\nscale = 100')
    assert type(binding) is BINDINGS[source]
    assert (binding.source, binding.scale) == (source, 100)


def test_a_variable_binds_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in (("SOURCE", "psutil"), ("MEASURE", "load")):
        monkeypatch.setenv(f"MAESTRO_METRICS__BACKEND__ERROR_RATE__{key}", value)
    assert load_settings(None).metrics["backend"]["error_rate"].source == "psutil"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('source = "htp_probe"', "line 1: .*unknown source 'htp_probe' .did you mean 'http_probe'"),
        ("every_s = 1", "line 1: .*needs a source, one of psutil, http_probe"),
        ('source = "http_probe"', "line 1: metrics.backend.error_rate.url: is missing"),
        (
            'source = "http_probe"\nurll = "http://a/"',
            "line 3: unknown key 'metrics.backend.error_rate.urll' .did you mean 'url'",
        ),
        (
            'source = "http_probe"\n\nurl = "http://ana:s3cret@a/"',
            "line 4: metrics.backend.error_rate.url: an address holds no user or password",
        ),
        ('source = "http_probe"\nurl = "ftp://a/"', "starts with http://"),
        ('source = "http_probe"\nurl = "http://a:x/"', "line 3: "),
        ('source = "http_probe"\nurl = "http://a/ b"', "holds no blanks"),
        ('source = "psutil"\nmeasure = "heat"', "'cpu', 'memory', 'disk' or 'load'"),
        ('source = "psutil"\nmeasure = "cpu"\npid = 1\nprocess = "a"', "not both"),
        ('source = "psutil"\nmeasure = "load"\npid = 1', "load is the host's"),
        ('source = "psutil"\nmeasure = "load"\nevery_s = 0', "greater than 0"),
        ('source = "psutil"\nmeasure = "load"\nscale = inf', "finite"),
        ('source = "prometheus"\nurl = "http://a/"\nmetric = "b"\nmeasure = "ratio"', "`over`"),
        ('source = "git"\nmeasure = "commits_per_week"\nrevision = "--exec=x"', "no leading '-'"),
        ('source = "git"\nmeasure = "tags_per_week"\ntags = "../heads/x"', "no '..'"),
        ('source = "file"\npath = "a"\nformat = "json"', "of format json needs pointer"),
        ('source = "file"\npath = "a"\nformat = "csv"\npointer = "/a"', "csv takes no pointer"),
        (
            'source = "file"\npath = "a"\nformat = "junit"\nmeasure = "line_rate"',
            "measures pass_share or duration_s",
        ),
        ('source = "file"\npath = "a"\nformat = "number"\naggregate = "sum"', "no aggregate"),
        (
            'source = "access_log"\npath = "a"\nmeasure = "versions"\nversion_pattern = "("',
            "not a regular expression",
        ),
        (
            'source = "access_log"\npath = "a"\nmeasure = "versions"\nversion_pattern = "v1"',
            "needs a group",
        ),
        ('source = "sql"\nquery = "SELECT 1"', "give one of file"),
        ('source = "sql"\nquery = "SELECT 1"\nfile = "a"\npassword_env = "B"', "with address"),
        (
            'source = "sql"\nquery = "SELECT 1"\naddress = "mysql://a"',
            "starts with postgresql://",
        ),
        (
            'source = "sql"\nquery = "SELECT 1"\naddress = "postgresql://ana:s3cret@a/b"',
            "an address holds no password",
        ),
        (
            'source = "sql"\nquery = "SELECT 1"\naddress = "postgresql://a/b?password=s3cret"',
            "an address holds no password",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_place_without_secrets(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        load(tmp_path, text)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "  select 1 ; ",
        "-- how many; really\nSELECT 1",
        "/* drop; */ WITH a AS (SELECT 'delete; --' AS \"insert\") SELECT count(*) FROM a",
        "SELECT $$;drop$$, $a$ ; $a$",
        "SELECT 'it''s; fine'",
    ],
)
def test_one_statement_that_reads_is_taken(tmp_path: Path, query: str) -> None:
    load(tmp_path, f"source = \"sql\"\nfile = \"a\"\nquery = '''{query}'''")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "DELETE FROM a",
        "PRAGMA writable_schema = 1",
        "SELECT 1; DROP TABLE a",
        "SELECT 'a'; SELECT 2",
        "WITH a AS (DELETE FROM b RETURNING 1) SELECT count(*) FROM a",
        "EXPLAIN ANALYZE DELETE FROM a",
    ],
)
def test_what_is_not_one_statement_that_reads_is_refused(tmp_path: Path, query: str) -> None:
    with pytest.raises(ConfigError, match=r"a query (is one|only reads)"):
        load(tmp_path, f"source = \"sql\"\nfile = \"a\"\nquery = '''{query}'''")
