"""Lightsail's errors, with the members in its model."""

from __future__ import annotations

from app.sandbox.errors import AwsError

DOCS = "https://docs.aws.amazon.com/lightsail/latest/userguide/"


def _error(code: str, message: str) -> AwsError:
    return AwsError(code, message, members={"code": code, "docs": DOCS, "tip": ""})


def invalid(message: str) -> AwsError:
    return _error("InvalidInputException", message)


def busy(state: str, what: str) -> AwsError:
    """Return the answer to a change while the service is still changing."""
    return invalid(f'The specified service is in a transition state ("{state}") and cannot be {what}.')


def not_found(name: str) -> AwsError:
    return _error("NotFoundException", f"The ContainerService does not exist: {name}")


def region_setup(region: str) -> AwsError:
    message = f"We are setting up Lightsail in {region} for your account. Try again in a few minutes."
    return _error("RegionSetupInProgressException", message)
