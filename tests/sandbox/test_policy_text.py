"""What ECR refuses in a policy's text and how it rewrites what it stores: only the rules, without HTTP."""

from __future__ import annotations

import json
import random

import pytest

from app.sandbox.errors import AwsError
from app.sandbox.policy_read import read_back, rendered
from app.sandbox.policy_text import Policy, accept
from app.sandbox.principals import Principals

NOW = 1_000.0
INVALID = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"
NOT_FOUND = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'"
PULLER = "arn:aws:iam::947856326339:role/amazon/lightsail/us-east-1/containers/web/private-repo-access/abc"
USER = "arn:aws:iam::123456789012:user/mika"


def a_statement(**changes):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage", **changes}
    return {key: value for key, value in statement.items() if value is not None}


def a_policy(**changes):
    return json.dumps({"Version": "2012-10-17", "Statement": [a_statement(**changes)]})


@pytest.fixture
def principals():
    known = Principals()
    known.born(PULLER, known_from=NOW)
    return known


def answer(text, principals, now=NOW):
    with pytest.raises(AwsError) as raised:
        accept(text, principals, now)
    assert raised.value.code == "InvalidParameterException"
    return raised.value.message


def read(text, principals, now=NOW, seed=1):
    return json.loads(read_back(Policy(accept(text, principals, NOW)), principals, now, random.Random(seed)))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("no json", id="no json"),
        pytest.param("[]", id="no object"),
        pytest.param('{"Version": "2012-10-17"}', id="no statement"),
        pytest.param('{"Statement": null}', id="a null statement"),
        pytest.param('{"Statement": []}', id="no statement in the list"),
        pytest.param('{"Statement": ["x"]}', id="a statement that is no object"),
        pytest.param('{"Statement": [], "Statement": []}', id="a key given twice"),
        pytest.param(f'{{"Version": "2020-01-01", "Statement": [{json.dumps(a_statement())}]}}', id="another version"),
        pytest.param(f'{{"Extra": 1, "Statement": [{json.dumps(a_statement())}]}}', id="an unknown key"),
        pytest.param(a_policy() + ", " + a_policy(), id="a second document pasted behind"),
        pytest.param(json.dumps({"Statement": [json.loads(a_policy())]}), id="a document as a statement"),
        pytest.param("[" * 100_000, id="too deep"),
        *(
            pytest.param(a_policy(Condition={"NumericEquals": {"x": 1}}).replace(": 1}", f": {number}}}"), id=number)
            for number in ("NaN", "Infinity", "-Infinity", "1e400")
        ),
    ],
)
def test_a_document_of_another_form_is_refused(text, principals):
    assert answer(text, principals) == INVALID


@pytest.mark.parametrize(
    "changes",
    [
        {"Resource": "*"},
        {"NotResource": "*"},
        {"Principal": None},
        {"Principal": "everyone"},
        {"Principal": {}},
        {"Principal": {"AWS": []}},
        {"Principal": {"AWS": "aws:ecr"}},
        {"Principal": {"AWS": "arn:aws:iam::*:root"}},
        {"Principal": {"Team": "blue"}},
        {"Principal": {"Service": "lambda"}},
        {"NotPrincipal": {"AWS": "*"}},
        {"Effect": "allow"},
        {"Effect": None},
        {"Effect": ["Allow"]},
        {"Action": None},
        {"Action": []},
        {"Action": "s3:GetObject"},
        {"Action": "ecr: BatchGetImage"},
        {"Action": "ecr:GetAuthorizationToken"},
        {"NotAction": "ecr:PutImage"},
        {"Sid": 1},
        {"Condition": []},
        {"Condition": {"StringMatches": {"aws:SourceArn": "x"}}},
        {"Condition": {"StringEquals": {"aws:SourceArn": {}}}},
    ],
)
def test_a_statement_that_says_something_wrong_is_refused(changes, principals):
    assert answer(a_policy(**changes), principals) == INVALID


@pytest.mark.parametrize(
    "changes",
    [
        {"Sid": "with spaces and-hyphens"},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": [USER, "arn:aws:sts::123456789012:assumed-role/ci/session"]}},
        {"Principal": {"Service": ["lambda.amazonaws.com"], "Federated": "cognito-identity.amazonaws.com"}},
        {"Principal": None, "NotPrincipal": {"AWS": USER}, "Effect": "Deny"},
        {"Action": None, "NotAction": ["ecr:PutImage"]},
        {"Action": "*"},
        {"Action": ["ECR:batchgetimage", "ecr:Get*", "ecr:NoSuchAction"]},
        {"Condition": {"ForAnyValue:StringLikeIfExists": {"aws:PrincipalOrgPaths": ["o-1/*"]}}},
        {"Condition": {"Null": {"aws:SourceArn": "true"}, "Bool": {"aws:SecureTransport": True}}},
    ],
)
def test_a_sound_statement_is_accepted(changes, principals):
    accept(a_policy(**changes), principals, NOW)


def test_repeated_sids_and_a_missing_version_are_accepted(principals):
    text = json.dumps({"Statement": [a_statement(Sid="same"), a_statement(Sid="same")]})
    assert "Version" not in read(text, principals)


@pytest.mark.parametrize(
    "principal",
    [
        "AROAEXAMPLEID12345678",
        "AIDAEXAMPLEID12345678",
        PULLER + "-other",
        "arn:aws-us-gov:iam::123456789012:role/ci",
        "arn:aws:iam::123456789012:nothing/ci",
    ],
)
def test_a_principal_that_does_not_exist_is_not_found(principal, principals):
    assert answer(a_policy(Principal={"AWS": [USER, principal]}), principals) == NOT_FOUND


@pytest.mark.parametrize("moment, is_found", [(NOW - 1, False), (NOW, True), (NOW + 49, True), (NOW + 50, False)])
def test_a_principal_is_found_from_its_birth_to_its_death(moment, is_found, principals):
    principals.dies(PULLER, NOW + 50)
    assert principals.exists(PULLER, moment) is is_found


def test_an_ordinary_role_exists_until_it_is_declared_dead(principals):
    principals.dies(USER, NOW)
    assert answer(a_policy(Principal={"AWS": USER}), principals) == NOT_FOUND


def test_a_dead_principal_reads_back_as_its_unique_id(principals):
    principals.dies(PULLER, NOW + 50)
    statement = read(a_policy(Principal={"AWS": PULLER}), principals, now=NOW + 50)["Statement"][0]
    assert statement["Principal"]["AWS"].startswith("AROA")


def test_the_unique_id_of_a_user_is_another_kind(principals):
    policy = Policy(accept(a_policy(Principal={"AWS": USER}), principals, NOW))
    principals.dies(USER, NOW)
    assert '"AIDA' in read_back(policy, principals, NOW, random.Random())


def test_a_read_before_the_death_does_not_hide_it(principals):
    policy = Policy(accept(a_policy(Principal={"AWS": PULLER}), principals, NOW))
    assert PULLER in read_back(policy, principals, NOW, random.Random())
    principals.dies(PULLER, NOW + 50)
    assert PULLER in read_back(policy, principals, NOW + 49, random.Random())
    assert PULLER not in read_back(policy, principals, NOW + 50, random.Random())


def test_an_account_id_reads_back_as_its_root(principals):
    statement = read(a_policy(Principal={"AWS": ["123456789012", USER]}), principals)["Statement"][0]
    assert set(statement["Principal"]["AWS"]) == {"arn:aws:iam::123456789012:root", USER}


def test_lists_of_one_are_collapsed(principals):
    condition = {"StringEquals": {"aws:PrincipalOrgID": ["o-1"]}}
    changes = {
        "Action": ["ecr:*"],
        "Principal": {"AWS": [USER], "Service": ["a.amazonaws.com"]},
        "Condition": condition,
    }
    statement = read(a_policy(**changes), principals)["Statement"][0]
    assert statement["Action"] == "ecr:*"
    assert statement["Principal"] == {"AWS": USER, "Service": "a.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}


def test_statement_stays_the_object_or_list_that_it_was(principals):
    single = json.dumps({"Version": "2012-10-17", "Statement": a_statement()})
    assert isinstance(read(single, principals)["Statement"], dict)
    assert isinstance(read(a_policy(), principals)["Statement"], list)


def test_principals_come_in_another_order_from_one_read_to_the_next(principals):
    names = [f"arn:aws:iam::123456789012:role/r{number}" for number in range(6)]
    policy = Policy(accept(a_policy(Principal={"AWS": names}), principals, NOW))
    order = random.Random(1)
    texts = {read_back(policy, principals, NOW, order) for _ in range(3)}
    assert len(texts) == 3
    assert all(sorted(json.loads(text)["Statement"][0]["Principal"]["AWS"]) == names for text in texts)


def test_actions_keep_their_order(principals):
    actions = ["ecr:PutImage", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    assert read(a_policy(Action=actions), principals)["Statement"][0]["Action"] == actions


def test_text_is_laid_out_as_ecr_does():
    document = {"Version": "2008-10-17", "Statement": [{"Sid": "é", "Action": ["a", "b"], "Condition": {}}]}
    assert rendered(document) == (
        '{\n  "Version" : "2008-10-17",\n  "Statement" : [ {\n    "Sid" : "é",\n'
        '    "Action" : [ "a", "b" ],\n    "Condition" : { }\n  } ]\n}'
    )


def test_keys_come_in_the_order_in_which_ecr_writes_them(principals):
    text = json.dumps(
        {"Statement": [{"Action": "*", "Principal": "*", "Effect": "Deny", "Sid": "s"}], "Version": "2012-10-17"}
    )
    document = read(text, principals)
    assert list(document) == ["Version", "Statement"]
    assert list(document["Statement"][0]) == ["Sid", "Effect", "Principal", "Action"]
