"""The container service is gone, busy, or never gets its role: said with its state, and waited for within bounds."""

ACTIVATE = "Activate the image puller role"
LONG = 1_000_000.0


def test_a_service_that_is_gone_is_named(mika, sandbox, service, repository):
    sandbox.client("lightsail").delete_container_service(serviceName=service)
    sandbox.advance(1)
    page = mika.ended(mika.adds(repository, service))
    assert page.step(ACTIVATE)[0] == "error"
    assert f"There is no container service {service} in us-east-1." in page.text
    assert sandbox.policy(repository)["writes"] == 0


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
