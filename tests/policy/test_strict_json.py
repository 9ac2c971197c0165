import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Problem
from app.policy import strict_json
from app.policy.statement import label

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES, st.sampled_from([None, 2, 4]), st.booleans())
def test_it_is_laid_out_as_json_dumps_does(value, indent, ascii_only):
    separators = None if indent else (",", ":")
    expected = json.dumps(value, indent=indent, separators=separators, ensure_ascii=ascii_only)
    assert strict_json.dump(value, indent=indent, ascii_only=ascii_only) == expected


def test_a_key_that_is_said_twice_is_named():
    with pytest.raises(Problem) as refused:
        strict_json.load('{"a": {"x": 1, "b": 2, "c": 3, "b": 4}}')
    assert (refused.value.code, refused.value.params) == ("policy.repeated_key", {"key": "b"})


@pytest.mark.parametrize("indent", [None, 2])
def test_half_of_a_surrogate_pair_is_written_as_an_escape(indent):
    assert strict_json.dump(strict_json.load('"a\\ud800b 🚢"'), indent=indent) == '"a\\ud800b 🚢"'
    assert label(0, {"Sid": "a\ud800b"}) == "#1 (a\\ud800b)"
