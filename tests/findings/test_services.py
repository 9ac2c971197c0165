"""Findings about a service itself, and about images that it deploys: from what was read, and nothing from what wasn't."""

from dataclasses import replace

import pytest

from app.db import refresh_statistics
from app.errors import Problem
from app.findings.check import check_due, mark_expired
from app.findings.check_services import check_due_services
from app.findings.dismissals import DismissalRequest, dismiss
from app.findings.ended import judge_again
from app.findings.queries import (
    FindingCursor,
    FindingFilter,
    broken_by_service,
    count_findings,
    count_open,
    findings_of,
    list_findings,
)
from app.history.models import Step
from app.inventory import store
from app.inventory.deployed_images import ImageKey, ImageRead, ImageState, due_images, images_in, remember_images
from app.keys import RepositoryKey
from app.policy.finding import Severity
from tests.build import ACCOUNT, REGION, SERVICE, a_deployment, a_service, a_statement, an_active_role
from tests.databases import query_plans
from tests.history.happened import happened
from tests.inventory.at import HERE, MINUTE, NOON, keep

CONNECTION = "default"
WEB = "storefront/web"
URI = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{WEB}"
STACK = {"aws:cloudformation:stack-name": "shop"}


def settle(db, now=NOON):
    while check_due(db, CONNECTION, now) or check_due_services(db, CONNECTION, now):
        pass


def found(db):
    rows = list_findings(db, CONNECTION, FindingFilter(), NOON).rows
    return [(row.finding.repository, row.finding.service, row.finding.code, row.finding.severity) for row in rows]


def see(db, at=NOON, **fields):
    store.remember_services(db, *HERE, [a_service(**fields)], at)


def test_findings_are_counted_by_indexes_alone(sqlite_db):
    """Pages count them each time, beside thousands of repositories."""
    see(sqlite_db, role=an_active_role(), tags=STACK)
    settle(sqlite_db)
    refresh_statistics(sqlite_db)
    every, dismissed, unread, outdated, *_ = query_plans(sqlite_db, lambda: count_findings(sqlite_db, CONNECTION, NOON))
    assert "COVERING INDEX ix_access_findings_worst" in every
    assert "SCAN access_findings" not in dismissed
    assert "ix_repositories_unread" in unread
    assert "ix_repositories_outdated" in outdated


def deployed(*images, state="ACTIVE", version=3):
    return a_deployment(version, state=state, image=images[0])


def test_a_service_of_a_stack_is_a_warning_while_its_role_is_active(db):
    see(db, role=an_active_role(), tags=STACK)
    settle(db)
    assert found(db) == [("", SERVICE, "finding.stack_may_deactivate", Severity.WARNING)]
    assert count_open(db, CONNECTION, NOON) == 1
    see(db, NOON + MINUTE, tags=STACK)
    settle(db)
    assert found(db) == []
    see(db, NOON + 2 * MINUTE, role=an_active_role())
    settle(db)
    assert found(db) == []
    see(db, NOON + 3 * MINUTE, role=an_active_role(), tags=STACK)
    settle(db)
    assert len(found(db)) == 1
    store.remember_services(db, *HERE, [], NOON + 4 * MINUTE)
    mark_expired(db, CONNECTION, NOON)
    assert found(db) == []


def activated(db, at):
    happened(db, f"given {at}", at)
    with db.write() as session:
        step = {"position": 1, "name": "activate_role", "state": "succeeded", "request_ids": []}
        session.add(Step(operation_id=f"given {at}", ended_at=at, **step))


def test_a_role_that_sailpass_activated_outside_the_stack_is_said_so(db):
    see(db, NOON, role=an_active_role(), tags=STACK)
    settle(db)
    activated(db, NOON - MINUTE / 2)
    judge_again(db, f"given {NOON - MINUTE / 2}")
    settle(db)
    assert [code for _, _, code, _ in found(db)] == ["finding.stack_deactivates"]


def test_an_activation_before_somebody_else_switched_the_role_says_nothing(db):
    activated(db, NOON - 60 * MINUTE)
    see(db, NOON, role=an_active_role(), tags=STACK)
    settle(db)
    assert [code for _, _, code, _ in found(db)] == ["finding.stack_may_deactivate"]


def test_a_finding_about_a_service_is_dismissed_and_pages_continue_behind_it(db):
    services = [a_service(name, role=an_active_role(name), tags=STACK) for name in ("a", "b", "c")]
    store.remember_services(db, *HERE, services, NOON)
    settle(db)
    first = list_findings(db, CONNECTION, FindingFilter(), NOON, limit=2)
    rest = list_findings(
        db, CONNECTION, FindingFilter(), NOON, after=FindingCursor.from_text(first.next.to_text()), limit=2
    )
    assert sorted(row.finding.service for row in (*first.rows, *rest.rows)) == ["a", "b", "c"]
    dismiss(db, CONNECTION, DismissalRequest(rest.rows[0].finding.id, "The template has it", 365, "mika"), NOON)
    settle(db)
    assert count_open(db, CONNECTION, NOON) == 2


@pytest.mark.parametrize(
    "image, expected",
    [
        (f"{URI}:1.0", [":1.0"]),
        (URI, [":latest"]),
        (f"{URI}@sha256:{'a' * 64}", [f"@sha256:{'a' * 64}"]),
        (f"{URI}:1.0@sha256:{'a' * 64}", [f"@sha256:{'a' * 64}"]),
        (URI.replace(ACCOUNT, "210987654321") + ":1.0", []),
        (URI.replace(REGION, "eu-west-1") + ":1.0", []),
        (":storefront.web.3", []),
        ("nginx:1.27", []),
    ],
)
def test_images_of_the_service_s_own_registry_are_looked_for(image, expected):
    assert [use.key.reference for use in images_in(a_service(current_deployment=deployed(image)))] == expected


def test_a_deployment_that_failed_is_not_looked_at():
    failed = deployed(f"{URI}:1.0", state="FAILED")
    assert images_in(a_service(next_deployment=failed)) == ()


def answer(db, state, at=NOON, problem=None, reference=":1.0"):
    remember_images(db, *HERE, [ImageRead(ImageKey(WEB, reference), at, state, problem)])


def test_an_image_is_a_finding_only_once_ecr_has_said_that_it_is_gone(db):
    keep(db, WEB, a_statement())
    see(db, current_deployment=deployed(f"{URI}:1.0"))
    settle(db)
    assert found(db) == []
    assert count_findings(db, CONNECTION, NOON).unknown_images == 1
    answer(db, ImageState.UNKNOWN, problem=Problem("aws.access_denied"))
    settle(db)
    assert found(db) == []
    assert count_findings(db, CONNECTION, NOON).unknown_images == 1
    answer(db, ImageState.GONE, NOON + MINUTE)
    settle(db)
    assert found(db) == [(WEB, SERVICE, "finding.image_gone", Severity.WARNING)]
    assert count_findings(db, CONNECTION, NOON).unknown_images == 0
    answer(db, ImageState.ARCHIVED, NOON + 2 * MINUTE)
    settle(db)
    assert [code for _, _, code, _ in found(db)] == ["finding.image_archived"]
    answer(db, ImageState.GONE, NOON)  # an older answer that came late
    answer(db, ImageState.FOUND, NOON + 3 * MINUTE)
    settle(db)
    assert found(db) == []


def test_an_image_of_a_deployment_that_is_being_activated_is_an_error_and_ends_with_it(db):
    keep(db, WEB, a_statement())
    current, coming = deployed(f"{URI}:1.0"), deployed(f"{URI}:2.0", state="ACTIVATING", version=4)
    see(db, current_deployment=current, next_deployment=coming)
    answer(db, ImageState.FOUND)
    answer(db, ImageState.GONE, reference=":2.0")
    settle(db)
    assert found(db) == [(WEB, SERVICE, "finding.image_gone", Severity.ERROR)]
    assert broken_by_service(db, CONNECTION, NOON) == {}  # the access is right
    see(db, NOON + MINUTE, current_deployment=replace(coming, state="ACTIVE"))
    settle(db)
    assert found(db) == [(WEB, SERVICE, "finding.image_gone", Severity.WARNING)]
    see(db, NOON + 2 * MINUTE, current_deployment=current)
    settle(db)
    assert found(db) == []
    assert due_images(db, *HERE, before=NOON, limit=9) == (ImageKey(WEB, ":1.0"),)


def test_two_images_of_a_repository_are_two_findings(db):
    keep(db, WEB, a_statement())
    both = a_deployment(3, image=f"{URI}:1.0")
    both = replace(both, containers=(*both.containers, replace(both.containers[0], name="job", image=f"{URI}:2.0")))
    see(db, current_deployment=both)
    answer(db, ImageState.GONE)
    answer(db, ImageState.GONE, reference=":2.0")
    settle(db)
    rows = findings_of(db, RepositoryKey(CONNECTION, REGION, WEB), NOON)
    assert sorted(row.finding.params["reference"] for row in rows) == ["1.0", "2.0"]


def test_the_image_of_a_repository_that_does_not_exist_is_found_for_the_service(db):
    see(db, current_deployment=deployed(f"{URI}:1.0"))
    answer(db, ImageState.NO_REPOSITORY)
    settle(db)
    assert found(db) == [(WEB, SERVICE, "finding.repository_gone", Severity.WARNING)]
    store.remember_services(db, *HERE, [], NOON + MINUTE)
    mark_expired(db, CONNECTION, NOON)
    assert found(db) == []


def test_a_repository_that_is_gone_but_still_listed_is_one_finding(db):
    keep(db, WEB, a_statement())
    see(db, current_deployment=deployed(f"{URI}:1.0"))
    answer(db, ImageState.NO_REPOSITORY)
    settle(db)
    assert found(db) == [(WEB, SERVICE, "finding.repository_gone", Severity.WARNING)]
    answer(db, ImageState.GONE, NOON + MINUTE)  # it was created again, without the image
    settle(db)
    assert found(db) == [(WEB, SERVICE, "finding.image_gone", Severity.WARNING)]


def test_images_of_a_service_that_is_gone_are_no_findings(db):
    keep(db, WEB, a_statement())
    see(db, current_deployment=deployed(f"{URI}:1.0"))
    answer(db, ImageState.GONE)
    settle(db)
    assert len(found(db)) == 1
    store.remember_services(db, *HERE, [], NOON + MINUTE)
    mark_expired(db, CONNECTION, NOON + MINUTE)
    settle(db)
    assert found(db) == []
