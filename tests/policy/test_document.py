import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Problem
from app.limits import POLICY_CHARACTERS
from app.policy.document import PolicyDocument, new_document, parse, render, size_of
from app.policy.grant import plan_grant
from tests.policy.build import a_policy, a_statement, any_policy
from tests.policy.names import MIKA, PULLER

WHOLE = {"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}


def refusal(text):
    with pytest.raises(Problem) as refused:
        parse(text)
    return refused.value


def test_order_unknown_keys_version_and_id_are_kept():
    text = (
        '{"Id":"x","Odd":[2,1],"Statement":{"Note":1,"Action":"ecr:*","Principal":"*","Effect":"Allow"},"Version":"v"}'
    )
    assert json.dumps(parse(text).members, separators=(",", ":")) == text


def test_a_single_object_is_read_as_one_statement():
    document = parse(json.dumps({"Statement": WHOLE}))
    assert document.statements == (WHOLE,)
    assert document.with_statements([WHOLE]).members["Statement"] == WHOLE


@given(any_policy())
def test_what_is_written_is_one_document_that_reads_back_the_same(text):
    document = parse(text)
    written = render(document)
    assert json.dumps(json.loads(written)) == json.dumps(json.loads(text))
    assert parse(written) == document


def test_broken_json_names_its_line_and_column():
    problem = refusal('{\n  "Statement": [}\n}')
    assert (problem.code, problem.params) == ("policy.not_json", {"line": 2, "column": 17})


@pytest.mark.parametrize("text", ["NaN", '{"a": -Infinity}', ""])
def test_json_that_cannot_be_sent_back_is_refused(text):
    assert refusal(text).code == "policy.not_json"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"Statement": ' + "[" * 40 + "]" * 40 + "}"])
def test_json_that_is_nested_too_deep_is_not_called_invalid(text):
    problem = refusal(text)
    assert (problem.code, problem.params) == ("policy.too_deep", {"levels": 32})


def test_a_key_said_twice_is_refused_since_one_would_get_lost():
    problem = refusal('{"Statement": [], "Version": "a", "Version": "b"}')
    assert (problem.code, problem.params) == ("policy.repeated_key", {"key": "Version"})


@pytest.mark.parametrize("text", ["[]", "7", '{"Version": "2012-10-17"}', '{"Statement": null}', '{"Statement": "x"}'])
def test_json_without_statements_is_no_policy(text):
    assert refusal(text).code == "policy.no_statement"


@pytest.mark.parametrize(
    "change, element",
    [
        ({"Effect": "allow"}, "Effect"),
        ({"Principal": None}, "Principal"),
        ({"Principal": MIKA}, "Principal"),
        ({"Principal": {"AWS": 220022002200}}, "Principal"),
        ({"Principal": {}}, "Principal"),
        ({"NotPrincipal": "*"}, "Principal"),
        ({"Action": 7}, "Action"),
        ({"NotAction": "ecr:*"}, "Action"),
        ({"Resource": {}}, "Resource"),
        ({"Condition": None}, "Condition"),
        ({"Condition": {"StringEquals": "x"}}, "Condition"),
    ],
)
def test_a_statement_that_ecr_would_refuse_is_named_by_its_place(change, element):
    problem = refusal(json.dumps({"Statement": [WHOLE, {**WHOLE, **change}]}))
    assert (problem.code, problem.params) == ("policy.malformed", {"statement": 2, "element": element})


@pytest.mark.parametrize("missing", ["Effect", "Principal", "Action"])
def test_a_statement_without_a_needed_element_is_named(missing):
    statement = {key: value for key, value in WHOLE.items() if key != missing}
    assert refusal(json.dumps({"Statement": [statement]})).params["element"] == missing


def test_a_statement_that_is_no_object_is_named():
    assert refusal('{"Statement": ["x"]}').params == {"statement": 1, "element": "Statement"}


def test_a_policy_too_long_is_refused_with_the_numbers_before_any_call():
    text = a_policy(a_statement(Padding="x" * 10_000))
    with pytest.raises(Problem) as refused:
        plan_grant(text, principal_arn=PULLER, service="shop")
    numbers = refused.value.params
    assert (refused.value.code, numbers["limit"]) == ("policy.too_long", 10_240)
    assert numbers["over"] == numbers["characters"] - 10_240 > 0


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_the_limit_is_counted_in_the_shortest_text_that_could_be_sent(over):
    frame = len(json.dumps({"Version": "2008-10-17", "Statement": [{**WHOLE, "X": ""}]}, separators=(",", ":")))
    document = new_document([{**WHOLE, "X": "x" * (POLICY_CHARACTERS - frame + over)}])
    if over <= 0:
        assert len(render(document)) == POLICY_CHARACTERS + over
    else:
        with pytest.raises(Problem, match="over=1"):
            render(document)


@pytest.mark.parametrize("indent", [None, 4])
def test_a_policy_counts_as_many_characters_as_would_be_sent_however_it_is_laid_out(indent):
    document = new_document([{**WHOLE, "Sid": "für alle"}])
    laid_out = json.dumps(document.members, indent=indent)
    assert size_of(laid_out) == size_of(document) == len(render(document)) < len(laid_out)


def test_what_is_no_policy_counts_as_it_stands():
    assert (size_of("{ nothing"), size_of(None)) == (9, 0)


@given(st.text())
def test_any_text_can_be_sent_as_utf8(text):
    document = PolicyDocument({"Statement": [{**WHOLE, "Sid": text + "\ud83d"}]})
    assert json.loads(render(document).encode()) == document.members
