"""Any text typed as an image is parsed without an error, quickly, and correct ones stay unchanged."""

from __future__ import annotations

import time

import pytest

from app.diagnosis.image_uri import RegistryHost, parse_image
from tests.diagnosis.world import HOST
from tests.sandbox_server import ACCOUNT
from tests.slowness import slowness

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
    started = time.thread_time()
    for around in (text, f"{HOST}/{text}", f"{text}/x:1", f"{HOST}/x:{text}", f"{HOST}/x@{text}"):
        assert parse_image(around).text == around
    assert time.thread_time() - started < 1 * slowness(time.thread_time)


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
        (f"/{HOST}", [("uri.host", f"/{HOST}"), ("uri.name", "/")], ""),
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


@pytest.mark.parametrize("around", ["docker pull {}", "image: {}", "FROM {}", "aws ecr {} # the newest"])
def test_a_command_pasted_with_the_image_is_no_part_of_its_host(around):
    image = parse_image(around.format(f"{HOST}/shop/web:1.4"))
    assert [fault.code for fault in image.faults] == ["uri.odd_characters"]
    assert image.uri(ACCOUNT, "us-east-1") == f"{HOST}/shop/web:1.4"


@pytest.mark.parametrize("text", [f"{HOST} / shop/web:1.4", f"{HOST}/shop/web :1.4", f"{HOST}/ shop/web:1.4"])
def test_spaces_within_an_image_are_left_out(text):
    assert parse_image(text).uri(ACCOUNT, "us-east-1") == f"{HOST}/shop/web:1.4"


CONSOLE = f"us-east-1.console.aws.amazon.com/ecr/repositories/private/{ACCOUNT}/shop/web"
DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    "text, suggested",
    [
        (f"https://{CONSOLE}?region=us-east-1", f"{HOST}/shop/web:latest"),
        (CONSOLE, f"{HOST}/shop/web:latest"),
        (f"https://{CONSOLE.removeprefix('us-east-1.')}/?region=us-east-1", f"{HOST}/shop/web:latest"),
        (f"https://{CONSOLE}/_/image/{DIGEST}/details?region=us-east-1", f"{HOST}/shop/web@{DIGEST}"),
    ],
)
def test_the_consoles_address_of_a_repository_names_that_repository(text, suggested):
    image = parse_image(text)
    assert image.registry is RegistryHost.ECR
    assert [fault.code for fault in image.faults][-1:] == ["uri.host"]
    assert image.uri(image.account, image.region) == suggested


@pytest.mark.parametrize("text, shown", [(HOST, "/"), (f"{HOST}/shop/web:", ":"), (f"{HOST}/shop/web@", "@")])
def test_what_is_missing_is_shown_as_the_character_before_it(text, shown):
    assert [next(iter(fault.params.values())) for fault in parse_image(text).faults] == [shown]
