"""Any pasted repository reference is parsed, or refused with a message that helps."""

from __future__ import annotations

import time

import pytest

from app.errors import Problem
from app.operations.repository_name import Reference, check_name, parse_reference

ACCOUNT, REGION = "123456789012", "eu-west-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
DIGEST = "sha256:" + "0a" * 32
WHOLE = Reference("team/app", ACCOUNT, REGION, "aws")
ALONE = Reference("team/app")


def refused(text: str) -> Problem:
    with pytest.raises(Problem) as told:
        parse_reference(text)
    return told.value


@pytest.mark.parametrize(
    "text",
    [
        f"{HOST}/team/app",
        f"{HOST}/team/app:latest",
        f"{HOST}/team/app:<tag>",
        f"{HOST}/team/app@{DIGEST}",
        f"{HOST}/team/app:v1.2_3-rc@{DIGEST}",
        f"https://{HOST}/team/app",
        f"docker://{HOST}/team/app:latest",
        f"{HOST}/team/app/",
        f"{HOST}:443/team/app",
        f"{HOST.upper()}/team/app",
        f"  {HOST}/team/app:latest\n",
        f"{ACCOUNT}.dkr-ecr.{REGION}.on.aws/team/app:latest",
        f"{ACCOUNT}.dkr-ecr-fips.{REGION}.on.aws/team/app",
        f"{ACCOUNT}.dkr.ecr-fips.{REGION}.amazonaws.com/team/app",
        f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/app",
        f"docker.io/{HOST}/team/app:1",
        f"docker pull {HOST}/team/app:1",
        f"$ sudo docker run --rm -p 80:80 {HOST}/team/app:1",
        f"FROM {HOST}/team/app:1 AS build",
        f"docker pull 'https://{HOST}/team/app:1/'",
        f'"{HOST}/team/app:1",',
        f"\u201c{HOST}/team/app\u201d",
        f"`docker://docker.io/{HOST}/team/app/`",
    ],
)
def test_a_uri_and_an_arn_name_account_region_and_repository(text):
    assert parse_reference(text) == WHOLE


@pytest.mark.parametrize(
    "text",
    [
        "team/app",
        " team/app ",
        "\tteam/app\r\n",
        "/team/app/",
        "team/app:latest",
        f"team/app@{DIGEST}",
        "docker pull team/app:1",
        "'team/app',",
        "\ufeffteam/app",
        "\u200bteam/app\u200b",
        "\u00a0team/app\u3000",
        "\u202ateam/app\u202c",
        "".join(chr(ord(letter) + 0xFEE0) for letter in "team/app"),  # as a Japanese keyboard writes it
    ],
)
def test_a_name_is_taken_without_what_surrounds_it(text):
    assert parse_reference(text) == ALONE


@pytest.mark.parametrize(
    "text, partition",
    [
        (f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn/team/app", "aws-cn"),
        (f"{ACCOUNT}.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/team/app", "aws-cn"),
        (f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com.cn/team/app", "aws-cn"),
        (f"{ACCOUNT}.dkr.ecr.us-gov-west-1.amazonaws.com/team/app", "aws-us-gov"),
        (f"arn:aws-cn:ecr:{REGION}:{ACCOUNT}:repository/team/app", "aws-cn"),
    ],
)
def test_the_same_account_id_in_another_partition_is_another_account(text, partition):
    with pytest.raises(Problem) as told:
        parse_reference(text).name_in(REGION, ACCOUNT)
    assert told.value.code == "repository.of_other_partition"
    assert told.value.params == {"repository": "team/app", "other": partition}


def test_a_name_like_a_host_is_a_name():
    assert parse_reference("my.team/app").name == "my.team/app"
    assert parse_reference("docker-hub/library/nginx:1.29").name == "docker-hub/library/nginx"


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "/", HOST, f"{HOST}/", "https://"])
def test_nothing_is_no_repository(text):
    assert refused(text).code == "repository.missing"


@pytest.mark.parametrize(
    "text, names",
    [
        ("team\u200b/app", "ZERO WIDTH SPACE (U+200B)"),
        ("team\u00a0/app", "NO-BREAK SPACE (U+00A0)"),
        ("te\u0430m/app", "CYRILLIC SMALL LETTER A (U+0430)"),
        ("team\u202e/app", "RIGHT-TO-LEFT OVERRIDE (U+202E)"),
        ("team\x07/app", "control character (U+0007)"),
        (f"{HOST}/team\u2060/app", "WORD JOINER (U+2060)"),
        (
            "\u00e9\u00e0\u00fcx",
            "E WITH ACUTE (U+00E9), LATIN SMALL LETTER A WITH GRAVE (U+00E0), LATIN SMALL LETTER U",
        ),
    ],
)
def test_characters_that_cannot_be_seen_or_told_apart_are_named(text, names):
    problem = refused(text)
    assert problem.code == "repository.odd_characters"
    assert names in problem.params["characters"]


@pytest.mark.parametrize(
    "text",
    [
        "public.ecr.aws/nginx/nginx:1",
        "https://gallery.ecr.aws/nginx/nginx",
        "ecr-public.aws.com/nginx/nginx",
        "arn:aws:ecr-public::123456789012:repository/nginx",
    ],
)
def test_the_public_registry_is_told(text):
    assert refused(text).code == "repository.public_ecr"


@pytest.mark.parametrize(
    "text, registry",
    [
        ("docker.io/library/nginx", "docker.io"),
        ("https://hub.docker.com/_/nginx", "hub.docker.com"),
        ("ghcr.io/team/app:1", "ghcr.io"),
        ("eu.gcr.io/team/app", "eu.gcr.io"),
        ("europe-docker.pkg.dev/project/app", "europe-docker.pkg.dev"),
        ("registry.example.com:5000/team/app", "registry.example.com:5000"),
        ("localhost:5000/app", "localhost:5000"),
        (f"{ACCOUNT}.dkr.ecr.{REGION}.example.com/team/app", f"{ACCOUNT}.dkr.ecr.{REGION}.example.com"),
    ],
)
def test_another_registry_is_told_by_its_name(text, registry):
    problem = refused(text)
    assert (problem.code, problem.params["registry"]) == ("repository.other_registry", registry)


@pytest.mark.parametrize(
    "text",
    [
        "storefront/webX",  # nothing of a name is dropped
        "Team/App",
        "team app",
        "x",
        "team//app",
        "-team",
        "team/app:",
        "team/app:not a tag",
        "team/app@sha256:short",
        "arn:aws:iam::123456789012:role/x",
        "a" * 257,
        f"{HOST}/Team",
    ],
)
def test_what_can_be_no_name_is_refused(text):
    assert refused(text).code == "repository.bad_name"


def test_a_repository_of_this_account_and_region_is_taken():
    assert WHOLE.name_in(REGION, ACCOUNT) == ALONE.name_in("us-east-1", "") == "team/app"


@pytest.mark.parametrize(
    "region, account, code",
    [
        ("us-east-1", ACCOUNT, "repository.of_other_region"),
        (REGION, "210987654321", "repository.of_other_account"),
        (REGION, "", "repository.account_unknown"),
    ],
)
def test_one_that_is_elsewhere_is_told(region, account, code):
    with pytest.raises(Problem) as told:
        WHOLE.name_in(region, account)
    assert told.value.code == code
    assert told.value.params["repository"] == "team/app"


@pytest.mark.parametrize("piece", ["a", "a-", "a/", "-", "/", ":", "a.b/", "\u200b", "\uff11"])
def test_a_long_text_takes_no_longer_than_its_length(piece):
    def seconds(times: int) -> float:
        text, best = f"{piece * times}!", []
        for _ in range(3):
            began = time.thread_time()
            refused(text)
            best.append(time.thread_time() - began)
        return min(best)

    assert seconds(40_000) <= 8 * seconds(10_000) + 0.01


def test_a_checked_name_is_as_ecr_says():
    check_name("a" * 256)
    check_name("a1")
    for name in ("a", "a" * 257, "a/"):
        with pytest.raises(Problem):
            check_name(name)
