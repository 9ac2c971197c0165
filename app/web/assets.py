"""Static files under one content-hashed prefix, compressed once in memory. No file is read per request.

`/static/<version>/<name>`: the version is a hash of the whole tree, so relative `url()`s keep working and nothing is
rewritten. The current version may be cached forever; another one gets the same file with `no-cache`, so that pages of
a replica that still runs the last release work.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

import brotli
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

COMPRESSIBLE = frozenset({".css", ".js", ".svg", ".json", ".txt"})
WORTH_COMPRESSING = 512  # bytes
# Types that the system's own table may lack.
MEDIA_TYPES = {".woff2": "font/woff2", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


@dataclass(frozen=True)
class Asset:
    """One file: its media type and its bytes by content encoding, with "" for the uncompressed ones."""

    media_type: str
    encodings: dict[str, bytes]


def _read(path: Path) -> Asset:
    plain = path.read_bytes()
    encodings = {"": plain}
    if path.suffix in COMPRESSIBLE and len(plain) > WORTH_COMPRESSING:
        encodings["br"] = brotli.compress(plain, quality=11)
        encodings["gzip"] = gzip.compress(plain, 9, mtime=0)
    media_type = MEDIA_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(media_type, encodings)


class Assets:
    """An ASGI application that serves the files below `root`; mount it at `/static`."""

    def __init__(self, root: Path) -> None:
        names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
        self.files = {name: _read(root / name) for name in names}
        whole = hashlib.sha256()
        for name, asset in self.files.items():
            whole.update(name.encode() + b"\0" + hashlib.sha256(asset.encodings[""]).digest())
        self.version = whole.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Return the file's URL; an unknown name raises KeyError, so that a typing error breaks the page in tests."""
        if name not in self.files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        if scope["method"] not in {"GET", "HEAD"}:
            return Response(status_code=405, headers={"Allow": "GET, HEAD"})
        path = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
        version, _, name = path.partition("/")
        asset = self.files.get(name)
        if asset is None:
            return Response(status_code=404)
        headers = {"Cache-Control": FOR_EVER if version == self.version else ASK_AGAIN}
        encoding = _accepted(Headers(scope=scope).get("accept-encoding", ""), asset)
        if len(asset.encodings) > 1:
            headers["Vary"] = "Accept-Encoding"
        if encoding:
            headers["Content-Encoding"] = encoding
        return Response(asset.encodings[encoding], media_type=asset.media_type, headers=headers)


def _accepted(accept: str, asset: Asset) -> str:
    offered = {
        part.partition(";")[0].strip() for part in accept.split(",") if not part.replace(" ", "").endswith("q=0")
    }
    return next((encoding for encoding in ("br", "gzip") if encoding in asset.encodings and encoding in offered), "")
