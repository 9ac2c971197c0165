"""A policy's text as pages, templates and the API show it: laid out, and nothing in it changed."""

import json

import pytest

from app.api.schemas.policies import document_of
from app.console.policies import pretty
from app.console.repository_templates import policy_templates
from tests.build import a_policy, a_repository, a_statement

NUMBERS = ["1e400", "-0", "0.1000", "12345678901234567890.5", "9" * 4_400]


def with_number(number):
    return a_policy([{**a_statement(), "Odd": "N"}]).replace('"N"', number)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_shown_as_it_is_written(number):
    shown = pretty(with_number(number))
    assert f'"Odd": {number}' in shown
    assert shown.count("\n") > 5
    for template in policy_templates(a_repository(), with_number(number)):
        assert f'"Odd": {number}' in template.text


@pytest.mark.parametrize("text", ["[" * 5_000, '{"a": 1, "a": 2}', "{", "NaN"])
def test_what_cannot_be_laid_out_without_loss_is_shown_as_it_is(text):
    assert pretty(text) == text
    assert policy_templates(a_repository(), text) == ()


@pytest.mark.parametrize("text", [*map(with_number, NUMBERS), "[" * 5_000, '{"a": ' + "[" * 5_000, "NaN", "{", None])
def test_the_api_s_document_is_always_json(text):
    json.dumps(document_of(text), allow_nan=False)


def test_a_policy_with_half_of_a_character_is_only_text():
    assert document_of('{"Statement": [{"Sid": "a\\ud800b"}]}') is None
