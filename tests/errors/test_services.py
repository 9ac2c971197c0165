"""The container service is busy, or its role takes long: its state is shown, and the wait is bounded."""

LONG = 1_000_000.0


def test_a_busy_service_is_waited_for_and_its_state_is_said(mika, sandbox, service, repository):
    sandbox.change_service(service, state="DEPLOYING")
    operation = mika.adds(repository, service)
    mika.sees(operation, "The service is DEPLOYING; waiting until AWS accepts changes.")
    sandbox.change_service(service, state=None)
    assert f"{service} can now pull images from {repository}." in mika.ended(operation).text


def test_the_wait_for_a_role_can_be_cancelled(mika, sandbox, service, repository):
    sandbox.options(arn_lag_seconds=LONG)
    operation = mika.adds(repository, service)
    page = mika.sees(operation, "This usually takes less than a minute.")
    page = mika.follows(mika.follows(page, "Cancel operation"), "Cancel operation")
    assert "It was cancelled before anything in the repository policy changed." in mika.ended(operation).text
