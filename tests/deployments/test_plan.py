"""What a request makes of the deployment there is: one image, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.aws.deployment_ports import DeployedVersion, DeploymentSpec
from app.deployments.change import ContainerState, compare
from app.deployments.plan import base_version, choose_container, is_the_same, plan_deployment
from app.deployments.request import DeployRequest, check_request, request_of
from app.errors import Problem

HOST = "111122223333.dkr.ecr.us-east-1.amazonaws.com"
OLD, NEW = f"{HOST}/storefront/web:1.0", f"{HOST}/storefront/web:2.0"
WEB = {
    "image": OLD,
    "command": ["serve", "--fast"],
    "environment": {"DB_PASSWORD": "hunter2-canary", "MODE": "live"},
    "ports": {"8080": "HTTP"},
    "memberOfTheFuture": {"kept": [1, 2]},
}
SIDECAR = {"image": "nginx:1.27", "environment": {"TOKEN": "sidecar-canary"}, "ports": {"80": "HTTP"}}
ENDPOINT = {
    "containerName": "web",
    "containerPort": 8080,
    "healthCheck": {"path": "/healthz", "successCodes": "200-299", "timeoutSeconds": 7},
}
BOTH = DeploymentSpec({"web": WEB, "sidecar": SIDECAR}, ENDPOINT)
ONE = DeploymentSpec({"web": WEB}, ENDPOINT)


def versions(*specs: tuple[str, DeploymentSpec]) -> list[DeployedVersion]:
    """From the oldest to the newest, as AWS lists them: newest first."""
    return [DeployedVersion(number, state, None, spec) for number, (state, spec) in enumerate(specs, 1)][::-1]


def planned(spec: DeploymentSpec | None, image: str = NEW, **asked):
    there = versions(("ACTIVE", spec)) if spec else []
    return plan_deployment("storefront", there, DeployRequest(**asked), image)


def test_one_image_is_changed_and_the_rest_kept_to_the_byte():
    after = planned(BOTH, container="web").after
    expected = {"web": {**WEB, "image": NEW}, "sidecar": SIDECAR}
    assert json.dumps(after.containers) == json.dumps(expected)
    assert json.dumps(after.public_endpoint) == json.dumps(ENDPOINT)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
containers = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True),
    st.fixed_dictionaries({"image": st.just("nginx:1"), "environment": st.dictionaries(st.text(), st.text())}).flatmap(
        lambda fixed: st.dictionaries(st.text(min_size=12), json_values, max_size=2).map(lambda m: {**m, **fixed})
    ),
    min_size=1,
    max_size=4,
)


@given(containers, st.data())
def test_whatever_is_deployed_only_the_image_differs(there, data):
    name = data.draw(st.sampled_from(sorted(there)))
    before = json.dumps(there, sort_keys=True)
    after = planned(DeploymentSpec(there, ENDPOINT), container=name).after
    back = {key: {**value, "image": "nginx:1"} if key == name else value for key, value in after.containers.items()}
    assert json.dumps(back, sort_keys=True) == before
    assert after.containers[name]["image"] == NEW
    assert after.public_endpoint is ENDPOINT


@pytest.mark.parametrize(
    "spec, asked, chosen",
    [
        (ONE, {}, "web"),
        (BOTH, {}, "web"),  # the only one of this repository
        (BOTH, {"container": "sidecar"}, "sidecar"),
        (None, {"port": 8080}, "web"),
        (None, {}, "web"),
        (None, {"port": 8080, "container": "app"}, "app"),
        (BOTH, {"port": 9000, "container": "new-one"}, "new-one"),
    ],
)
def test_the_container_that_gets_the_image(spec, asked, chosen):
    assert choose_container(spec, DeployRequest(**asked), NEW) == chosen


@pytest.mark.parametrize(
    "spec, asked, code",
    [
        (DeploymentSpec({"a": SIDECAR, "b": SIDECAR}), {}, "deployment.choose_container"),
        (ONE, {"container": "wbe"}, "deployment.container_needs_port"),
        (
            DeploymentSpec({f"c{n}": SIDECAR for n in range(10)}),
            {"container": "x", "port": 1},
            "deployment.too_many_containers",
        ),
    ],
)
def test_what_cannot_be_chosen(spec, asked, code):
    with pytest.raises(Problem) as raised:
        choose_container(spec, DeployRequest(**asked), NEW)
    assert raised.value.code == code


def test_a_new_container_can_become_the_public_endpoint():
    after = planned(None, port=3000, public=True, health_check_path="/up", container="app").after
    assert after.containers == {"app": {"image": NEW, "ports": {"3000": "HTTP"}}}
    assert after.public_endpoint == {"containerName": "app", "containerPort": 3000, "healthCheck": {"path": "/up"}}


def test_a_new_container_leaves_the_public_endpoint_alone():
    assert planned(ONE, container="worker", port=9000).after.public_endpoint is ENDPOINT


def test_the_path_of_a_health_check_is_changed_by_itself():
    after = planned(ONE, container="web", health_check_path="/up").after
    assert after.public_endpoint == {**ENDPOINT, "healthCheck": {**ENDPOINT["healthCheck"], "path": "/up"}}


@pytest.mark.parametrize(
    "states, base",
    [
        (("INACTIVE", "ACTIVE", "FAILED"), 2),
        (("FAILED", "FAILED"), 2),
        (("INACTIVE", "FAILED"), 1),
        ((), None),
    ],
)
def test_what_a_deployment_is_made_of(states, base):
    chosen = base_version(versions(*((state, ONE) for state in states)))
    assert (chosen.version if chosen else None) == base


def test_an_earlier_version_is_deployed_again_as_it_was():
    there = versions(("INACTIVE", BOTH), ("ACTIVE", ONE))
    plan = plan_deployment("storefront", there, DeployRequest(version=1), "")
    assert (plan.after, plan.base, plan.compared_with) == (BOTH, 1, 2)


def test_a_version_that_is_no_longer_kept():
    with pytest.raises(Problem) as raised:
        plan_deployment("storefront", versions(("ACTIVE", ONE)), DeployRequest(version=7), "")
    assert raised.value.code == "deployment.no_version"


def test_what_changes_holds_names_of_variables_and_no_values():
    after = DeploymentSpec({"web": {**WEB, "image": NEW, "environment": {"MODE": "secret-canary", "NEW": "x-canary"}}})
    change = compare(4, ONE, after)
    (web,) = change.containers
    assert (web.state, web.image_before, web.image_after) == (ContainerState.CHANGED, OLD, NEW)
    assert (web.variables_added, web.variables_removed, web.variables_changed) == (
        ("NEW",),
        ("DB_PASSWORD",),
        ("MODE",),
    )
    assert "canary" not in repr(change) + repr(after) + repr(ONE)


def test_what_stays_is_said_to_stay():
    change = compare(4, BOTH, planned(BOTH, container="web").after)
    assert [(each.name, each.state) for each in change.containers] == [("web", "changed"), ("sidecar", "kept")]
    assert not compare(4, BOTH, BOTH).is_needed


def test_a_changed_value_changes_what_was_previewed():
    other = DeploymentSpec({"web": {**WEB, "environment": {**WEB["environment"], "MODE": "test"}}}, ENDPOINT)
    shown = compare(4, ONE, planned(ONE).after).fingerprint()
    assert shown != compare(5, ONE, planned(ONE).after).fingerprint()
    assert shown == compare(4, other, planned(other).after).fingerprint()  # values are no part of what is shown


def test_what_aws_fills_in_makes_no_difference():
    bare = DeploymentSpec({"web": {"image": NEW}}, {"containerName": "web", "containerPort": 80})
    filled = DeploymentSpec(
        {"web": {"image": NEW, "command": [], "environment": {}, "ports": {}}},
        {"containerName": "web", "containerPort": 80, "healthCheck": {"path": "/", "timeoutSeconds": 2}},
    )
    assert is_the_same(bare, filled)
    assert not is_the_same(
        bare, DeploymentSpec({"web": {"image": NEW, "environment": {"A": "1"}}}, bare.public_endpoint)
    )


def test_a_request_survives_being_stored():
    request = DeployRequest(tag="2.0", container="web", pin=True, port=80)
    assert request_of({**request.to_json(), "previewed": "x", "sent_after": 3}) == request


@pytest.mark.parametrize(
    "asked, code",
    [
        ({"tag": "a b"}, "deployment.bad_tag"),
        ({"digest": "sha256:abc"}, "deployment.bad_digest"),
        ({"container": "My_App"}, "deployment.bad_container"),
        ({"container": "a" * 54}, "deployment.bad_container"),
        ({"port": 65_536}, "deployment.bad_port"),
        ({"protocol": "GOPHER"}, "deployment.bad_protocol"),
        ({"port": 53, "protocol": "UDP", "public": True}, "deployment.not_public"),
        ({"health_check_path": "healthz"}, "deployment.bad_path"),
    ],
)
def test_what_aws_would_refuse_is_refused_here(asked, code):
    with pytest.raises(Problem) as raised:
        check_request(DeployRequest(**asked))
    assert raised.value.code == code
