"""The blobs of images, at the URLs of GetDownloadUrlForLayer: only configs, since layers are not stored."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.responses import Response

from app.sandbox.images import URL_SECONDS, images_of, status_of
from app.sandbox.manifests import sha256
from app.sandbox.state import World

LAYERS = "/layers/"


def layer_answer(world: World, path: str, query: bytes) -> Response:
    """Return Amazon S3's response to a request for a layer's URL: the blob, or an error as XML."""
    parameters = {name: values[0] for name, values in parse_qs(query.decode("latin-1")).items()}
    issued_at = parameters.get("X-Amz-Date", "")
    now = world.clock.now()
    if not issued_at.isdecimal() or now > int(issued_at) + URL_SECONDS:
        return _refusal("AccessDenied", "Request has expired", 403)
    account, _, rest = path.removeprefix(LAYERS).partition("/")
    region, _, digest = rest.partition("/")
    home = world.homes.get((account, region))
    repository = home.repositories.get(parameters.get("repository", "")) if home else None
    for image in images_of(repository) if repository else ():
        if image.config and status_of(image, now) == "ACTIVE" and sha256(image.config) == digest:
            return Response(image.config, media_type="application/octet-stream")
    return _refusal("NoSuchKey", "The specified key does not exist.", 404)


def _refusal(code: str, message: str, status: int) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(text, status, media_type="application/xml")
