"""Container services over HTTP, with real boto3."""

from __future__ import annotations

import re

import pytest

SETTLES = 6.1
ROLE = r"arn:aws:iam::947856326339:role/amazon/lightsail/us-east-1/containers/payments-api/"


def one(lightsail, name):
    return lightsail.get_container_services(serviceName=name)["containerServices"][0]


def test_all_services_of_the_region_come_in_one_answer(lightsail):
    names = {each["containerServiceName"] for each in lightsail.get_container_services()["containerServices"]}
    assert {"storefront-web", "payments-api", "batch-worker", "reporting", "edge-cache", "legacy-blog"} == names


def test_other_regions_and_accounts_are_kept_apart(sandbox, tokyo, other_account):
    there = tokyo["lightsail"].get_container_services()["containerServices"]
    theirs = other_account["lightsail"].get_container_services()["containerServices"]
    assert [each["containerServiceName"] for each in (*there, *theirs)] == ["tokyo-api", "staging-web"]


def test_a_missing_service_is_an_error_and_no_empty_list(lightsail, refusal):
    code, message = refusal(lightsail.get_container_services, serviceName="nope")
    assert (code, "nope" in message) == ("NotFoundException", True)


def test_a_role_that_was_never_active_reads_as_an_empty_string(lightsail, puller):
    assert puller("payments-api") == {"isActive": False, "principalArn": ""}


def test_a_service_older_than_puller_roles_lacks_the_key(lightsail):
    assert "privateRegistryAccess" not in one(lightsail, "legacy-blog")


def test_activating_moves_the_service_to_updating_and_shows_no_arn_yet(switch):
    service = switch("payments-api", True)
    role = service["privateRegistryAccess"]["ecrImagePullerRole"]
    assert (service["state"], role) == ("UPDATING", {"isActive": True, "principalArn": ""})


def test_activation_ends_with_the_service_running_and_the_arn_there(sandbox, switch, lightsail):
    switch("payments-api", True)
    sandbox.advance(SETTLES)
    service = one(lightsail, "payments-api")
    arn = service["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"]
    assert service["state"] == "RUNNING"
    assert re.fullmatch(ROLE + r"private-repo-access/[a-z2-7]{52}", arn)


def test_the_general_role_is_another_one_of_the_same_account_of_aws(lightsail):
    assert re.fullmatch(ROLE + r"[a-z2-7]{52}", one(lightsail, "payments-api")["principalArn"])


def test_the_arn_may_come_later_than_the_state(sandbox, switch, puller):
    sandbox.options(arn_lag_seconds=20)
    switch("payments-api", True)
    sandbox.advance(SETTLES)
    assert puller("payments-api") == {"isActive": True, "principalArn": ""}
    sandbox.advance(20)
    assert puller("payments-api")["principalArn"].startswith("arn:")


def test_activating_a_service_older_than_puller_roles_gives_it_one(sandbox, switch, puller):
    switch("legacy-blog", True)
    sandbox.advance(SETTLES)
    assert puller("legacy-blog")["principalArn"].startswith("arn:")


def test_activating_again_keeps_the_arn(sandbox, switch, puller):
    before = puller("storefront-web")
    switch("storefront-web", True)
    sandbox.advance(SETTLES)
    assert puller("storefront-web") == before


def test_deactivating_takes_the_arn_away_at_once(switch):
    role = switch("storefront-web", False)["privateRegistryAccess"]["ecrImagePullerRole"]
    assert role == {"isActive": False, "principalArn": ""}


def test_reactivation_brings_another_arn(sandbox, switch, puller):
    before = puller("storefront-web")["principalArn"]
    for is_active in (False, True):
        switch("storefront-web", is_active)
        sandbox.advance(SETTLES)
    assert before != puller("storefront-web")["principalArn"] != ""


def test_a_disabled_service_settles_disabled_again(sandbox, switch, lightsail):
    switch("batch-worker", True)
    assert one(lightsail, "batch-worker")["state"] == "UPDATING"
    sandbox.advance(SETTLES)
    assert one(lightsail, "batch-worker")["state"] == "DISABLED"


def test_disabling_and_enabling_are_updates(sandbox, lightsail):
    lightsail.update_container_service(serviceName="payments-api", isDisabled=True)
    sandbox.advance(SETTLES)
    assert one(lightsail, "payments-api")["state"] == "DISABLED"
    lightsail.update_container_service(serviceName="payments-api", isDisabled=False)
    sandbox.advance(SETTLES)
    assert one(lightsail, "payments-api")["state"] == "RUNNING"


def test_an_update_changes_only_what_it_names(sandbox, switch, lightsail):
    before = one(lightsail, "payments-api")
    switch("payments-api", True)
    sandbox.advance(SETTLES)
    after = one(lightsail, "payments-api")
    assert {key for key in after if after[key] != before.get(key)} == {"privateRegistryAccess"}


def test_power_and_scale_change_when_named(lightsail):
    changed = lightsail.update_container_service(serviceName="payments-api", power="large", scale=5)["containerService"]
    assert (changed["power"], changed["powerId"], changed["scale"]) == ("large", "large-1", 5)


def test_an_update_during_an_update_is_refused_as_busy(switch, lightsail, refusal):
    switch("payments-api", True)
    code, message = refusal(lightsail.update_container_service, serviceName="payments-api", scale=2)
    assert code == "InvalidInputException"
    assert message == 'The specified service is in a transition state ("UPDATING") and cannot be updated.'


def test_an_update_during_a_deployment_is_refused_as_busy(lightsail, refusal):
    code, message = refusal(lightsail.update_container_service, serviceName="edge-cache", scale=2)
    assert (code, '("DEPLOYING")' in message) == ("InvalidInputException", True)


def test_a_delete_in_transition_is_refused_in_awss_words(switch, lightsail, refusal):
    switch("payments-api", True)
    assert refusal(lightsail.delete_container_service, serviceName="payments-api") == (
        "InvalidInputException",
        'The specified service is in a transition state ("UPDATING") and cannot be deleted.',
    )


def test_a_deleted_service_is_deleting_and_then_gone(sandbox, lightsail, refusal):
    lightsail.delete_container_service(serviceName="payments-api")
    assert one(lightsail, "payments-api")["state"] == "DELETING"
    sandbox.advance(SETTLES)
    assert refusal(lightsail.get_container_services, serviceName="payments-api")[0] == "NotFoundException"


def test_a_created_service_is_pending_and_then_ready_with_its_arn(sandbox, lightsail):
    access = {"ecrImagePullerRole": {"isActive": True}}
    made = lightsail.create_container_service(serviceName="new", power="nano", scale=1, privateRegistryAccess=access)
    assert made["containerService"]["state"] == "PENDING"
    sandbox.advance(SETTLES)
    ready = one(lightsail, "new")
    assert ready["state"] == "READY"
    assert ready["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"].startswith("arn:")


def test_a_service_can_be_created_with_its_deployment(sandbox, lightsail):
    deployment = {"containers": {"web": {"image": "nginx:1.27", "ports": {"80": "HTTP"}}}}
    lightsail.create_container_service(serviceName="new", power="nano", scale=1, deployment=deployment)
    sandbox.advance(SETTLES)
    assert one(lightsail, "new")["state"] == "DEPLOYING"
    sandbox.advance(60)
    assert one(lightsail, "new")["currentDeployment"]["state"] == "ACTIVE"


def test_a_name_that_exists_is_refused(lightsail, refusal):
    code, message = refusal(lightsail.create_container_service, serviceName="payments-api", power="nano", scale=1)
    assert (code, "already exists" in message) == ("InvalidInputException", True)


def test_a_bad_deployment_creates_no_service(lightsail, refusal):
    bad = {"containers": {"Web": {"image": "nginx"}}}
    refusal(lightsail.create_container_service, serviceName="new", power="nano", scale=1, deployment=bad)
    assert refusal(lightsail.get_container_services, serviceName="new")[0] == "NotFoundException"


@pytest.mark.parametrize(
    "params, part",
    [
        ({"publicDomainNames": {"shop": ["shop.example"]}}, "do not exist: shop"),
        ({"tags": [{"key": "aws:x", "value": "1"}]}, "aws:x"),
        ({"tags": [{"key": "k" * 129, "value": "1"}]}, "invalid"),
        ({"tags": [{"key": str(number), "value": ""} for number in range(51)]}, "at most 50"),
    ],
)
def test_domains_need_certificates_and_tags_have_limits(lightsail, refusal, params, part):
    code, message = refusal(lightsail.create_container_service, serviceName="new", power="nano", scale=1, **params)
    assert (code, part in message) == ("InvalidInputException", True)
    assert refusal(lightsail.get_container_services, serviceName="new")[0] == "NotFoundException"


def test_an_update_needs_certificates_too(lightsail, refusal):
    domains = {"shop": ["shop.example"]}
    update = lightsail.update_container_service
    assert "do not exist" in refusal(update, serviceName="payments-api", publicDomainNames=domains)[1]


def test_a_region_takes_a_hundred_services(sandbox, lightsail, refusal):
    sandbox.reset("large", repositories=1, services=100)
    code, message = refusal(lightsail.create_container_service, serviceName="one-more", power="nano", scale=1)
    assert (code, "limit of 100" in message) == ("InvalidInputException", True)


def test_a_region_that_is_being_set_up_says_so(sandbox, lightsail, refusal):
    sandbox.options(setup_regions=["us-east-1"])
    assert refusal(lightsail.get_container_services)[0] == "RegionSetupInProgressException"


def test_powers_and_stored_images_are_listed(lightsail):
    powers = [each["name"] for each in lightsail.get_container_service_powers()["powers"]]
    images = lightsail.get_container_images(serviceName="payments-api")["containerImages"]
    assert powers == ["nano", "micro", "small", "medium", "large", "xlarge"]
    assert [each["image"] for each in images] == [":payments-api.api.2", ":payments-api.api.1"]
