"""A proxy that spoils answers byte by byte between the SDK and the sandbox, over plain TCP or TLS.

    with fault_proxy(sandbox.url, lambda request: Fault("cut", at=17)) as proxy:
        aws = BotoAws(ConnectionSettings("test", endpoint_url=proxy.url, …))

It forwards each request over a connection of its own, reads the whole answer, and then does with it what the plan says
for this request. `drawn(seed)` draws a fault; the same seed draws the same one.
"""

from __future__ import annotations

import contextlib
import random
import socket
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

# A key and certificate for 127.0.0.1 that secure nothing: whoever tests over TLS names the file in AWS_CA_BUNDLE.
CERTIFICATE = Path(__file__).with_name("proxy.pem")
PAGE = b"<html><body>Welcome</body></html>"
# What stands in for an answer, by name: status line, content type and body.
REPLACED: dict[str, tuple[bytes, bytes, bytes]] = {
    "page": (b"200 OK", b"text/html", PAGE),
    "redirect": (b"302 Found", b"text/html", b""),
    "forbidden_page": (b"403 Forbidden", b"text/html", PAGE),
    "unavailable_page": (b"503 Service Unavailable", b"text/html", PAGE),
    "empty": (b"200 OK", b"application/x-amz-json-1.1", b""),
    "nothing": (b"200 OK", b"application/x-amz-json-1.1", b"{}"),
    "list": (b"200 OK", b"application/x-amz-json-1.1", b"[]"),
    "error_as_success": (
        b"200 OK",
        b"application/x-amz-json-1.1",
        b'{"__type":"ThrottlingException","message":"Rate exceeded"}',
    ),
    "gzip": (b"200 OK", b"application/x-amz-json-1.1", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xfe"),
}
KINDS = ("cut", "abort", "corrupt", "delay", "drip", "twice", "stale", "late_request", *REPLACED)
WHOLE = ("none", "delay", "twice")  # after these the client has the true answer, if it waits long enough


@dataclass(frozen=True)
class Fault:
    """What happens to one answer. The answer's bytes are those of its status line, headers and body.

    Args:
        kind: `none`; `cut` and `abort` end the connection after `at` bytes, in order or by a reset; `corrupt` flips a
            bit of byte `at`, `corrupt_head` one of the status line and headers (a bit of the body may change a value,
            which nothing in the clear can show); `damage` flips one of the TLS records that carry it; `delay` holds it
            back for `seconds`,
            `drip` sends a byte every `seconds` from byte `at` on; `twice` sends it two times; `stale` sends the
            connection's answer before it; `late_request` ends the connection at once and forwards the request after
            `seconds`; or one of `REPLACED`.
        at: taken modulo the answer's length.
    """

    kind: str = "none"
    at: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Request:
    """What a plan sees of a request: the operation, how many requests came before it, and its Region."""

    action: str
    number: int
    region: str = ""


@dataclass(frozen=True)
class Spoilt:
    """One exchange as it was played: `size` is that of the true answer, `status` what it said; 0 while not known.

    `late`: the monotonic times at which a request came, and from and to which it was forwarded, where that was later.
    `displaced`: the client has read a second copy of an earlier answer in place of this one.
    """

    request: Request
    fault: Fault
    size: int = 0
    status: int = 0
    request_id: str = ""
    late: tuple[float, float, float] | None = None
    displaced: bool = False

    @property
    def spoilt(self) -> bool:
        """Whether the client cannot have had the true answer, or need not have."""
        return self.displaced or self.fault.kind not in WHOLE


Plan = Callable[[Request], Fault]


def drawn(seed: int, *, kinds: tuple[str, ...] = KINDS, seconds: float = 0.05) -> Fault:
    """The fault of a seed."""
    lot = random.Random(seed)  # noqa: S311  (repeatable on purpose)
    return Fault(lot.choice(kinds), at=lot.randrange(1_000_000), seconds=seconds)


@dataclass
class FaultProxy:
    """A running proxy; `played` lists its exchanges in the order in which they began."""

    url: str
    plan: Plan
    played: list[Spoilt] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self, action: str, region: str, *, displaced: bool) -> tuple[int, Fault]:
        with self.lock:
            number = len(self.played)
            request = Request(action, number, region)
            fault = self.plan(request)
            self.played.append(Spoilt(request, fault, displaced=displaced))
            return number, fault

    def note(self, number: int, answer: bytes, late: tuple[float, float, float] | None = None) -> None:
        with self.lock:
            status, request_id = int(answer.split(b" ", 2)[1]), _header(answer, b"x-amzn-requestid").decode()
            self.played[number] = replace(
                self.played[number], size=len(answer), status=status, request_id=request_id, late=late
            )


@contextlib.contextmanager
def fault_proxy(upstream: str, plan: Plan, *, tls: bool = False) -> Iterator[FaultProxy]:
    """A proxy before `upstream` while the block runs."""
    address = (urlsplit(upstream).hostname or "", urlsplit(upstream).port or 80)
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError, ssl.SSLError, _Gone):
                _Conversation(_Wire(self.request, context), proxy, address).go_on()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 64

    with Server(("127.0.0.1", 0), Handler) as server:
        scheme = "https" if tls else "http"
        proxy = FaultProxy(f"{scheme}://127.0.0.1:{server.server_address[1]}", plan)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


class _Gone(Exception):  # noqa: N818  (not an error: a conversation ends so)
    """The connection is over."""


class _Wire:
    """A connection to a client, in the clear or with TLS whose records are at hand."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        self._sock = sock
        self._tls: ssl.SSLObject | None = None
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        if context is not None:
            self._tls = context.wrap_bio(self._in, self._out, server_side=True)
            self._do(self._tls.do_handshake)

    def receive(self) -> bytes:
        if self._tls is None:
            return self._sock.recv(65_536)
        return self._do(lambda: self._tls.read(65_536) if self._tls else b"")

    def send(self, data: bytes, damaged_at: int | None = None) -> None:
        if self._tls is None:
            self._sock.sendall(data)
            return
        self._tls.write(data)
        records = bytearray(self._out.read())
        if damaged_at is not None:
            records[-1 - damaged_at % min(len(records) - 5, 32)] ^= 1
        self._sock.sendall(records)

    def abort(self) -> None:
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def _do(self, work: Callable[[], bytes | None]) -> bytes:
        while True:
            try:
                done = work() or b""
            except ssl.SSLWantReadError:
                self._sock.sendall(self._out.read())
                received = self._sock.recv(65_536)
                if not received:
                    raise _Gone from None
                self._in.write(received)
            else:
                self._sock.sendall(self._out.read())
                return done


@dataclass
class _Conversation:
    """The requests of one connection, one after another."""

    wire: _Wire
    proxy: FaultProxy
    upstream: tuple[str, int]
    buffer: bytes = b""
    before: bytes = b""
    doubled: bool = False

    def go_on(self) -> None:
        while True:
            request, action, region = self._request()
            number, fault = self.proxy.begin(action, region, displaced=self.doubled)
            if fault.kind == "late_request":
                threading.Thread(target=self._forward_later, args=(request, number, fault.seconds), daemon=True).start()
                self.wire.abort()
                raise _Gone
            answer = _ask(self.upstream, request)
            self.proxy.note(number, answer)
            self._deliver(answer, fault)
            self.before, self.doubled = answer, self.doubled or fault.kind == "twice"

    def _deliver(self, answer: bytes, fault: Fault) -> None:
        at = fault.at % len(answer)
        if fault.kind == "cut":
            self.wire.send(answer[:at])
            raise _Gone
        if fault.kind == "abort":
            self.wire.send(answer[:at])
            self.wire.abort()
            raise _Gone
        if fault.kind == "corrupt":
            answer = _flipped(answer, fault.at, len(answer))
        elif fault.kind == "corrupt_head":
            answer = _flipped(answer, fault.at, answer.index(b"\r\n\r\n"))
        elif fault.kind == "delay":
            time.sleep(fault.seconds)
        elif fault.kind == "drip":
            self._drip(answer, at, fault.seconds)
            return
        elif fault.kind == "twice":
            answer += answer
        elif fault.kind == "stale":
            answer = self.before or answer
        elif fault.kind in REPLACED:
            answer = _made(*REPLACED[fault.kind])
        self.wire.send(answer, fault.at if fault.kind == "damage" else None)

    def _drip(self, answer: bytes, at: int, seconds: float) -> None:
        self.wire.send(answer[:at])
        for byte in answer[at:]:
            time.sleep(seconds)
            self.wire.send(bytes([byte]))

    def _forward_later(self, request: bytes, number: int, seconds: float) -> None:
        came = time.monotonic()
        time.sleep(seconds)
        with contextlib.suppress(OSError):
            forwarded = time.monotonic()
            answer = _ask(self.upstream, request)
            self.proxy.note(number, answer, (came, forwarded, time.monotonic()))

    def _request(self) -> tuple[bytes, str, str]:
        """The next request whole, the operation that it is for, and its Region."""
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, rest = self.buffer.partition(b"\r\n\r\n")
        size = int(_header(head, b"content-length") or 0)
        while len(rest) < size:
            self._more()
            rest = self.buffer.partition(b"\r\n\r\n")[2]
        self.buffer = rest[size:]
        action = _header(head, b"x-amz-target").rpartition(b".")[2].decode()
        scope = _header(head, b"authorization").partition(b"Credential=")[2].split(b"/")
        region = scope[2].decode() if len(scope) > 2 else ""
        return head + b"\r\n\r\n" + rest[:size], action, region

    def _more(self) -> None:
        received = self.wire.receive()
        if not received:
            raise _Gone
        self.buffer += received


def _ask(upstream: tuple[str, int], request: bytes) -> bytes:
    """The whole answer, as it stands on the wire."""
    with socket.create_connection(upstream, 30) as sock:
        sock.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += _received(sock)
        head, _, body = answer.partition(b"\r\n\r\n")
        size = int(_header(head, b"content-length"))
        while len(body) < size:
            body += _received(sock)
        return head + b"\r\n\r\n" + body


def _flipped(answer: bytes, at: int, length: int) -> bytes:
    """The answer with one bit of the first `length` bytes flipped."""
    byte = at % length
    return answer[:byte] + bytes([answer[byte] ^ 1 << at % 7]) + answer[byte + 1 :]


def _received(sock: socket.socket) -> bytes:
    received = sock.recv(65_536)
    if not received:
        raise _Gone
    return received


def _header(head: bytes, name: bytes) -> bytes:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return b""


def _made(status: bytes, content_type: bytes, body: bytes) -> bytes:
    head = [b"HTTP/1.1 " + status, b"content-type: " + content_type, b"content-length: " + str(len(body)).encode()]
    if status.startswith(b"3"):
        head.append(b"location: http://127.0.0.1:9/")
    return b"\r\n".join(head) + b"\r\n\r\n" + body
