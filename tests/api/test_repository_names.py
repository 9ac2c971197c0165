"""Wherever the API takes a repository, it accepts a name as copied from AWS."""

import json
from urllib.parse import quote

import pytest

from tests.api.conftest import HERE

ACCOUNT = "123456789012"
URI = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"


def test_access_is_given_and_taken_by_uri_and_arn(ready, ended):
    given = ended(ready.post(f"{HERE}/grants", {"repository": f" {URI}/tools/cli:latest "}))
    assert (given["repository"], given["outcome"]) == ("tools/cli", "succeeded")
    arn = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/tools/cli"
    repaired = ended(ready.post(f"{HERE}/grants/repair", {"repository": arn}))
    assert (repaired["repository"], repaired["outcome"]) == ("tools/cli", "nothing_to_do")
    taken = ended(ready.send("DELETE", f"{HERE}/grants?repository={quote(URI + '/tools/cli')}"))
    assert (taken["repository"], taken["outcome"]) == ("tools/cli", "succeeded")


def test_a_preview_and_a_policy_are_those_of_the_name(ready):
    shown = ready.post(f"{HERE}/preview", {"kind": "grant", "repository": f"{URI}/edge/cache@sha256:{'0' * 64}"}).json
    assert shown["repository"] == "edge/cache"
    assert ready.get(f"{HERE}/policy?repository={quote(URI + '/edge/cache')}").json["repository"] == "edge/cache"


@pytest.mark.parametrize(
    "repository, code",
    [
        (f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/tools/cli", "repository.of_other_region"),
        ("210987654321.dkr.ecr.us-east-1.amazonaws.com/tools/cli", "repository.of_other_account"),
        ("public.ecr.aws/nginx/nginx", "repository.public_ecr"),
        ("docker.io/library/nginx:1", "repository.other_registry"),
        ("tools\u200b/cli", "repository.odd_characters"),
    ],
)
@pytest.mark.parametrize("verb", ["grants", "grants/repair", "preview"])
def test_what_cannot_be_is_told_by_every_verb(ready, verb, repository, code):
    body = {"repository": repository, **({"kind": "grant"} if verb == "preview" else {})}
    answer = ready.post(f"{HERE}/{verb}", body)
    assert (answer.status, answer.json["code"]) == (422, code)


@pytest.mark.parametrize("name, nearest", [("edge/cache", ["edge/cache"]), ("edge/cahce", [])])
def test_a_repository_of_another_region_is_answered_with_the_one_of_its_name_only(ready, name, nearest):
    uri = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/{name}"
    assert ready.post(f"{HERE}/grants", {"repository": uri}).json["nearest"] == nearest


def test_a_name_that_is_not_there_is_answered_with_those_like_it(ready):
    answer = ready.post(f"{HERE}/grants", {"repository": f"{URI}/edge/cahce:1"})
    assert (answer.status, answer.json["code"], answer.json["nearest"][0]) == (
        404,
        "repository.not_found",
        "edge/cache",
    )


GONE = "/api/v1/services/us-east-1/web-of-last-year"
STATEMENT = {
    "Sid": "AllowLightsailPull-web-of-last-year",
    "Effect": "Allow",
    "Principal": {"AWS": "AROAQ3EXAMPLEDEADROLE"},
    "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
}


def test_a_service_that_is_gone_is_taken_out_of_the_policy_that_names_it(ready, ended):
    ready.sandbox.put_policy("payments/worker", {"Version": "2008-10-17", "Statement": [STATEMENT]})
    assert ended(ready.send("DELETE", f"{GONE}/grants?repository=payments/worker"))["outcome"] == "succeeded"
    assert ready.sandbox.policy("payments/worker")["policy"] is None


def test_a_service_that_nothing_names_is_not_found(ready):
    before = json.dumps(ready.sandbox.policy("payments/worker"))
    answer = ready.send("DELETE", f"{GONE}/grants?repository=payments/worker")
    assert (answer.status, answer.json["code"]) == (404, "service.not_found")
    page = ready.send(
        "POST",
        "/containers/us-east-1/web-of-last-year/repositories/remove",
        "repository=payments/worker",
        Content_Type="application/x-www-form-urlencoded",
    )
    assert page.status == 404
    assert json.dumps(ready.sandbox.policy("payments/worker")) == before
