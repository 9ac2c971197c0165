"""Sends one AWS call within a time limit, reads its answer completely or refuses it, and tracks its possible effect.

The SDK accepts half a body as a whole answer (it switches urllib3's own length check off) and bounds each read of a
socket, not the call: an answer at a byte every few seconds never ends. So each attempt is sent from here, through the
SDK's own session with our connection classes.
"""

from __future__ import annotations

import http.client
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from botocore import awsrequest
from botocore import exceptions as sdk
from botocore.model import OperationModel
from urllib3 import exceptions as urllib3

from app.aws.answers import BadAnswerError, checked, is_refusal
from app.aws.subjects import is_anothers
from app.bounded_response import BoundedResponse

LARGEST_ANSWER: Final = 32 * 1024 * 1024  # bytes; a page of 1,000 repositories has 400 kB
CHUNK: Final = 64 * 1024
REMEMBERED: Final = 64  # answers of a connection, by their request ids
_REQUEST_ID: Final = "x-amzn-requestid"
_PRINTABLE_ID: Final = re.compile(r"[A-Za-z0-9-]{1,80}")


class TooLate(Exception):  # noqa: N818  (raised inside the SDK to end a call)
    """The call has taken so long that nothing more is sent for it."""


@dataclass
class Exchange:
    """A call with all of its attempts. Times are monotonic seconds.

    Args:
        monotonic: the clock.
        send_until: no attempt is sent after this.
        end_at: no answer is awaited after this.
        attempt_seconds: how long one attempt may take, from its first byte to the answer's last.

    `effect_unknown`: an attempt was sent, and nothing proves that AWS refused it.
    """

    monotonic: Callable[[], float]
    send_until: float
    end_at: float
    attempt_seconds: float
    effect_unknown: bool = False
    _attempt_ends: float = 0.0
    _unknown_before: bool = False

    def begin_attempt(self) -> None:
        """Start an attempt. Raises TooLate if there is no time for another."""
        now = self.monotonic()
        if now > self.send_until:
            raise TooLate
        self._attempt_ends = min(self.end_at, now + self.attempt_seconds)
        self._unknown_before = self.effect_unknown

    def sending(self) -> None:
        """Record that the next byte of the request is sent now: AWS may act on it from here on. Raises TooLate."""
        if self.monotonic() > self.send_until:
            raise TooLate
        self.effect_unknown = True

    def refused(self) -> None:
        """Record that AWS did not do what this attempt asked for."""
        self.effect_unknown = self._unknown_before

    def seconds_to_read(self) -> float:
        """Return how long the next read of the socket may take. Raises TimeoutError when the attempt's time is over."""
        left = self._attempt_ends - self.monotonic()
        if left <= 0:
            raise TimeoutError("the attempt took too long")
        return left


# The current thread's call: urllib3 creates connections where none can be passed in.
_present = threading.local()


def present() -> Exchange | None:
    """Return the call that this thread is making."""
    return getattr(_present, "exchange", None)


@contextmanager
def carrying(exchange: Exchange) -> Iterator[None]:
    """Make calls of this thread as part of an exchange while the block runs."""
    _present.exchange = exchange
    try:
        yield
    finally:
        _present.exchange = None


def send(http: Any, request: Any, model: OperationModel) -> Any:
    """Send one attempt through the SDK's session `http`, and read its answer completely.

    Returns:
        The SDK's own response object, whose body is complete and of the operation's shape; the body of an error that
        AWS did not write is left out.

    Raises:
        BadAnswerError: the response is not AWS's answer to this call.
        TooLate, botocore.exceptions.HTTPClientError: as the SDK's session does.
    """
    exchange = present()
    if exchange is None:
        raise RuntimeError("no call is being made in this thread")
    exchange.begin_attempt()
    request.stream_output = True  # the body is read here
    response = http.send(request)
    raw = response.raw
    connection = raw.connection  # the response releases it once the body is read
    number = connection.asked if connection is not None else 0
    try:
        _refuse_repetition(raw, response.headers)
        body = _whole(raw, request.url)
        body = checked(response.status_code, response.headers, body, model)
        _refuse_anothers(response.status_code, body, request, model)
    except BadAnswerError:
        raw.close()
        raise
    if connection is not None and (response.status_code < 400 or body):
        connection.accepted = number  # else something else answered: the real answer may still arrive
    if is_refusal(response.status_code, body, model):
        exchange.refused()
    return awsrequest.AWSResponse(response.url, response.status_code, response.headers, _Body(body))


def clean_request_id(value: Any) -> str:
    """Return a request id that can be shown; "" for one that cannot be AWS's."""
    text = str(value or "")
    return text if _PRINTABLE_ID.fullmatch(text) else ""


def _refuse_repetition(raw: Any, headers: Mapping[str, str]) -> None:
    """Refuse a repeated answer: it would be taken for that of the next call on its connection, and so on."""
    connection, request_id = raw.connection, headers.get(_REQUEST_ID)
    if connection is None or not request_id:
        return
    if request_id in connection.answered:
        raise BadAnswerError("repeated")
    connection.answered.append(request_id)


def _refuse_anothers(status: int, body: bytes, request: Any, model: OperationModel) -> None:
    if is_anothers(status, body, request.body or b"", model):
        raise BadAnswerError("mismatched")


def _whole(raw: Any, url: str) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in raw.stream(CHUNK, decode_content=False):
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise BadAnswerError("too_large")
            chunks.append(chunk)
    except urllib3.ReadTimeoutError as error:
        raise sdk.ReadTimeoutError(endpoint_url=url, error=error) from error
    except (urllib3.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
        raise sdk.ConnectionClosedError(endpoint_url=url, error=error) from error
    if raw.length_remaining:
        raise BadAnswerError("cut")
    return b"".join(chunks)


@dataclass(frozen=True)
class _Body:
    """A body that was already read, for the SDK to read again."""

    content: bytes

    def stream(self) -> Iterator[bytes]:
        yield self.content


def _seconds_to_read() -> float | None:
    exchange = present()
    return None if exchange is None else exchange.seconds_to_read()


class _Bounded:
    """A connection that reports to the current exchange when its request is sent.

    Reused only if the last answer was AWS's: otherwise the real one may still arrive, and be taken for the next call's.
    urllib3 returns a connection as soon as a body is read, so closing the response then closes nothing.
    """

    response_class = staticmethod(partial(BoundedResponse, _seconds_to_read))
    sock: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answered: deque[str] = deque(maxlen=REMEMBERED)
        self.asked = self.accepted = 0
        self._connecting = False

    @property
    def is_connected(self) -> bool:
        """Return whether it can be reused; urllib3 checks before each use."""
        return self.accepted == self.asked and bool(super().is_connected)  # type: ignore[misc]

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        """Begin a request."""
        self.asked += 1
        super().putrequest(*args, **kwargs)  # type: ignore[misc]

    def connect(self) -> None:
        """Connect, through a proxy if there is one: nothing of it reaches AWS."""
        self._connecting = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._connecting = False

    def close(self) -> None:
        """Close, and forget what was answered: the next connection starts fresh."""
        super().close()  # type: ignore[misc]
        self.answered.clear()
        self.accepted = self.asked

    def send(self, data: Any) -> None:
        """Send a part of a request."""
        if self.sock is None:
            self.connect()
        exchange = present()
        if exchange is not None and not self._connecting:
            exchange.sending()
        super().send(data)  # type: ignore[misc]


class _BoundedHTTPConnection(_Bounded, awsrequest.AWSHTTPConnection):  # type: ignore[misc]
    pass


class _BoundedHTTPSConnection(_Bounded, awsrequest.AWSHTTPSConnection):  # type: ignore[misc]
    pass


class _HTTPPool(awsrequest.AWSHTTPConnectionPool):  # type: ignore[misc]
    ConnectionCls = _BoundedHTTPConnection


class _HTTPSPool(awsrequest.AWSHTTPSConnectionPool):  # type: ignore[misc]
    ConnectionCls = _BoundedHTTPSConnection


def bound_connections(http: Any) -> None:
    """Make the SDK's session use our connection classes, direct and through proxies."""
    http._pool_classes_by_scheme.update(http=_HTTPPool, https=_HTTPSPool)  # noqa: SLF001  (there is no public way)
