"""Pins the images of Dockerfile and compose.yaml to the digests that their tags have now: `make images`."""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = ("Dockerfile", "compose.yaml")
PINNED = re.compile(r"(?P<name>[a-z0-9]+(?:[./-][a-z0-9]+)*):(?P<tag>[\w.-]+)@sha256:[0-9a-f]{64}")
REGISTRY = "https://registry-1.docker.io"
# An index first: its digest holds for every platform.
TYPES = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json"
SECONDS = 20


def renewed(text: str, digest_of: Callable[[str, str], str]) -> str:
    """Return `text` with every pinned image at the digest that `digest_of(name, tag)` gives."""
    return PINNED.sub(lambda image: f"{image['name']}:{image['tag']}@{digest_of(image['name'], image['tag'])}", text)


def current_digest(name: str, tag: str, registry: str = REGISTRY) -> str:
    """Return the digest that a tag of Docker Hub has now, as `sha256:…`. Raises OSError."""
    repository = name if "/" in name else f"library/{name}"
    address = f"{registry}/v2/{repository}/manifests/{tag}"
    request = urllib.request.Request(address, headers={"Accept": TYPES}, method="HEAD")
    try:
        answer = urllib.request.urlopen(request, timeout=SECONDS)
    except urllib.error.HTTPError as refused:
        if refused.code != 401:
            raise
        request.add_header("Authorization", f"Bearer {_token(refused.headers['WWW-Authenticate'])}")
        answer = urllib.request.urlopen(request, timeout=SECONDS)
    with answer:
        digest = str(answer.headers["Docker-Content-Digest"])
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise OSError(f"{address} answered without a digest")
    return digest


def _token(challenge: str) -> str:
    """An anonymous token, as the registry's challenge says where to get it (RFC 6750)."""
    parts = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    query = urllib.parse.urlencode({name: parts[name] for name in ("service", "scope") if name in parts})
    with urllib.request.urlopen(f"{parts['realm']}?{query}", timeout=SECONDS) as answer:
        return str(json.load(answer)["token"])


def main() -> None:
    for name in FILES:
        file = ROOT / name
        before = file.read_text()
        try:
            after = renewed(before, current_digest)
        except OSError as error:
            sys.exit(f"The registry can't be reached: {error}. Nothing was changed in {name}.")
        file.write_text(after)
        print(f"{name}: {'renewed' if after != before else 'up to date'}")


if __name__ == "__main__":
    main()
