import pytest

from app.operations.state import Kind, Outcome, ReadSince, StepName, StepState

STORED = {
    Kind: """grant repair revoke activate deactivate reactivate restore undo prune deploy batch drift policy_drift
        repository_deleted repository_recreated role_activated role_deactivated role_recreated service_deleted
        service_recreated""",
    Outcome: "succeeded nothing_to_do failed cancelled interrupted seen",
    ReadSince: "with_change without_change otherwise",
    StepState: "pending running succeeded skipped failed cancelled interrupted",
    StepName: """activate_role wait_for_role update_policy verify_access verify_removal verify_policy remove_statements
        deactivate_role wait_for_role_off put_back_statements check_deployment grant_access deploy watch_deployment
        roll_back change_policies""",
}


@pytest.mark.parametrize("names", STORED)
def test_names_that_earlier_releases_stored_and_programs_read_stay_as_they_are(names):
    """A new name is added here; one that is in use is never changed."""
    assert [each.value for each in names] == STORED[names].split()
