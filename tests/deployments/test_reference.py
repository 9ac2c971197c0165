"""An image is split into its repository and its tag or digest, whatever was pasted with it."""

import pytest

from app.deployments.reference import ImageReference, split_image

URI = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app"
DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    "text",
    [
        f"{URI}:1.4",
        f" {URI}:1.4\n",
        f"docker://{URI}:1.4",
        f"docker.io/{URI}:1.4",
        f"docker pull {URI}:1.4",
        f'"{URI}:1.4",',
        f"{URI}:1.4/",
    ],
)
def test_a_uri_is_split_from_its_tag(text):
    assert split_image(text) == ImageReference(URI, "1.4")


def test_a_digest_outweighs_the_tag():
    assert split_image(f"https://{URI}:1.4@{DIGEST}") == ImageReference(URI, "", DIGEST)


@pytest.mark.parametrize("text", ["team/app:", "team/app@", f"{URI} :", f"docker pull {URI} :1.4 @"])
def test_what_is_not_whole_stays_as_it_was_typed(text):
    assert split_image(text) == ImageReference(text)
