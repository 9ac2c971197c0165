"""A console for each module, and the API calls of programs."""

from __future__ import annotations

import pytest

from tests.api.documented import is_documented
from tests.console import console, until

__all__ = ["console"]

REGION = "us-east-1"
SERVICE = "storefront-web"
HERE = f"/api/v1/services/{REGION}/{SERVICE}"


@pytest.fixture(scope="module")
def ready(console):
    """The console once it has read every region."""
    until(lambda: console.get("/api/v1/services").json, lambda found: all(one["read_at"] for one in found["regions"]))
    until(
        lambda: console.get(f"{HERE}/repositories").json["policies"],
        lambda policies: policies["total"] and policies["read"] == policies["total"],
    )
    return with_documented_answers(console)


def with_documented_answers(console):
    """The console, each answer of which must be one that the OpenAPI document names."""
    send = console.send

    def checked(method, path, *more, **options):
        answer = send(method, path, *more, **options)
        assert is_documented(method, path, answer.status), f"{method} {path} may not answer {answer.status}"
        return answer

    console.send = checked
    return console


@pytest.fixture(scope="module")
def ended(ready):
    """Wait for an operation by its answer, as a program does: the operation as it ended."""

    def wait(answer):
        assert answer.status == 202, answer.text
        operation = answer.json
        while operation["outcome"] is None:
            operation = ready.get(f"{answer.headers['location']}?seen={operation['version']}&wait=4").json
        return operation

    return wait
