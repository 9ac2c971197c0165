"""Static files under one content-hashed prefix, read at the start, and compressed when they are first asked for.

`/static/<version>/<name>`: the version is a hash of the whole tree, so relative `url()`s keep working and nothing is
rewritten. The current version may be cached forever; another one gets the same file with `no-cache`, so that pages of
a replica that still runs the last release work.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import brotli
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.http.accept import accepted

COMPRESSIBLE = frozenset({".css", ".js", ".svg", ".json", ".txt"})
WORTH_COMPRESSING = 512  # bytes
# Types that the system's own table may lack.
MEDIA_TYPES = {".woff2": "font/woff2", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

# Lines that are a comment and nothing else, which are a sixth of what our scripts weigh. Notices of licences stay.
COMMENTS = {
    ".js": re.compile(rb"^[ \t]*//.*\n", re.MULTILINE),
    ".css": re.compile(rb"^[ \t]*/\*(?:(?!\*/|SPDX).)*\*/[ \t]*\n", re.MULTILINE),
}
VENDORED = "vendor"

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


# By content encoding, the one that is liked best first. They take up to a tenth of a second for one file.
COMPRESS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda plain: brotli.compress(plain, quality=11),
    "gzip": lambda plain: gzip.compress(plain, 9, mtime=0),
}


class Asset:
    """One file: its media type, and its bytes as sent by content encoding, "" for the uncompressed ones."""

    def __init__(self, path: Path) -> None:
        self.plain = _without_comments(path)
        self.media_type = (
            MEDIA_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        )
        self.is_compressible = path.suffix in COMPRESSIBLE and len(self.plain) > WORTH_COMPRESSING
        self._encoded = {"": self.plain}

    def is_encoded(self, encoding: str) -> bool:
        """Return whether the file was asked for in this encoding before, so that it can be had at once."""
        return encoding in self._encoded

    def encoded(self, encoding: str) -> bytes:
        """Return the file's bytes in an encoding, compressed the first time."""
        if encoding not in self._encoded:
            self._encoded[encoding] = COMPRESS[encoding](self.plain)
        return self._encoded[encoding]


def _without_comments(path: Path) -> bytes:
    """Return what is sent of a file: others' as it is, ours without the lines that only its readers here need."""
    comments = COMMENTS.get(path.suffix)
    text = path.read_bytes()
    return text if comments is None or path.parent.name == VENDORED else comments.sub(b"", text)


class Assets:
    """An ASGI application that serves the files below `root`; mount it at `/static`."""

    def __init__(self, root: Path) -> None:
        names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
        self.files = {name: Asset(root / name) for name in names}
        whole = hashlib.sha256()
        for name, asset in self.files.items():
            whole.update(name.encode() + b"\0" + hashlib.sha256(asset.plain).digest())
        self.version = whole.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Return the file's URL; an unknown name raises KeyError, so that a typing error breaks the page in tests."""
        if name not in self.files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._answer(scope))(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        if scope["method"] not in {"GET", "HEAD"}:
            return Response(status_code=405, headers={"Allow": "GET, HEAD"})
        path = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
        version, _, name = path.partition("/")
        asset = self.files.get(name)
        if asset is None:
            return Response(status_code=404)
        headers = {"Cache-Control": FOR_EVER if version == self.version else ASK_AGAIN}
        encoding = ""
        if asset.is_compressible:
            headers["Vary"] = "Accept-Encoding"
            offered = accepted(Headers(scope=scope).get("accept-encoding", ""))
            encoding = next((encoding for encoding in COMPRESS if encoding in offered), "")
        if encoding:
            headers["Content-Encoding"] = encoding
        if not asset.is_encoded(encoding):
            await run_in_threadpool(asset.encoded, encoding)
        return Response(asset.encoded(encoding), media_type=asset.media_type, headers=headers)
