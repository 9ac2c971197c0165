from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.policy.sequences import common, runs

SHORT = st.text("abc", max_size=12)


def longest(a, b):
    """The length of the longest common subsequence, by the textbook's table."""
    row = [0] * (len(b) + 1)
    for x in a:
        last = row
        row = [0]
        for j, y in enumerate(b):
            row.append(last[j] + 1 if x == y else max(last[j + 1], row[j]))
    return row[-1]


def check_pairs(a, b, pairs):
    assert all(a[i] == b[j] for i, j in pairs)
    assert all(i < i2 and j < j2 for (i, j), (i2, j2) in pairwise(pairs))


@given(SHORT, SHORT)
def test_the_longest_common_subsequence_is_found(a, b):
    pairs = common(a, b)
    check_pairs(a, b, pairs)
    assert len(pairs) == longest(a, b)


@given(st.text("abcdefgh", max_size=40), st.text("abcdefgh", max_size=40))
def test_of_longer_ones_what_is_found_is_common_too(a, b):
    check_pairs(a, b, common(a, b, exact=4))


def test_of_longer_ones_what_stands_once_is_found():
    a = [*range(3000), "x", *range(3000, 6000)]
    b = [*range(3000), *range(3000, 4000), "y", *range(4000, 6000)]
    assert len(common(a, b)) == 6000


@given(SHORT, SHORT)
def test_runs_follow_each_other_and_cover_both_sides(a, b):
    found = list(runs(a, b))
    assert "".join(a[run.i1 : run.i2] for run in found) == a
    assert "".join(b[run.j1 : run.j2] for run in found) == b
    assert all(a[run.i1 : run.i2] == b[run.j1 : run.j2] for run in found if run.same)
    assert all(run.same is not after.same for run, after in pairwise(found))
