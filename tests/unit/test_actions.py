import pytest

from core.actions import JsonValue, text_of


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("plain", "plain"),
        ({"stdout": "a", "code": 7, "more": ["b", {"deep": "c"}, None]}, "a\nb\nc"),
        (None, ""),
        (True, ""),
    ],
)
def test_all_text_of_a_result_is_kept_for_grounding(result: JsonValue, text: str) -> None:
    assert text_of(result) == text


def test_the_text_of_a_deep_result_is_read_however_deep_it_lies() -> None:
    deep: JsonValue = "found"
    for _ in range(10_000):
        deep = [deep]
    assert text_of(deep) == "found"
