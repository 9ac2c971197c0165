"""The right cause comes first for every injected cause, by real boto3; access is never wrongly blamed or cleared."""

from __future__ import annotations

import pytest

from app.diagnosis.causes import CAUSES
from app.diagnosis.check_result import Check, Status
from app.diagnosis.fixes import fixes_of
from app.diagnosis.reader import MOST_CALLS, MOST_ROUNDS
from app.diagnosis.report import report
from app.web.views.why import why_page
from tests.diagnosis.corpus import CASES
from tests.diagnosis.corpus.policies import deploy_against_the_organization
from tests.diagnosis.world import SERVICE, WEB


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_right_cause_comes_first(world, case):
    case.build(world)
    world.calls.clear()
    diagnosis = world.why(**case.asked)
    assert [cause.code for cause in diagnosis.causes] == [case.code, *case.also]
    assert len(world.calls) <= MOST_CALLS
    assert world.rounds <= MOST_ROUNDS
    told = report([diagnosis])
    assert "?" not in f"{told['summary']} {told['causes'][0]['explanation']}"
    assert all(fix.aws for cause in diagnosis.causes for fix in fixes_of(cause, diagnosis.facts))


def test_every_cause_of_the_list_but_a_few_is_in_the_corpus():
    told = {code for case in CASES for code in (case.code, *case.also)}
    assert set(CAUSES) - told == {"service.stuck"}  # the sandbox has no such state


def test_nothing_is_wrong_where_nothing_is(world):
    world.build()
    world.deploy()
    diagnosis = world.why()
    assert (diagnosis.causes, diagnosis.undetermined, diagnosis.read_manifest) == ((), False, False)
    assert {line.status for line in diagnosis.lines} == {Status.FINE}


def test_nothing_is_wrong_before_a_deployment_that_will_succeed(world):
    world.build()
    diagnosis = world.why(WEB)
    assert (diagnosis.causes, diagnosis.undetermined) == ((), False)


def test_a_public_image_is_no_cause_beside_what_explains_the_failure(world):
    world.build(granted=False)
    containers = {"app": {"image": WEB}, "proxy": {"image": "nginx:1.27"}}
    world.lightsail.create_container_service_deployment(serviceName=SERVICE, containers=containers)
    world.sandbox.advance(61)
    codes = {each.facts.container: [cause.code for cause in each.causes] for each in world.every()}
    assert codes == {"app": ["policy.missing"], "proxy": []}


def test_a_service_that_is_not_there_has_no_deployments_to_read(world):
    """Lightsail refuses a name in capitals, and doesn't say that there is no such service."""
    diagnosis = world.why(WEB, service="Shop")
    container = next(line for line in diagnosis.lines if line.check is Check.CONTAINER)
    assert (diagnosis.root.code, container.status) == ("service.not_found", Status.NOT_REACHED)


def test_a_manifest_that_was_read_is_not_said_to_be_unread(world):
    """After a failed pull that nothing explains. The platform of a single image is in its config, not in its manifest."""
    deploy_against_the_organization(world)
    diagnosis = world.why()
    platform = next(line for line in diagnosis.lines if line.check is Check.PLATFORM)
    assert (diagnosis.read_manifest, platform.said.code) == (True, "not_checked.no_config")
    assert why_page([diagnosis], {}).can_read_platform
