"""The state outlives the process, complete or not at all."""

from __future__ import annotations

import json

import pytest

from app.sandbox.behavior import Behavior
from app.sandbox.call import Call
from app.sandbox.deployments import begin_deployment, pull_due
from app.sandbox.errors import SandboxError
from app.sandbox.identity import Identity
from app.sandbox.lightsail import update_container_service
from app.sandbox.options import SandboxOptions
from app.sandbox.parts import Parts
from app.sandbox.policy_text import Policy
from app.sandbox.state import Organization
from tests.sandbox.stopped_clock import StoppedClock

ACCOUNT = "123456789012"


@pytest.fixture
def parts(tmp_path):
    """Start the sandbox, again and again, on the same file."""
    return lambda **options: Parts(SandboxOptions(state_file=tmp_path / "in/state.json", **options), StoppedClock())


def homes(parts):
    return {where: (home.repositories, home.services) for where, home in parts.world.homes.items()}


def test_everything_comes_back_as_it_was(parts):
    first = parts()
    params = {"serviceName": "payments-api", "privateRegistryAccess": {"ecrImagePullerRole": {"isActive": True}}}
    call = Call("lightsail", "UpdateContainerService", params, ACCOUNT, "us-east-1", "", at=first.world.clock.now())
    update_container_service(first.world, call)
    repository = first.world.home(ACCOUNT, "us-east-1").repositories["tools/cli"]
    repository.write_policy(Policy(None, "no json"), "somebody", 1.0)
    first.snapshots.save()
    second = parts()
    assert homes(second) == homes(first)
    assert second.world.principals.by_arn == first.world.principals.by_arn


def test_who_may_do_what_comes_back(parts):
    first = parts()
    world = first.world
    world.organizations["o-exampleorgid"] = Organization("o-exampleorgid", [ACCOUNT], [{"Statement": []}], ACCOUNT)
    world.identities["ASIAEXAMPLE"] = Identity("arn:aws:iam::1:role/x", is_temporary=True, context={"a": ("b", "c")})
    world.behaviors.append(Behavior(image="*", exit_code=1, paths={"/": 200}))
    world.home(ACCOUNT, "us-east-1").registry.settings["REGISTRY_POLICY_SCOPE"] = "V1"
    world.changes += 1
    first.snapshots.save()
    second = parts().world
    assert (second.organizations, second.identities, second.behaviors) == (
        world.organizations,
        world.identities,
        world.behaviors,
    )
    assert second.principals.closed_accounts == {"998877665544"}
    for region in ("us-east-1", "ap-northeast-1"):
        assert second.home(ACCOUNT, region).registry == world.home(ACCOUNT, region).registry


def test_a_pull_that_is_still_to_come_comes_after_a_restart(parts):
    first = parts(pull_seconds=30)
    service = first.world.home(ACCOUNT, "us-east-1").services["payments-api"]
    now = first.world.clock.now()
    request = {"containers": {"app": {"image": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/no/such:1"}}}
    begin_deployment(first.world, service, request, now, now)
    first.world.changes += 1
    first.snapshots.save()
    second = parts(pull_seconds=30).world
    pull_due(second, now + 30)
    assert second.home(ACCOUNT, "us-east-1").services["payments-api"].deployments[-1].cause == "app: role"


def test_a_file_of_the_first_format_is_read(parts, tmp_path):
    parts().snapshots.save()
    file = tmp_path / "in/state.json"
    new = {"registries", "organizations", "identities", "behaviors", "closed_accounts"}
    older = {name: value for name, value in json.loads(file.read_text()).items() if name not in new}
    for service in older["services"]:
        for deployment in service["deployments"]:
            for name in ("cause", "log", "starts_at", "pulls_at", "is_pulled"):
                del deployment[name]
    file.write_text(json.dumps({**older, "format": 1}))
    world = parts().world
    assert world.home(ACCOUNT, "us-east-1").services["storefront-web"].deployments[-1].version == 3


def test_a_snapshot_beats_the_seed(parts):
    parts(seed="empty").snapshots.save()
    assert parts(seed="demo").world.homes == {}


def test_the_clock_stays_as_far_ahead_as_it_was_put(parts):
    first = parts()
    first.world.clock.advance(500)
    first.snapshots.save()
    assert parts().world.clock.ahead == 500


def test_nothing_is_written_when_nothing_has_changed(parts, tmp_path):
    first = parts()
    first.snapshots.save()
    (tmp_path / "in/state.json").unlink()
    first.snapshots.save()
    assert not (tmp_path / "in/state.json").exists()


@pytest.mark.parametrize("content", ["no json", '{"format": 99}', "{}", "[]"])
def test_a_file_that_is_none_of_ours_is_refused_in_a_sentence(parts, tmp_path, content):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/state.json").write_text(content)
    with pytest.raises(SandboxError) as raised:
        parts()
    assert "cannot read its state from" in raised.value.sentence


def test_a_folder_that_cannot_be_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    options = SandboxOptions(state_file=tmp_path / "file/state.json")
    with pytest.raises(SandboxError) as raised:
        Parts(options, StoppedClock())
    assert "cannot keep its state in" in raised.value.sentence


def test_a_snapshot_is_json_that_other_programs_can_read(parts, tmp_path):
    parts().snapshots.save()
    names = {each["name"] for each in json.loads((tmp_path / "in/state.json").read_text())["repositories"]}
    assert "tools/cli" in names
