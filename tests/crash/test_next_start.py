"""What the next start finds: another release, another name, an engine without rows."""

import pytest

pytestmark = pytest.mark.crash
OFF, BARE = "payments-api", "payments/api"


@pytest.fixture
def left(world):
    """A grant that waited for its role when its process was killed; the role is ready since."""
    return world.killed_in_its_wait(OFF, BARE)


def test_a_release_that_keeps_the_steps_goes_on_where_the_last_one_stood(world, left):
    world.host(newer=True)
    ended = world.ended(left)
    assert (ended.outcome, ended.steps[0].attempts) == ("succeeded", 1)
    assert world.sids(BARE) == [f"AllowLightsailPull-{OFF}"]


def test_a_release_that_changed_the_order_of_steps_starts_over(world, left):
    world.host(engine_version="operations-other")
    ended = world.ended(left)
    assert (ended.outcome, ended.steps[0].attempts) == ("succeeded", 2)
    assert world.sids(BARE) == [f"AllowLightsailPull-{OFF}"]


# PostgreSQL keeps the engine's tables and ours in one database.
@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_an_engine_that_lost_everything_is_told_again(world, left):
    (world.folder / "sailpass-engine.db").unlink()
    for file in world.folder.glob("sailpass-engine.db-*"):
        file.unlink()
    world.host()
    assert world.ended(left).outcome == "succeeded"


@pytest.mark.both_databases
def test_another_name_takes_up_the_work_of_the_one_before(world, left):
    pace = {"beat": 0.5, "dead_after": 3.0, "look": 0.3}
    world.host(settings={"instance": "renamed"}, pace=pace)
    assert world.ended(left).outcome == "succeeded"
