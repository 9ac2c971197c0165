"""Checks this machine's AWS settings for errors that no call would name: certificates, endpoints, numbers.

The settings are AWS's own; no credential is read here.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from botocore.session import Session

from app.aws.causes import shortage_of
from app.errors import Problem

_CA_BUNDLES: Final = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
_VARIANTS: Final = (
    ("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT", "fips", "FIPS"),
    ("use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT", "dualstack", "dual-stack"),
)
_TITLES: Final = {"lightsail": "Amazon Lightsail", "ecr": "Amazon ECR", "sts": "AWS STS"}


def check_certificates(session: Session) -> None:
    """Check that the certificate bundle in the settings can be used.

    Raises:
        Problem: `aws.ca_missing`, `aws.ca_unusable`, with the setting's name and the file's.
    """
    path = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
    if not path:
        return
    setting = next((variable for variable in _CA_BUNDLES if os.environ.get(variable) == path), "ca_bundle")
    about: dict[str, Any] = {"setting": setting, "path": str(path)}
    if not Path(path).exists():
        raise Problem("aws.ca_missing", **about)
    try:
        where = {"capath": path} if Path(path).is_dir() else {"cafile": path}
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(**where)
    except ssl.SSLError as error:
        raise Problem("aws.ca_unusable", **about, why="no certificate found") from error
    except OSError as error:
        shortage = shortage_of(error)
        raise shortage or Problem("aws.ca_unusable", **about, why=os.strerror(error.errno or 0)) from error


def missing_endpoint(session: Session, service: str, region: str) -> Problem | None:
    """Return the setting that asks for a kind of endpoint that the SDK's data lacks for a service, or None.

    Called after a call has failed, since AWS may have opened one that this SDK does not know.
    """
    endpoints = session.get_data("endpoints")
    for name, variable, tag, kind in _VARIANTS:
        if session.get_config_variable(name) and not _has_variant(endpoints, service, region, tag):
            setting = variable if os.environ.get(variable) else name
            title = _TITLES.get(service, service)
            return Problem("aws.no_such_endpoint", setting=setting, kind=kind, title=title, region=region)
    return None


def broken_setting(session: Session) -> Problem | None:
    """Return the setting whose value should be a number and is not; None if all can be read."""
    for name, (key, variables, _, convert) in session.session_var_map.items():
        if convert is None:
            continue
        try:
            session.get_config_variable(name)
        except ValueError:
            names = [variables] if isinstance(variables, str) else list(variables or ())
            setting = next((variable for variable in names if variable in os.environ), key)
            return Problem("aws.bad_setting", setting=str(setting))
    return None


def configured_endpoint(session: Session, service: str) -> str:
    """Return the endpoint URL in the settings for a service, "" for AWS's own."""
    if session.get_config_variable("ignore_configured_endpoint_urls"):
        return ""
    profile, shared = session.get_scoped_config(), session.full_config
    named = shared.get("services", {}).get(profile.get("services", ""), {}).get(service, {})
    addresses = (
        os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}"),
        os.environ.get("AWS_ENDPOINT_URL"),
        named.get("endpoint_url") if isinstance(named, dict) else None,
        profile.get("endpoint_url"),
    )
    return next((str(address) for address in addresses if address), "")


def _has_variant(endpoints: Mapping[str, Any], service: str, region: str, tag: str) -> bool:
    prefix = "api.ecr" if service == "ecr" else service  # its name in the SDK's data
    for partition in endpoints["partitions"]:
        endpoints_of_service = partition["services"].get(prefix, {}).get("endpoints", {})
        variants = endpoints_of_service.get(region, {}).get("variants", ())
        if any(tag in variant["tags"] for variant in variants):
            return True
    return False
