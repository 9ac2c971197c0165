from __future__ import annotations

import os
import pwd

import pytest

from app.auth.names import TOKEN_NAME, command_name, command_token_name, person_name, token_caller
from app.auth.operator import operator_name


def test_a_token_and_a_command_never_have_the_name_of_a_person():
    names = {person_name("mika"), token_caller("mika", "mika"), command_name("mika")}
    assert names == {"mika", "token:mika", "command:mika"}


@pytest.mark.parametrize("user", ["token:ci", "command:mika", "a:b", "a\nb", "a\x00b", "a\x7fb"])
def test_a_person_cannot_take_the_name_of_a_token(user):
    assert ":" not in person_name(user)
    assert person_name(user).isprintable()


@pytest.mark.parametrize("user", ["mika", "mika@example.com", "EXAMPLE\\mika", "ミカ"])
def test_a_name_that_takes_nobody_elses_is_kept(user):
    assert person_name(user) == user


def test_a_long_name_fits_its_column():
    assert len(person_name("m" * 300)) == len(command_name("m" * 255)) == 255


def test_no_token_that_a_person_names_acts_for_a_command():
    assert not TOKEN_NAME.fullmatch(command_token_name("mika"))
    assert token_caller(command_token_name("0123"), "mika") == "command:mika"


def test_whoever_runs_a_command_is_known_by_the_user_id_and_not_by_the_environment(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "somebody-else")
    assert operator_name() == pwd.getpwuid(os.geteuid()).pw_name


def test_a_user_without_a_name_is_known_by_the_number(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert operator_name() == "uid-4711"
