"""When the newest tags of shown repositories are read, and what one that can't be read means for the others."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.aws.call_pool import AwsCalls
from app.console.newest_tags import AFTER_OUTAGE, FRESH, TagReader
from app.inventory import store
from app.inventory.newest_images import NewestTags
from app.inventory.repositories import list_repository
from app.keys import RepositoryKey
from tests.build import REGION, a_repository, an_image
from tests.inventory.test_scan import OFFLINE

OTHER = "eu-west-1"


@pytest.fixture
def reader(sqlite_db, aws, clock):
    calls = AwsCalls()
    with ThreadPoolExecutor(1) as threads:
        yield TagReader(sqlite_db, aws, calls, clock, "default", threads)
    calls.close()


@pytest.fixture
def request_tags(reader, aws, sqlite_db, clock):
    """Requests the tags of a repository as a page does that shows it; a new one is created first."""

    def request(name, region=REGION):
        if (region, name) not in aws.known_repositories:
            repository = a_repository(name, region=region)
            aws.add_repository(repository, images=[an_image("1.0")])
            store.remember_repository(sqlite_db, "default", repository, clock.now())
        return reader.request(region, name, known(sqlite_db, name, region))

    return request


def known(db, name, region=REGION):
    row = list_repository(db, RepositoryKey("default", region, name))
    return row.newest if row else NewestTags()


async def test_tags_are_read_once_and_again_when_they_are_old(reader, request_tags, aws, clock, sqlite_db):
    assert request_tags("app") is False  # nothing reads yet
    await reader.look()
    assert known(sqlite_db, "app").tags == ("1.0",)
    clock.advance(FRESH.total_seconds() - 1)
    assert request_tags("app") is False
    clock.advance(1)
    assert request_tags("app") is True  # a page shows old tags no longer than it takes to read them
    await reader.look()
    assert len(aws.calls) == 2


async def test_what_was_read_since_a_page_was_queried_is_not_read_again(reader, request_tags, aws, sqlite_db):
    request_tags("app")
    as_queried = known(sqlite_db, "app")
    await reader.look()
    reader.request(REGION, "app", as_queried)
    await reader.look()
    assert len(aws.calls) == 1


def fails_unexpectedly():
    raise RuntimeError("an answer that nobody expected")


async def test_one_that_can_not_be_read_keeps_no_other_waiting(reader, request_tags, aws, sqlite_db):
    request_tags("bad")
    request_tags("good")
    aws.meanwhile("ecr:DescribeImages", fails_unexpectedly)
    with pytest.raises(RuntimeError):
        await reader.look()
    await reader.look()
    assert known(sqlite_db, "good").tags == ("1.0",)
    assert len(aws.calls) == 2


async def test_a_region_out_of_reach_is_left_alone_for_a_while_and_others_are_read(
    reader, request_tags, aws, clock, sqlite_db
):
    for name, region in (("a", REGION), ("b", REGION), ("c", OTHER)):
        request_tags(name, region)
    aws.fail("ecr:DescribeImages", OFFLINE)
    await reader.look()
    assert known(sqlite_db, "a").problem.code == "aws.unreachable"
    assert known(sqlite_db, "c", OTHER).tags == ("1.0",)
    assert request_tags("b") is False
    await reader.look()
    assert len(aws.calls) == 2
    clock.advance(AFTER_OUTAGE / timedelta(seconds=1))
    assert request_tags("a") is True
    assert request_tags("b") is True
    await reader.look()
    assert [known(sqlite_db, name).tags for name in "ab"] == [("1.0",), ("1.0",)]
    assert known(sqlite_db, "a").problem is None
