"""Every invalid request gets an error of the same shape, and the console never breaks."""

import http.client
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import HERE

SHAPE = {
    "code",
    "message",
    "what_to_do",
    "retryable",
    "aws_code",
    "aws_message",
    "request_id",
    "params",
    "iam_statement",
}
ROUTES = [
    ("GET", "/api/v1/services/{}/{}"),
    ("GET", "/api/v1/services/{}/{}/repositories"),
    ("POST", "/api/v1/services/us-east-1/{}/{}"),
    ("GET", "/api/v1/operations/{}/{}"),
    ("POST", "/api/v1/operations/{}/{}"),
    ("GET", "/api/v1/services?q={}&{}"),
    ("GET", "/api/v1/operations?service={}&cursor={}"),
    ("GET", "/api/v1/operations?since={}&limit={}"),
    ("GET", "/api/v1/permissions?region={}&names={}"),
    ("GET", HERE + "/policy?repository={}&x={}"),
    ("GET", HERE + "/repositories/choices?q={}&x={}"),
    ("DELETE", HERE + "/grants?repository={}%20&previewed={}"),
]
BODIES = [
    f"{HERE}/grants",
    f"{HERE}/grants/repair",
    f"{HERE}/policy/prune",
    f"{HERE}/preview",
    f"{HERE}/role/deactivate",
    "/api/v1/permissions/check",
    "/api/v1/operations/00000000-0000-4000-8000-000000000000/undo",
    "/api/v1/operations/00000000-0000-4000-8000-000000000000/preview",
]
# No name of ours: an operation on a repository that exists would be a right answer, and start work.
texts = st.text(max_size=40).map(lambda text: f"{text}!")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
names = ["repository", "previewed", "principals", "kind", "region", "repositories", "remove_statements"]
bodies = st.dictionaries(st.sampled_from(names), values, max_size=4).filter(lambda body: body) | values
often = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def is_told(answer):
    return answer.status < 400 or answer.json.keys() >= SHAPE


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/nothing", 404),
        ("PUT", "/api/v1/identity", 405),
        ("GET", "/api/v1/operations?limit=0", 422),
        ("GET", "/api/v1/operations/x", 422),
    ],
)
def test_every_refusal_has_the_same_shape(ready, method, path, status):
    answer = ready.send(method, path)
    assert answer.status == status
    assert answer.json.keys() >= SHAPE


def test_a_wrong_method_is_told_which_are_right(ready):
    assert "GET" in ready.send("PUT", "/api/v1/identity").headers["allow"]


@pytest.mark.parametrize("body", ['{"repository": ', "[]", "null", '{"repository": "\\ud800"}', '{"repository": 5}'])
def test_a_body_that_is_none_is_refused(ready, body):
    answer = ready.send("POST", f"{HERE}/grants", body, Content_Type="application/json")
    assert (answer.status, answer.json["code"]) == (422, "request.invalid")


@pytest.mark.parametrize(
    "query",
    [
        "since=0001-01-01T00:00:00%2B14:00",
        "until=9999-12-31T23:59:59-14:00",
        "until=0.5",
        "since=1790000000",
        "person=%01",
    ],
)
def test_a_filter_beyond_all_bounds_is_refused(ready, query):
    answer = ready.get(f"/api/v1/operations?{query}")
    assert (answer.status, answer.json["code"]) == (422, "request.invalid")


def test_what_no_database_takes_as_text_is_refused(ready):
    body = {"repository": "tools/cli", "principals": ["AROA\x00"], "previewed": "0" * 32}
    assert ready.post(f"{HERE}/policy/prune", body).status == 422
    answer = ready.get("/api/v1/operations?person=%00")
    assert (answer.status, answer.json["code"]) == (422, "request.no_text")


def test_a_form_is_no_body(ready):
    answer = ready.send(
        "POST", f"{HERE}/grants", "repository=tools/cli", Content_Type="application/x-www-form-urlencoded"
    )
    assert answer.status == 422


def test_a_body_that_is_too_large_is_refused(ready):
    assert ready.post(f"{HERE}/grants", {"repository": "x" * 300_000}).status == 413


def test_a_write_from_another_sites_page_is_refused(ready):
    answer = ready.post("/api/v1/permissions/check", {}, Origin="https://elsewhere.example")
    assert (answer.status, answer.json["code"]) == (403, "request.cross_origin")


@given(route=st.sampled_from(ROUTES), parts=st.tuples(texts, texts))
@often
def test_no_address_breaks_the_console(ready, route, parts):
    method, path = route
    answer = ready.send(method, path.format(*(quote(part, safe="") for part in parts)))
    assert answer.status < 500
    assert is_told(answer)


@given(path=st.sampled_from(BODIES), body=bodies)
@often
def test_no_body_breaks_the_console(ready, path, body):
    answer = ready.post(path, body)
    assert answer.status < 500
    assert is_told(answer)


@given(raw=st.binary(max_size=60), kind=st.sampled_from(["application/json", "text/plain", "multipart/form-data", ""]))
@often
def test_no_bytes_break_the_console(ready, raw, kind):
    connection = http.client.HTTPConnection(urlsplit(ready.url).netloc, timeout=10)
    connection.request("POST", f"{HERE}/preview", raw, {"Content-Type": kind})
    response = connection.getresponse()
    response.read()
    connection.close()
    assert 400 <= response.status < 500
