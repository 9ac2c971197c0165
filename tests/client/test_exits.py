"""Exit statuses are what scripts lean on."""

import pytest

from app.client.api import RequestRefused
from app.client.exit_codes import of_operation, of_problem, of_refusal
from app.errors import Problem
from app.operations.state import Outcome


@pytest.mark.parametrize(
    "outcome, status",
    [
        ("succeeded", 0),
        ("nothing_to_do", 0),
        ("failed", 1),
        ("cancelled", 3),
        ("interrupted", 6),
        ("seen", 0),
        (None, 4),
    ],
)
def test_an_operation_says_how_it_stands(outcome, status):
    assert of_operation({"outcome": outcome}) == status


def test_every_outcome_has_a_status():
    assert {of_operation({"outcome": str(outcome)}) for outcome in Outcome} == {0, 1, 3, 6}


@pytest.mark.parametrize(
    "http, status", [(401, 5), (404, 2), (409, 2), (422, 2), (403, 1), (502, 1), (504, 1), (500, 1)]
)
def test_a_refusal_says_whose_fault_it_is(http, status):
    assert of_refusal(RequestRefused(http, {})) == status


@pytest.mark.parametrize(
    "code, status",
    [
        ("client.unreachable", 5),
        ("service.ambiguous", 2),
        ("storage.failed", 1),
        ("command.token_without_url", 2),
        ("host.out_of_files", 1),
    ],
)
def test_what_kept_a_command_from_its_work_says_so(code, status):
    assert of_problem(Problem(code)) == status
