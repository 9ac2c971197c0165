from __future__ import annotations

from dataclasses import fields, is_dataclass

import pytest

from app.console.batch_plans import BatchPlan, ItemState, PlannedItem
from app.console.freshness import Freshness
from app.console.service_repositories import PoliciesRead
from app.errors import Problem
from app.operations.state import Kind
from app.web.views import dialogs
from app.web.views.api_reference import ApiReference
from app.web.views.base import View
from app.web.views.errors import error_page
from app.web.views.history import HistoryFilterView
from app.web.views.preview import PreviewView
from app.web.views.role_changes import deactivate_dialog
from app.wording import Message
from tests.web.examples import NOW, Examples

EXAMPLES = Examples()


def views(cls: type = View) -> set[type]:
    below = {each for sub in cls.__subclasses__() for each in views(sub)}
    ours = is_dataclass(cls) and cls.__module__.startswith("app.web.")
    return below | {cls} if ours else below


def test_every_view_has_an_example():
    # The API reference is made from the whole OpenAPI document, which tests/api/test_docs.py shows.
    assert {type(view) for _, view in EXAMPLES.all()} == views() - {ApiReference}


@pytest.mark.parametrize("view", sorted(views(), key=lambda view: view.__name__))
def test_a_view_cannot_change_and_names_its_page(view):
    assert view.__dataclass_params__.frozen
    assert view.page.startswith(("pages/", "partials/"))


@pytest.mark.parametrize("name, view", [item for item in EXAMPLES.dialogs().items() if hasattr(item[1], "action")])
def test_every_question_is_posted_somewhere_and_can_be_left(name, view):
    assert view.action.startswith("/")
    assert view.back.startswith("/")
    assert all(
        isinstance(getattr(view, field.name), (Message, type(None)))
        for field in fields(view)
        if field.name in ("lead", "heading", "warning", "button")
    )


def test_deactivating_offers_to_clean_up_only_where_something_is_left():
    item = PlannedItem("us-east-1", "web", "a/b", ItemState.CHANGES)
    taken, nothing = (BatchPlan(Kind.DEACTIVATE, items) for items in ((item,), ()))
    assert deactivate_dialog("us-east-1", "web", taken, NOW).remove is True
    assert deactivate_dialog("us-east-1", "web", nothing, NOW).remove is None


def test_pruning_posts_each_principal():
    asked = dialogs.prune_dialog("us-east-1", "web", "a/b", preview=PreviewView("a/b", principals=("AROA1", "AROA2")))
    certain = (("principal", "AROA1"), ("principal", "AROA2"))
    assert asked.fields == (("repository", "a/b"), *certain, ("shown", "AROA1"), ("shown", "AROA2"))


def test_nothing_can_be_pruned_without_a_preview_of_it():
    problem = Problem("aws.slow", action="ecr:GetRepositoryPolicy")
    assert dialogs.prune_dialog("us-east-1", "web", "a/b", preview=PreviewView("a/b", problem=problem)).button is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 418, 422, 429, 500, 502, 503, 504, 599])
def test_every_status_has_a_title_and_something_to_do(status):
    page = error_page(status)
    assert page.status == status
    assert all(each.text for each in (page.title, page.what, page.todo))


def test_a_problem_speaks_for_itself():
    page = error_page(404, problem=EXAMPLES.problem())
    assert (page.what, page.todo) == (None, None)


def test_an_image_page_polls_while_it_changes():
    loading, running = EXAMPLES.pages()["images-loading"], EXAMPLES.pages()["images-running"]
    assert (EXAMPLES.images().polls, loading.polls, running.polls) == (False, True, True)
    assert EXAMPLES.images().access.repairable == 2


def test_a_filter_goes_to_the_address_and_back():
    asked = HistoryFilterView(service="web", kind="grant")
    assert HistoryFilterView(**asked.query()) == asked
    assert (asked.active, HistoryFilterView().active) == (True, False)


def test_how_much_is_known_is_told():
    assert Freshness(NOW).never
    assert (PoliciesRead(3, 4).whole, PoliciesRead(4, 4).whole) == (False, True)
    assert not PoliciesRead(listed=False).whole
