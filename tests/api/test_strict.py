"""The API refuses unknown fields, suggests the nearest name, and starts nothing."""

import json
from itertools import islice

import pytest

from app.api.docs import document
from app.http.request_names import hint, nearest, repeated, unknown
from tests.api.conftest import HERE
from tests.api.fuzz import Fuzzer, routes, send

UNDO = "/api/v1/operations/00000000-0000-4000-8000-000000000000/undo"
KINDS = ["unknown_field", "unknown_parameter", "repeated_field", "repeated_parameter", "body_that_is_not_taken"]
FUZZED = 250
SEED = 20260301


@pytest.fixture(autouse=True)
def nothing_is_started(ready):
    before = ready.get("/api/v1/operations").json["operations"]
    yield
    assert ready.get("/api/v1/operations").json["operations"] == before


@pytest.mark.parametrize("kind", [*KINDS, "empty_repository"])
def test_every_route_refuses_it(ready, kind):
    cases = [case for route in routes() if (case := getattr(Fuzzer(1), kind)(route)) is not None]
    answers = {f"{case.method} {case.path} {case.body}": send(ready, case) for case in cases}
    wrong = {asked: answer.text for asked, answer in answers.items() if answer.status != 422}
    assert cases
    assert not wrong


def test_every_body_is_described_as_complete():
    bodies = [
        schema
        for name, schema in document()["components"]["schemas"].items()
        if name.endswith("Request") or name == "AsPreviewed"
    ]
    assert len(bodies) == 18
    assert all(schema["additionalProperties"] is False for schema in bodies)


@pytest.mark.parametrize(
    "path, body, where, meant",
    [
        (f"{HERE}/grants", {"repository": "tools/cli", "preview": "00"}, ["body", "preview"], "previewed"),
        (
            f"{HERE}/role/deactivate",
            {"remove_statement": True, "previewed": "0" * 32},
            ["body", "remove_statement"],
            "remove_statements",
        ),
        (UNDO, {"Previewed": "00"}, ["body", "Previewed"], "previewed"),
        (
            "/api/v1/batches",
            {"action": "grant", "match": "*", "services": [{"region": "us-east-1", "name": "x", "regions": 1}]},
            ["body", "services", 0, "regions"],
            "region",
        ),
    ],
)
def test_the_field_that_was_meant_is_named(ready, path, body, where, meant):
    answer = ready.post(path, body)
    assert (answer.status, answer.json["code"]) == (422, "request.invalid")
    assert answer.json["detail"] == [{"where": where, "message": f"unknown (did you mean {meant}?)"}]
    assert f"did you mean {meant}?" in answer.json["message"]


def test_the_parameter_that_was_meant_is_named(ready):
    answer = ready.send("DELETE", f"{HERE}/grants?repository=tools/cli&preview=00")
    assert answer.json["detail"] == [{"where": ["query", "preview"], "message": "unknown (did you mean previewed?)"}]


def test_where_nothing_is_like_it_what_there_is_is_named(ready):
    answer = ready.post(f"{HERE}/grants", {"repository": "tools/cli", "force": True})
    assert answer.json["detail"][0]["message"] == "unknown (known are previewed, repository)"


def test_all_that_is_wrong_is_told_at_once_and_not_without_end(ready):
    answer = ready.post(f"{HERE}/grants", {f"x{number}": 1 for number in range(500)})
    assert 2 <= len(answer.json["detail"]) <= 11


@pytest.mark.parametrize(
    "body, kind, status, said",
    [
        ("{", "application/json", 422, "body: not valid JSON at character 1: Expecting property name"),
        ("repository=a", "application/x-www-form-urlencoded", 422, "isn't read; send application/json."),
        ('{"repository": "a"}', "text/plain; charset=utf-8", 422, "header / Content-Type: “text/plain; charset=utf-8”"),
        ('{"\\ud800": 1, "\\ud800": 2}', "application/json", 422, "body / ?: given more than once."),
        ("[" * 100_000, "application/json", 400, "The request can't be read."),
        ('{"repository": %s}' % ("1" * 5_000), "application/json", 400, "The request can't be read."),
    ],
)
def test_a_body_that_is_no_json_is_told_for_what_it_is(ready, body, kind, status, said):
    answer = ready.send("POST", f"{HERE}/grants", body, Content_Type=kind)
    assert answer.status == status
    assert said in answer.json["message"]


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/api/v1/findings?region=eu-west-3"),
        ("GET", "/api/v1/repositories?region=eu-west-3"),
        ("GET", "/api/v1/permissions?region=eu-west-3"),
        ("POST", "/api/v1/permissions/check"),
    ],
)
def test_a_region_that_is_not_configured_is_refused_and_none_takes_its_place(ready, method, path):
    answer = ready.send(method, path, '{"region": "eu-west-3"}' * (method == "POST"), Content_Type="application/json")
    assert (answer.status, answer.json["code"]) == (404, "region.not_configured")


def test_more_names_than_a_policy_takes_are_refused_and_none_is_dropped(ready):
    answer = ready.get(f"/api/v1/permissions?names={','.join(f'team/r{number}' for number in range(51))}")
    assert (answer.status, answer.json["code"]) == (422, "permissions.too_many_names")


@pytest.mark.parametrize("body", ["", "{}", "null"])
def test_an_empty_body_is_none(ready, body):
    answer = ready.send("POST", f"{UNDO.removesuffix('undo')}retry", body, Content_Type="application/json")
    assert (answer.status, answer.json["code"]) == (404, "operation.not_found")


@pytest.mark.parametrize("value", ["yes", 1, "true", None])
def test_a_value_of_another_type_is_not_guessed_at(ready, value):
    answer = ready.post(f"{HERE}/role/deactivate", {"remove_statements": value, "previewed": "0" * 32})
    assert [each["where"] for each in answer.json["detail"]] == [["body", "remove_statements"]]


@pytest.mark.parametrize(
    "path, methods",
    [
        (f"{HERE}/grants", {"POST", "DELETE"}),
        ("/api/v1/identity", {"GET", "HEAD"}),
        ("/containers/us-east-1/storefront-web/repositories/remove", {"GET", "HEAD", "POST"}),
        ("/sign-in", {"GET", "HEAD", "POST"}),
        ("/static/x", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_told_all_that_are_right(ready, path, methods):
    answer = ready.send("PUT", path)
    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == methods


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
@pytest.mark.parametrize("path", ["/api/v1/batches/preview", "/api/v1/repositories/prune/preview"])
def test_an_address_of_its_own_is_not_taken_for_an_id(ready, method, path):
    answer = ready.send(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert method == "HEAD" or answer.json["code"] == "request.wrong_method"


def test_wrong_requests_of_every_kind_are_refused_and_break_nothing(ready):
    complaints = [
        f"{complaint}: {answer.status} {case}"
        for case in islice(Fuzzer(SEED).cases(), FUZZED)
        if (complaint := case.complaint(answer := send(ready, case)))
    ]
    assert not complaints, json.dumps(complaints, indent=1)


def test_names_are_compared_however_long_they_are():
    known = ("repository", "previewed")
    assert nearest("repositry", known) == "repository"
    assert nearest("x" * 100_000, known) == ""
    assert hint("x", ()) == "unknown (none is taken here)"
    assert unknown([*known, "b", "a", "b"], known) == ("b", "a")
    assert repeated("abab") == ("a", "b")
