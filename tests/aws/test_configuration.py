"""What is wrong with a profile, a configuration file, a certificate bundle or an endpoint is named."""

from __future__ import annotations

import socket

import pytest

from app.aws.clients import ConnectionSettings
from app.aws.session import BotoAws
from app.errors import Problem
from tests.aws.home import KEYS, SETTINGS, home, problem_of

__all__ = ["home"]


def test_a_profile_that_does_not_exist_is_named(home):
    home.set("AWS_PROFILE", "nope")
    assert problem_of().params["profile"] == "nope"
    aws = BotoAws(SETTINGS)
    with pytest.raises(Problem) as raised:
        aws.default_region()
    assert raised.value.code == "aws.no_profile"


@pytest.mark.parametrize(
    "content, line, reason",
    [
        (b"\xef\xbb\xbf[default]\nregion=us-east-1\n", 1, "bom"),
        (b"[default]\nregion=us-east-1\nregion=us-east-1\n", 3, "line"),
        (b"[default]\n\naws_secret_access_key\n", 3, "line"),
        (b"[default]\nregion=\xff\n", 2, "line"),
        (b"[default]\ns3 =\n  nothing\n", 0, ""),
    ],
)
def test_a_configuration_file_that_breaks_is_named_with_its_line(home, content, line, reason):
    home.config(content)
    params = problem_of().params
    assert (params["path"], params["line"], params["reason"]) == (str(home.path / ".aws/config"), line, reason)


def test_a_certificate_bundle_that_is_missing_or_none_is_named_with_its_variable(home):
    home.credentials(f"[default]\n{KEYS}")
    bundle = home.path / "bundle.pem"
    home.set("AWS_CA_BUNDLE", str(bundle))
    missing = problem_of()
    assert (missing.code, missing.params["setting"], missing.params["path"]) == (
        "aws.ca_missing",
        "AWS_CA_BUNDLE",
        str(bundle),
    )
    bundle.write_text("no certificate")
    assert problem_of().code == "aws.ca_unusable"


@pytest.fixture
def no_such_host(home, monkeypatch):
    """AWS's own endpoints, none of whose names can be resolved."""

    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    home.credentials(f"[default]\n{KEYS}")


@pytest.mark.parametrize(
    "variable, kind", [("AWS_USE_FIPS_ENDPOINT", "FIPS"), ("AWS_USE_DUALSTACK_ENDPOINT", "dual-stack")]
)
def test_a_kind_of_endpoint_that_lightsail_does_not_have_is_named_with_its_variable(home, no_such_host, variable, kind):
    home.set(variable, "true")
    problem = problem_of()
    assert problem.code == "aws.no_such_endpoint"
    assert (problem.params["setting"], problem.params["kind"], problem.params["title"]) == (
        variable,
        kind,
        "Amazon Lightsail",
    )


@pytest.mark.parametrize(
    "region, code",
    [("us-esat-1", "aws.unknown_region"), ("us-west-1", "aws.no_lightsail"), ("us-east-1", "aws.unreachable")],
)
def test_a_region_without_lightsail_is_told_where_it_cannot_be_reached(no_such_host, region, code):
    with pytest.raises(Problem) as raised:
        BotoAws(SETTINGS).services(region).list_services()
    assert raised.value.code == code


def test_an_endpoint_of_ones_own_that_is_down_is_unreachable_whatever_else_is_set(home):
    home.credentials(f"[default]\n{KEYS}")
    home.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    home.set("AWS_USE_FIPS_ENDPOINT", "true")
    assert problem_of().code == "aws.unreachable"


def test_the_endpoint_is_what_the_settings_name(home, sandbox):
    assert BotoAws(SETTINGS).endpoint("ecr") == sandbox.url
    home.set("AWS_ENDPOINT_URL_ECR", "http://ecr.example")
    assert BotoAws(SETTINGS).endpoint("ecr") == "http://ecr.example"
    home.set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert BotoAws(SETTINGS).endpoint("ecr") == ""
    assert BotoAws(ConnectionSettings("1", endpoint_url="http://x")).endpoint("ecr") == "http://x"
