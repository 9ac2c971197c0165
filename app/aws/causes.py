"""What is behind an SDK exception: this machine's shortages, and the operating system's error text.

An exception's own text is never repeated: it may hold any data of the failing part. The result comes from error
numbers and from the operating system's and OpenSSL's texts for them.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from urllib3.exceptions import EmptyPoolError

from app.errors import Problem

DEEPEST: Final = 30
_OUT_OF_FILES: Final = frozenset({errno.EMFILE, errno.ENFILE})
_OUT_OF_MEMORY: Final = frozenset({errno.ENOMEM, errno.ENOBUFS})


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and all its causes, wherever a library keeps them."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting and len(seen) < DEEPEST:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or any(cause is other for other in seen):
            continue
        seen.append(cause)
        yield cause
        kwargs = getattr(cause, "kwargs", None)
        inner = kwargs.get("error") if isinstance(kwargs, dict) else None
        waiting += [inner, getattr(cause, "reason", None), cause.__cause__, cause.__context__, *cause.args]


def shortage_of(error: BaseException) -> Problem | None:
    """Return the problem of a machine that has run out of a resource, else None. It is temporary."""
    for cause in causes(error):
        code = _shortage(cause)
        if code:
            name = errno.errorcode.get(getattr(cause, "errno", None) or 0, type(cause).__name__)
            return Problem(code, retryable=True, aws_code=name)
    return None


def exhausted() -> Problem | None:
    """Return the machine's current shortage, if files that exist read as missing."""
    try:
        with Path(os.devnull).open("rb"), socket.socket():
            return None
    except OSError as error:
        return shortage_of(error)


def reason_of(error: BaseException) -> str:
    """Return why the network failed, in the operating system's or OpenSSL's text; "" if neither has one."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return str(cause.verify_message)
        if isinstance(cause, socket.gaierror):
            return "Name or service not known" if cause.errno == socket.EAI_NONAME else "Name resolution failed"
        if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and (cause.errno or 0) in errno.errorcode:
            return os.strerror(cause.errno or 0)
    return ""


def is_caused_by(error: BaseException, *kinds: type[BaseException]) -> bool:
    """Return whether one of these exceptions is behind it."""
    return any(isinstance(cause, kinds) for cause in causes(error))


def _shortage(error: BaseException) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in _OUT_OF_FILES:
        return "host.out_of_files"
    if number in _OUT_OF_MEMORY or isinstance(error, MemoryError):
        return "host.out_of_memory"
    if isinstance(error, EmptyPoolError):
        return "host.out_of_connections"
    # fork(2) without a free process fails with "try again"
    no_thread = isinstance(error, RuntimeError) and "start new thread" in str(error)
    return "host.out_of_threads" if no_thread or isinstance(error, BlockingIOError) else ""
