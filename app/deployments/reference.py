"""Splits an image as a person names it into its repository and what follows. Pure."""

from __future__ import annotations

from typing import NamedTuple

from app.ecr_names import pasted


class ImageReference(NamedTuple):
    """A repository as it was typed (name, URI or ARN), and the tag or digest behind it; "" for none."""

    repository: str
    tag: str = ""
    digest: str = ""


def split_image(text: str) -> ImageReference:
    """Return the parts of `team/app:1.4`, `team/app@sha256:…`, or the same with a registry's host in front.

    What is pasted with it is left out (`ecr_names.pasted`).
    """
    plain = pasted(text)
    name, at, digest = plain.partition("@")
    folder, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    repository = f"{folder}{slash}{last}"
    if (at and not digest) or (colon and not tag):  # something is missing: what was typed is told back as it is
        return ImageReference(plain)
    return ImageReference(repository, "" if digest else tag, digest)
