"""Which containers and images a diagnosis is about. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.aws.ports import Container, Deployment
from app.diagnosis.image_uri import ImageUri, parse_image
from app.errors import Problem

MOST: Final = 3


@dataclass(frozen=True)
class ImageSubject:
    """One image, the container that runs it ("" for none), and the newest deployment that does."""

    image: str
    container: str = ""
    deployment: Deployment | None = None


def choose_subjects(deployments: Sequence[Deployment], image: str, container: str = "") -> tuple[ImageSubject, ...]:
    """Return the containers and images to check, the most relevant first, at most `MOST`.

    Args:
        deployments: newest first.
        image: the image in question, "" for those of the newest deployment.
        container: only this container, "" for any.

    Raises:
        Problem: `deployment.no_container`: without an image, the newest deployment has no such container.
    """
    if image:
        return (_of_image(deployments, image, container),)
    newest = deployments[0] if deployments else None
    if newest is None:
        return (ImageSubject(""),)
    containers = [each for each in newest.containers if container in ("", each.name)]
    if container and not containers:
        names = ", ".join(each.name for each in newest.containers)
        raise Problem("deployment.no_container", container=container, version=newest.version, containers=names)
    ranked = sorted(containers, key=lambda each: _rank(each, newest))
    return tuple(ImageSubject(each.image, each.name, newest) for each in ranked[:MOST]) or (ImageSubject(""),)


def _rank(container: Container, deployment: Deployment) -> tuple[bool, bool]:
    is_private = parse_image(container.image).is_private
    return not is_private, container.name != deployment.public_container


def _of_image(deployments: Sequence[Deployment], image: str, container: str) -> ImageSubject:
    """Return the image in the newest deployment that runs it as written, or else from the same repository and tag."""
    reference = parse_image(image)
    for deployment in deployments:
        for each in deployment.containers:
            if container in ("", each.name) and (each.image == image or _is_same(parse_image(each.image), reference)):
                return ImageSubject(image, each.name, deployment)
    return ImageSubject(image, container)


def _is_same(image: ImageUri, other: ImageUri) -> bool:
    if image.faults or other.faults:
        return False
    return _meant(image) == _meant(other)


def _meant(uri: ImageUri) -> ImageUri:
    return replace(uri, text="", plain="", tag=uri.tag or "latest")


def without_values(deployment: Deployment) -> Deployment:
    """Return the deployment with the names of its environment variables and none of their values."""
    containers = (replace(each, environment=dict.fromkeys(each.environment, "")) for each in deployment.containers)
    return replace(deployment, containers=tuple(containers))


def port_differs(deployment: Deployment, container: str) -> bool:
    """Return whether a variable PORT of the public container names another port than the public endpoint."""
    if deployment.public_port is None or deployment.public_container != container:
        return False
    values = [each.environment.get("PORT", "") for each in deployment.containers if each.name == container]
    return any(value.isdecimal() and value.lstrip("0") != str(deployment.public_port) for value in values)
