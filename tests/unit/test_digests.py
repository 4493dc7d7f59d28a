import hashlib
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.digests import find_own, sha256_hex


@given(st.binary(max_size=200) | st.integers(4_000, 4_200).map(lambda size: b"x" * size))
def test_it_is_sha_256_whatever_the_length(data: bytes) -> None:
    assert sha256_hex(data) == hashlib.sha256(data).hexdigest()


def test_python_may_be_built_without_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("_sha2", "_sha256"):
        monkeypatch.setitem(sys.modules, module, None)
    assert find_own() is hashlib.sha256
