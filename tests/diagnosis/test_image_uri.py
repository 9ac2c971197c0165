"""Any text typed as an image is parsed without an error, quickly, and correct ones stay unchanged."""

from __future__ import annotations

import time

import pytest

from app.diagnosis.image_uri import RegistryHost, parse_image
from tests.diagnosis.world import HOST
from tests.sandbox_server import ACCOUNT

ODD = [
    "",
    " ",
    "/",
    ":",
    "@",
    "//",
    ":::",
    "@@@",
    "a@b@c:d",
    "\x00",
    "\ud800",
    "é/ü:1",
    "[::1]:80/x",
    "%(x)s",
    "<tag>",
    ".",
]
LONG = [
    "a" * 5_000,
    "a-" * 3_000,
    "a/" * 3_000,
    "." * 5_000,
    "1." * 3_000,
    ":" * 5_000,
    "1" * 5_000 + ".ecr",
    HOST + "/" + "a._-" * 900,
]


@pytest.mark.parametrize("text", ODD + LONG)
def test_nothing_breaks_it(text):
    started = time.process_time()
    for around in (text, f"{HOST}/{text}", f"{text}/x:1", f"{HOST}/x:{text}", f"{HOST}/x@{text}"):
        assert parse_image(around).text == around
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "text, registry",
    [
        (f"{HOST}/shop/web:1.4", RegistryHost.ECR),
        (f"{HOST}/shop/web", RegistryHost.ECR),
        (f"{HOST}/shop/web:1.4@sha256:{'0' * 64}", RegistryHost.ECR),
        ("nginx", RegistryHost.DOCKER_HUB),
        ("library/nginx:1.27", RegistryHost.DOCKER_HUB),
        ("public.ecr.aws/nginx/nginx:1.27", RegistryHost.ECR_PUBLIC),
        ("ghcr.io/owner/app:1", RegistryHost.OTHER),
        (":shop.web.3", RegistryHost.STORED),
    ],
)
def test_what_is_right_has_no_fault(text, registry):
    image = parse_image(text)
    assert (image.registry, image.faults) == (registry, ())


@pytest.mark.parametrize(
    "text, faults, suggested",
    [
        (f"//{HOST}/shop/web:1.4", [("uri.host", f"//{HOST}")], f"{HOST}/shop/web:1.4"),
        (f"{HOST}/shop/web/", [("uri.name", "shop/web/")], f"{HOST}/shop/web:latest"),
        (f"{HOST}/shop/web:1.4/", [("uri.tag", "1.4/")], f"{HOST}/shop/web:1.4"),
        (f"/{HOST}", [("uri.host", f"/{HOST}"), ("uri.name", "")], ""),
        ("/", [], ""),
    ],
)
def test_a_slash_around_it_is_a_fault_of_its_part(text, faults, suggested):
    image = parse_image(text)
    assert [(fault.code, next(iter(fault.params.values()))) for fault in image.faults] == faults
    assert (image.uri(ACCOUNT, "us-east-1") if image.repository else "") == suggested


@pytest.mark.parametrize(
    "host",
    ["$ECR_REGISTRY", "${REGISTRY}", "{{ registry }}", "<registry>", "%REGISTRY%", "localhost:5000", "registry:80"],
)
def test_a_registry_to_be_filled_in_or_of_ones_own_is_no_public_one(host):
    image = parse_image(f"{host}/shop/web:1.4".replace(" ", ""))
    assert (image.registry, [fault.code for fault in image.faults]) == (RegistryHost.ECR, ["uri.host"])
    assert (image.repository, image.tag) == ("shop/web", "1.4")


@pytest.mark.parametrize("account", ["$AWS_ACCOUNT_ID", "${ACCOUNT}", "<account-id>", "aws_account_id", "ACCOUNT"])
@pytest.mark.parametrize("region", ["us-east-1", "${AWS_REGION}", "region"])
def test_a_placeholder_for_the_account_is_still_a_host_of_ecr(account, region):
    image = parse_image(f"{account}.dkr.ecr.{region}.amazonaws.com/shop/web:1.4")
    assert (image.registry, [fault.code for fault in image.faults]) == (RegistryHost.ECR, ["uri.host"])
    assert (image.account, image.repository, image.tag) == ("", "shop/web", "1.4")
