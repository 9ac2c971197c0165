"""What a batch over all services takes up."""

import pytest

from app.bootstrap import build
from app.console.repair_all import plan_repair_all
from app.inventory import store
from app.inventory.policies import remember_policy
from app.keys import RepositoryKey
from app.migrate import migrate
from app.settings import Settings
from tests.build import REGION, SERVICE, a_policy, a_repository, a_service, an_active_role, general_arn
from tests.fakes import FakeAws
from tests.inventory.at import NOON, allow

FORMER = "eu-west-1"
WEB = "storefront/web"


@pytest.fixture
def services(tmp_path):
    """A console of one Region, which knows from before what another one had."""
    wired = build(Settings(auth="none", data_dir=tmp_path, regions=(REGION,)), aws=FakeAws())
    migrate(wired.db)
    for region in (REGION, FORMER):
        service = a_service(region=region, role=an_active_role(region=region))
        store.remember_service(wired.db, wired.connection, service, NOON)
        store.remember_repository(wired.db, wired.connection, a_repository(WEB, region=region), NOON)
        wrong = a_policy([allow(general_arn(region=region))])
        remember_policy(wired.db, RepositoryKey(wired.connection, region, WEB), wrong, NOON)
    yield wired
    wired.close()


async def test_a_region_that_is_no_longer_configured_is_left_alone(services):
    repair = await plan_repair_all(services)
    assert [(item.region, item.service, item.repository) for item in repair.plan.items] == [(REGION, SERVICE, WEB)]
