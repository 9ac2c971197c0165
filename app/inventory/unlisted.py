"""A repository that AWS lets nobody describe here, as its account, region and name tell it. Must never ask AWS."""

from __future__ import annotations

from app.aws.ports import Repository


def unlisted(account: str, region: str, name: str) -> Repository:
    """What DescribeRepositories would say; Lightsail, and so whatever pulls from it, is in AWS's first partition alone."""
    uri = f"{account}.dkr.ecr.{region}.amazonaws.com/{name}"
    return Repository(region, name, account, uri, f"arn:aws:ecr:{region}:{account}:repository/{name}")
