"""The SDK decides whether a region has Lightsail; mistyped names get suggestions."""

from __future__ import annotations

import pytest
from botocore.loaders import Loader

from app.aws.regions import region_problem
from app.messages.problems import what_happened, what_to_do

ENDPOINTS = Loader().load_data("endpoints")


@pytest.mark.parametrize("region", ["us-east-1", "ap-northeast-1", "eu-north-1"])
def test_a_region_with_lightsail_is_none(region):
    assert region_problem(region, ENDPOINTS) is None


@pytest.mark.parametrize(
    "region, code, nearest",
    [
        ("us-west-1", "aws.no_lightsail", "us-west-2"),
        ("us-gov-west-1", "aws.no_lightsail", "us-west-2"),
        ("cn-north-1", "aws.no_lightsail", "eu-north-1"),
        ("us-esat-1", "aws.unknown_region", "us-east-1"),
        ("us-east-1a", "aws.unknown_region", "us-east-1"),
        ("ap-northeast-1c", "aws.unknown_region", "ap-northeast-1"),
        ("US-EAST-1", "aws.unknown_region", "us-east-1"),
        ("eu-west-9", "aws.unknown_region", "eu-west-3"),
        ("tokyo", "aws.unknown_region", ""),
        ("", "aws.unknown_region", ""),
        ("x" * 10_000, "aws.unknown_region", ""),
    ],
)
def test_another_name_comes_with_the_nearest_that_would_do(region, code, nearest):
    problem = region_problem(region, ENDPOINTS)
    names = str(problem.params["nearest"]).split(", ")
    assert problem.code == code
    assert names
    assert all(region_problem(name, ENDPOINTS) is None for name in names)
    assert not nearest or names[0] == nearest
    assert what_happened(problem)
    assert what_to_do(problem)
