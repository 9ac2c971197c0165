"""Regions that fail alike are one message, which loses nothing of any of them."""

import json

from bs4 import BeautifulSoup

from app.console.freshness import PartFailure, failures_of
from app.errors import Problem
from app.inventory.sync_state import Reading, What
from app.web.views.failures import group_failures
from tests.web.asking import ask
from tests.web.examples import Examples


def test_regions_that_fail_alike_are_one_message(gallery):
    page = BeautifulSoup(
        ask(gallery({"alike": Examples().pages()["containers-alike"]}), "/p/alike").text, "html.parser"
    )
    expired, unreachable = page.select("#service-list .flash")
    assert expired.strong.get_text().startswith("us-east-1, eu-west-1: ")
    assert unreachable.strong.get_text() == "Couldn't be read: ap-northeast-1, sa-east-1"
    assert [item.get_text().split(": ")[0] for item in unreachable.select("li")] == ["ap-northeast-1", "sa-east-1"]


def test_one_statement_allows_what_was_denied_in_every_region():
    def denied(region, action):
        return PartFailure(region, Problem("aws.access_denied", action=action, resource="*", region=region))

    (group,) = group_failures(
        [denied("us-east-1", "ecr:DescribeRepositories"), denied("eu-west-1", "ecr:DescribeRepositories")]
    )
    (statement,) = group.statements("123456789012")
    assert {resource.split(":")[3] for resource in json.loads(statement)["Resource"]} == {"us-east-1", "eu-west-1"}
    other = group_failures(
        [denied("us-east-1", "ecr:DescribeRepositories"), denied("us-east-1", "ecr:GetRepositoryPolicy")]
    )
    assert len(other[0].statements("123456789012")) == 2


def test_parts_that_differ_by_their_region_alone_are_named_once():
    problem = Problem("aws.expired_token")
    reads = [Reading(region, What.POLICIES, problem=problem) for region in ("us-east-1", "eu-west-1")]
    (group,) = group_failures(failures_of([*reads, Reading("us-east-1", What.REGISTRY, problem=problem)]))
    assert group.parts == "Repository policies of us-east-1, eu-west-1, Registry policy of us-east-1" == group.unknown
