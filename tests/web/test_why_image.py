"""Which image a service is asked about, where only a repository is named."""

from __future__ import annotations

import pytest

from app.bootstrap import build
from app.console.diagnosis import image_of_repository
from app.inventory import store
from app.migrate import migrate
from app.settings import Settings
from tests.build import ACCOUNT, LONG_AGO, REGION, SERVICE, a_deployment, a_service
from tests.fakes import FakeAws

OTHER = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/other/image:1"


@pytest.fixture
def services(tmp_path):
    wired = build(Settings(auth="none", data_dir=tmp_path, regions=(REGION,)), aws=FakeAws())
    migrate(wired.db)
    service = a_service(current_deployment=a_deployment(image=OTHER))
    store.remember_services(wired.db, wired.connection, REGION, [service], LONG_AGO)
    yield wired
    wired.close()


async def image_of(services, repository):
    return await image_of_repository(services, REGION, SERVICE, repository)


async def test_it_is_the_one_that_the_service_runs(services):
    assert await image_of(services, "other/image") == OTHER


async def test_of_a_repository_that_is_not_known_it_is_still_no_image_of_another_one(services):
    assert await image_of(services, "team/typo") == f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/typo"
