"""The demo's tasks: each URL shows what its sentence promises."""

import html

import pytest

from app.web.views.demo_tasks import TASKS, tasks_for
from tests.console import until
from tests.demo.demo_process import running_demo

SHOWN = {
    "payments/api": "Add repository",
    "wrong role ARN": "Wrong role ARN",
    "explicit deny": "QuarantinedUntilPatched",
    "deleted principal": "Remove dead principals",
    "push images": "allows every AWS account to push images",
    "account is closed": "998877665544",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with running_demo(tmp_path_factory.mktemp("demo"), {}) as running:
        yield running


def test_the_first_page_lists_what_to_try(demo):
    page = until(lambda: html.unescape(demo.get("/containers")), lambda text: "Try this in the demo" in text)
    assert [task.address for task in TASKS if f'href="{task.address}"' not in page] == []


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.text.text[:30])
def test_each_address_shows_what_is_promised(demo, task):
    (shown,) = [text for words, text in SHOWN.items() if words in task.text.text]
    until(lambda: demo.get(task.address), lambda page: shown in page)


def test_an_account_without_the_demos_services_gets_no_list():
    everything = {(task.region, task.service) for task in TASKS}
    assert tasks_for(everything) == TASKS
    assert tasks_for(everything - {("us-east-1", "reporting")}) == ()
