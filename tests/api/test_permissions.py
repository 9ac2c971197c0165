"""The check of the permissions, for a person who hasn't read anything of AWS yet."""

from __future__ import annotations

import json

import pytest

from app.bootstrap import build
from app.console.permissions import check
from app.migrate import migrate
from app.settings import Settings
from tests.build import ACCOUNT, REGION
from tests.fakes import FakeAws


@pytest.fixture
def services(tmp_path):
    aws = FakeAws()
    aws.denied.add("ecr:GetRepositoryPolicy")
    wired = build(Settings(auth="none", data_dir=tmp_path, regions=(REGION,)), aws=aws)
    migrate(wired.db)
    yield wired
    wired.close()


async def test_the_statement_that_adds_what_is_missing_is_for_the_account_of_the_credentials(services):
    checked = await check(services, "", ("storefront/web",))
    (statement,) = json.loads(checked.statement)["Statement"]
    assert statement["Resource"] == f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/storefront/web"
