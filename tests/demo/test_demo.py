"""`sailpass demo` connects only to its sandbox, whatever this machine's settings say: each connection is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.demo import CALM, calmed
from tests.console import until
from tests.demo.demo_process import running_demo

OUTSIDE = "http://192.0.2.1:8080"  # an address of no one's (RFC 5737)
PROFILE = "[default]\nregion=eu-west-1\naws_access_key_id=AKIAREALREALREALREAL\naws_secret_access_key=real\n"


def config(text: str | bytes):
    def write(home: Path) -> None:
        (home / ".aws").mkdir(parents=True)
        (home / ".aws" / "config").write_bytes(text if isinstance(text, bytes) else text.encode())

    return write


EVERY_PROXY = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
# All of it is dropped for the same reason, so that any that is not dropped fails the one case that it is in.
VARIABLES = {
    **dict.fromkeys(EVERY_PROXY, OUTSIDE),
    **{f"AWS_ENDPOINT_URL{service}": OUTSIDE for service in ("", "_STS", "_ECR", "_LIGHTSAIL", "_SSO")},
    "AWS_CSM_ENABLED": "true",
    "AWS_CSM_HOST": "192.0.2.1",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_CA_BUNDLE": "/nowhere.pem",
    "REQUESTS_CA_BUNDLE": "/nowhere.pem",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_RETRY_MODE": "none",
    "AWS_DEFAULTS_MODE": "auto",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": OUTSIDE,
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": OUTSIDE,
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/real",
    "AWS_SESSION_TOKEN": "a\nb",
    "SAILPASS_DATABASE_URL": "postgresql+psycopg://192.0.2.1/real",
    "SAILPASS_HOST": "0.0.0.0",
    "SAILPASS_ALLOWED_HOSTS": "sailpass.example.com",
}
FILE = PROFILE + f"endpoint_url = {OUTSIDE}\nignore_configured_endpoint_urls = true\n"
HOSTILE = {
    "variables, and a malformed file": (
        {**VARIABLES, "AWS_PROFILE": "nope", "AWS_DEFAULT_PROFILE": "nope"},
        config(b"\xef\xbb\xbf[default\nregion\n"),
    ),
    "a file": ({}, config(FILE)),
    "variables, and a program for credentials": (
        VARIABLES,
        config("[default]\ncredential_process = touch credentials-were-asked-for\n"),
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_the_demo_works_and_tries_to_reach_nobody_else(tmp_path, case):
    environment, prepare = HOSTILE[case]
    if prepare is not None:
        prepare(tmp_path)
    with running_demo(tmp_path, environment) as demo:
        page = until(lambda: demo.get("/containers"), lambda text: "storefront-web" in text)
        assert "Sandbox" in page
        until(lambda: demo.get("/containers/us-east-1/storefront-web/images"), lambda text: "storefront/web" in text)
        policy = demo.get("/containers/us-east-1/storefront-web/policy?repository=storefront/web")
        commands = [line for line in policy.splitlines() if line.startswith("aws ")]
        assert commands
        assert all(f"--endpoint-url http://127.0.0.1:{demo.sandbox}" in command for command in commands)
        assert demo.strangers() == set()
    assert not (tmp_path / "credentials-were-asked-for").exists()


def test_nothing_of_awss_or_of_a_proxys_is_left_in_the_demos_environment():
    leading_away = {
        "AWS_ENDPOINT_URL_S3",
        "aws_profile",
        "BOTO_CONFIG",
        "BOTOCORE_X",
        "Https_Proxy",
        "no_proxy",
        "SSL_CERT_FILE",
    }
    kept = calmed({**dict.fromkeys(leading_away, "x"), "PATH": "/bin", "LANG": "C"})
    assert kept == {**CALM, "PATH": "/bin", "LANG": "C"}
