"""The newest tags of a repository, however many images it has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from app.aws.pull_ports import ImageDetail
from app.bootstrap import build
from app.errors import Problem
from app.inventory import store
from app.migrate import migrate
from app.settings import Settings
from app.web.views.next_steps import next_steps
from tests.fake_pulls import IMAGES_AT_ONCE
from tests.fakes import FakeAws, a_repository

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
REPOSITORY = a_repository()


def images(number):
    """As ECR keeps them: the newest is the last of its order."""
    return [ImageDetail(f"sha256:{at:064}", (f"v{at}",), BEGIN + timedelta(minutes=at)) for at in range(number)]


@pytest.fixture
def aws():
    return FakeAws()


@pytest.fixture
def services(tmp_path, aws):
    wired = build(Settings(auth="none", data_dir=tmp_path, regions=(REPOSITORY.region,)), aws=aws)
    migrate(wired.db)
    store.remember_repository(wired.db, wired.connection, REPOSITORY, BEGIN)
    yield wired
    wired.close()


async def shown(services, **options):
    return await next_steps(services, (REPOSITORY.region, "storefront"), REPOSITORY.name, **options)


async def test_the_newest_tags_are_found_on_the_last_page_too(aws, services):
    aws.add_repository(REPOSITORY, images=images(2 * IMAGES_AT_ONCE + 1))
    steps = await shown(services)
    assert steps.tags[:2] == (f"v{2 * IMAGES_AT_ONCE}", f"v{2 * IMAGES_AT_ONCE - 1}")
    assert (len(steps.tags), steps.whole, len(aws.calls)) == (12, True, 3)


async def test_a_tag_that_cannot_be_pulled_is_not_offered(aws, services):
    archived, signature = images(2)
    archived, signature = replace(archived, status="ARCHIVED"), replace(signature, subject="sha256:" + "0" * 64)
    aws.add_repository(REPOSITORY, images=[archived, signature, *images(3)[2:]])
    assert (await shown(services)).tags == ("v2",)


async def test_more_images_than_are_looked_at_are_told(aws, services):
    aws.add_repository(REPOSITORY, images=images(11 * IMAGES_AT_ONCE))
    steps = await shown(services)
    assert (steps.tags[0], steps.whole) == (f"v{10 * IMAGES_AT_ONCE - 1}", False)


async def test_what_was_read_before_aws_refused_is_shown_as_a_part(aws, services):
    aws.add_repository(REPOSITORY, images=images(2 * IMAGES_AT_ONCE))
    aws.meanwhile("ecr:DescribeImages", lambda: None)
    aws.meanwhile("ecr:DescribeImages", lambda: aws.fail("ecr:DescribeImages", Problem("aws.throttled")))
    steps = await shown(services)
    assert (steps.tags[0], steps.whole, steps.problem) == (f"v{IMAGES_AT_ONCE - 1}", False, None)


async def test_what_was_read_before_aws_became_slow_is_shown_as_a_part(aws, services):
    aws.add_repository(REPOSITORY, images=images(2 * IMAGES_AT_ONCE))
    answers = Event()
    aws.meanwhile("ecr:DescribeImages", lambda: None)
    aws.meanwhile("ecr:DescribeImages", lambda: answers.wait(20))
    steps = await shown(services, patience=0.3)
    answers.set()
    assert (steps.tags[0], steps.whole, steps.problem) == (f"v{IMAGES_AT_ONCE - 1}", False, None)
