from __future__ import annotations

import hashlib

import pytest

from app.auth.secret import fingerprint, is_plausible, new_secret, new_token


def test_secrets_have_the_shape_that_is_looked_for():
    assert is_plausible(new_secret())
    assert is_plausible(new_token())


def test_a_secret_has_256_bits_and_is_another_each_time():
    assert len(new_secret()) * 6 >= 256
    assert new_secret() != new_secret()


def test_only_a_sha256_hash_is_kept():
    assert fingerprint("a") == hashlib.sha256(b"a").hexdigest()


@pytest.mark.parametrize("text", ["", "short", "x" * 42, "x" * 44, "x" * 42 + "é", "x" * 43 + "\n", "x" * 100_000])
def test_what_cannot_be_ours_is_never_looked_for(text):
    assert not is_plausible(text)
