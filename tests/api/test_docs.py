"""The reference: complete for programs, and the same as a page for people."""

import pytest
from bs4 import BeautifulSoup

from app.api.docs import document
from app.messages.problems import WORDS
from app.web.views.api_reference import reference, type_of

OPERATIONS = [
    pytest.param(path, method, id=f"{method} {path}")
    for path, methods in document()["paths"].items()
    for method in methods
]


def test_every_verb_of_the_console_is_there():
    paths = {path.removeprefix("/api/v1") for path in document()["paths"]}
    verbs = {"grants", "repositories", "policy", "preview"}
    assert {f"/services/{{region}}/{{name}}/{verb}" for verb in verbs} <= paths
    assert {f"/operations/{{operation_id}}/{verb}" for verb in ("retry", "cancel", "undo", "restore")} <= paths


@pytest.mark.parametrize("path, method", OPERATIONS)
def test_every_route_is_described_with_its_refusals(path, method):
    operation = document()["paths"][path][method]
    assert operation["summary"]
    assert operation["description"]
    assert {"400", "401", "403", "413", "422", "500", "503"} <= operation["responses"].keys()


@pytest.mark.parametrize("path, method", OPERATIONS)
def test_what_starts_work_says_where_to_ask(path, method):
    accepted = document()["paths"][path][method]["responses"].get("202")
    assert accepted is None or "Location" in accepted["headers"]


@pytest.mark.parametrize("body", ["BatchRequest", "AsCodeRequest"])
def test_the_examples_of_a_body_make_a_request_that_is_accepted(body):
    fields = document()["components"]["schemas"][body]["properties"]
    assert "examples" in str(fields["repositories"])
    assert "examples" not in str(fields["match"])


def test_no_refusal_has_another_shape():
    assert "HTTPValidationError" not in document()["components"]["schemas"]


def test_every_problem_code_is_listed_with_its_status():
    codes = document()["components"]["schemas"]["ProblemBody"]["properties"]["code"]["x-problem-codes"]
    listed = {"repository.not_found": 404, "policy.changed_meanwhile": 409, "request.invalid": 422, "internal": 500}
    assert codes.items() >= listed.items()
    assert codes.keys() == {code.partition("/")[0] for code in WORDS}


def test_every_reference_in_the_document_leads_somewhere():
    view = reference(document(), "http://127.0.0.1")
    names = {shape.name for shape in view.shapes}
    used = {field.type.link for shape in view.shapes for field in shape.fields}
    used |= {answer.type.link for group in view.groups for one in group.operations for answer in one.answers}
    assert used - {""} <= names


@pytest.mark.parametrize(
    "schema, words",
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "date-time"}, "time (ISO 8601)"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer or null"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Service"}}, "list of Service"),
        ({"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "integer (default: 50) from 1 to 200"),
        ({"enum": ["a", "b"]}, "one of a, b"),
        ({}, "any value"),
    ],
)
def test_a_type_is_said_in_words(schema, words):
    assert type_of(schema).text == words


def test_the_document_is_served(console):
    assert console.get("/api/openapi.json").json["info"]["title"] == "Sailpass"


def test_the_page_shows_every_route_and_nothing_inline(console):
    page = BeautifulSoup(console.get("/api/docs").text, "html.parser")
    shown = {code.get_text() for code in page.select("article h3 code")}
    assert {f"{method.upper()} {path}" for path, methods in document()["paths"].items() for method in methods} <= shown
    assert not page.select("script:not([src]), style, [style]")


def test_links_on_the_page_lead_somewhere(console):
    page = BeautifulSoup(console.get("/api/docs").text, "html.parser")
    ids = {tag["id"] for tag in page.find_all(id=True)}
    assert {a["href"].removeprefix("#") for a in page.select("a[href^='#']")} <= ids
