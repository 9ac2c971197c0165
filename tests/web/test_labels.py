from __future__ import annotations

from dataclasses import replace
from itertools import product

import botocore.session
import pytest

from app.console.access import AccessStatus
from app.console.permissions import CheckedAction, PermissionCheck
from app.console.services import RoleState
from app.errors import Problem
from app.messages import labels, states
from app.operations.progress import Note
from app.operations.state import SEEN, Kind, Outcome, StepName, StepState
from app.wording import Message
from tests.web.examples import Examples

TONES = {"success", "progress", "info", "warning", "error", "off"}


@pytest.fixture(scope="module")
def lightsail():
    return botocore.session.get_session().get_service_model("lightsail")


@pytest.mark.parametrize(
    "shape, table",
    [
        ("ContainerServiceState", states.SERVICE_STATES),
        ("ContainerServiceState", states.SERVICE_STATE_EXPLAINED),
        ("ContainerServiceStateDetailCode", states.STATE_DETAILS),
        ("ContainerServiceStateDetailCode", states.STATE_DETAIL_EXPLAINED),
        ("ContainerServiceDeploymentState", states.DEPLOYMENT_STATES),
        ("ContainerServicePowerName", states.POWERS),
    ],
)
def test_every_code_of_aws_has_a_word(shape, table, lightsail):
    assert set(table) == set(lightsail.shape_for(shape).enum)


@pytest.mark.parametrize("codes, table", [(AccessStatus, states.ACCESS), (RoleState, states.ROLE_STATES)])
def test_every_verdict_has_a_word_and_a_tone(codes, table):
    assert set(table) == set(codes)
    assert {states.TONES[code] for code in codes} <= TONES


def test_what_aws_says_anew_stays_visible():
    assert labels.service_state("HIBERNATING") == "HIBERNATING"
    assert (labels.tone("HIBERNATING"), labels.state_explained("HIBERNATING")) == ("info", "")


def test_the_closer_explanation_wins():
    assert labels.state_explained("DEPLOYING", "EVALUATING_HEALTH_CHECK").startswith("The containers have started")
    assert labels.state_explained("DEPLOYING").startswith("A deployment is being started")


def test_every_step_and_kind_has_a_name():
    assert all(labels.step(name) for name in StepName)
    assert all(labels.step_state(state) for state in StepState)
    assert len(labels.kinds()) == len(Kind)


@pytest.mark.parametrize(
    "kind, outcome",
    [(kind, outcome) for kind, outcome in product(Kind, Outcome) if (kind in SEEN) == (outcome is Outcome.SEEN)],
)
def test_every_ending_is_one_sentence(kind, outcome):
    progress = replace(Examples().progress(kind), outcome=outcome)
    assert labels.ending(progress).endswith(".")


@pytest.mark.parametrize("outcome", [Outcome.SUCCEEDED, Outcome.NOTHING_TO_DO])
def test_access_that_hangs_on_a_condition_is_not_promised(outcome):
    progress = replace(Examples().progress(done=4), outcome=outcome)
    *steps, proof = progress.steps
    proof = replace(proof, note=Note("access.conditional"))
    said = labels.ending(replace(progress, steps=(*steps, proof)))
    assert (
        said
        == f"{progress.service} can pull images from {progress.repository} only while a condition of the policy holds."
    )


def test_a_live_operation_has_not_ended():
    assert labels.ending(Examples().progress()) == ""
    assert labels.outcome(replace(Examples().progress(), started_at=None)) == "Waiting"


def test_what_is_spoken_changes_with_each_step():
    spoken = [labels.spoken(Examples().progress(done=done)) for done in range(4)]
    assert spoken[1] == "Step 2 of 4: Wait for the role"
    assert len(set(spoken)) == 4


def test_a_failure_is_spoken_as_its_cause():
    assert labels.spoken(Examples().failed_view().progress) == "Sailpass failed unexpectedly."


def test_what_an_older_release_stored_still_shows():
    assert labels.note(Note("gone.for.good")) == "gone.for.good"
    assert labels.what(Problem("gone.for.good")) == "gone.for.good"
    assert "?" in labels.todo(Problem("internal"))


def test_a_plain_text_is_no_sentence_to_look_up():
    assert labels.say("100% %(sure)s") == "100% %(sure)s"
    assert labels.say(Message("%(n)s of us", {"n": 3})) == "3 of us"


@pytest.mark.parametrize(
    "results, said, tone",
    [
        ([True, True], "No permission is missing.", "success"),
        ([True, False], "1 permission is missing.", "error"),
        ([True, None], "1 permission couldn't be checked.", "warning"),
        ([False, None, None], "1 permission is missing. 2 permissions couldn't be checked.", "error"),
    ],
)
def test_a_check_is_summed_up_and_claims_no_more_than_was_told(results, said, tone):
    actions = tuple(
        CheckedAction("ecr:DescribeImages", allowed, problem=None if allowed else Problem("aws.unreachable"))
        for allowed in results
    )
    check = PermissionCheck("us-east-1", actions)
    assert (labels.check_said(check), labels.check_tone(check)) == (said, tone)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.CANCELLED, Outcome.INTERRUPTED])
@pytest.mark.parametrize("wrote", [True, False])
def test_a_policy_write_that_nobody_answered_is_never_told_as_done_or_not_done(outcome, wrote):
    progress = replace(Examples().progress(), outcome=outcome, wrote_policy=wrote, unconfirmed=True)
    assert "It isn't known whether the repository policy was changed." in labels.ending(progress)


def test_an_interrupted_operation_claims_nothing_about_what_came_after_the_backup():
    progress = replace(Examples().progress(), outcome=Outcome.INTERRUPTED)
    assert "What happened afterwards isn't known." in labels.ending(progress)
    assert "what happened afterwards isn't known." in labels.ending(replace(progress, wrote_policy=True))
    assert (labels.outcome(progress), labels.outcome_tone(progress)) == ("Interrupted", "warning")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_every_kind_has_a_title_however_it_ended(kind, outcome):
    progress = replace(Examples().progress(), kind=kind, outcome=outcome)
    assert "%" not in labels.title(progress)


@pytest.mark.parametrize(
    "outcome, title",
    [
        (None, "Adding storefront/web"),
        (Outcome.SUCCEEDED, "Added storefront/web"),
        (Outcome.FAILED, "Couldn't add storefront/web"),
        (Outcome.NOTHING_TO_DO, "Nothing to add: storefront/web"),
        (Outcome.CANCELLED, "Cancelled: Adding storefront/web"),
    ],
)
def test_a_title_says_what_became_of_it(outcome, title):
    progress = replace(Examples().progress(), kind=Kind.GRANT, outcome=outcome, repository="storefront/web")
    assert labels.title(progress) == title
