"""A repository that may not be described here, built from its account, region and name."""

from __future__ import annotations

from app.aws.ports import Repository


def unlisted(account: str, region: str, name: str) -> Repository:
    """Return what DescribeRepositories would return. Lightsail, and so its pulls, exist only in the partition `aws`."""
    uri = f"{account}.dkr.ecr.{region}.amazonaws.com/{name}"
    return Repository(region, name, account, uri, f"arn:aws:ecr:{region}:{account}:repository/{name}")
