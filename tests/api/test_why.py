"""Why over the API: one root cause first, read now, changing nothing; a read token suffices."""

from __future__ import annotations

import pytest

from tests.api.conftest import HERE

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com/"


def test_the_root_cause_comes_first_with_its_fixes(ready):
    answer = ready.post(f"{HERE}/why", {"image": HOST + "payments/api:3.12.0"})
    assert answer.status == 200, answer.text
    cause = answer.json["causes"][0]
    assert (cause["code"], cause["is_access"], cause["fixes"][0]["operation"]) == ("policy.missing", True, "grant")
    assert "set-repository-policy" in cause["fixes"][0]["aws"]


def test_without_a_body_it_is_about_the_newest_deployment(ready):
    told = ready.post(f"{HERE}/why").json
    assert (told["causes"], told["undetermined"], told["deployment"]) == ([], False, 3)


def test_a_service_that_is_not_there_is_a_cause(ready):
    told = ready.post(HERE.replace("storefront-web", "storefront-wbe") + "/why").json
    assert told["causes"][0]["code"] == "service.not_found"


@pytest.mark.parametrize("body", [{"imag": "x"}, {"image": 1}, {"image": "x" * 1001}, {"platform": "yes"}, []])
def test_what_is_not_understood_is_refused(ready, body):
    assert ready.post(f"{HERE}/why", body).status == 422


def test_another_region_is_refused(ready):
    assert ready.post(HERE.replace("us-east-1", "eu-west-3") + "/why").status in (404, 422)


def test_a_container_that_the_deployment_does_not_have_is_refused(ready):
    answer = ready.post(f"{HERE}/why", {"container": "wbe"})
    assert (answer.status, answer.json["code"]) == (422, "deployment.no_container")
    assert answer.json["params"] == {"container": "wbe", "version": 3, "containers": "nginx, web"}
