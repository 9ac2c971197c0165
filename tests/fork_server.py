"""Starts Python programs quickly: a server that has imported the product forks a process for each of them.

Importing the product takes two seconds of a core, and the tests start hundreds of processes. `Process` is a `Popen`
whose command, when it is this Python with `-m` or `-c`, runs in a fork of the server: with its own pid, environment,
arguments, folder, standard streams, signals and exit status. Only the imports are shared. Any other command, and any
that is started with `spawn=True`, starts as `Popen` does: tests about starting itself use that.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import compiled_templates

ROOT = Path(__file__).resolve().parent.parent
IS_POSSIBLE = hasattr(os, "fork") and hasattr(os, "pidfd_open")
# What consoles, replicas, sandboxes and commands import, the parts included that they import late.
IMPORTS = (
    "alembic.command",
    "app.client.in_process",
    "app.main",
    "app.sandbox.run",
    "app.serving",
    "botocore.handlers",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
)
LONGEST_REQUEST = 1 << 20
NEEDS_SPAWN = ("preexec_fn", "pass_fds", "shell", "executable")

Job = Callable[[], None]


class Process(subprocess.Popen):
    """A `Popen` that is forked from the server if that is possible; `spawn`: never."""

    def __init__(self, command: Any, *, spawn: bool = False, **options: Any) -> None:
        is_python = isinstance(command, list | tuple) and command[0] == sys.executable and command[1] in {"-m", "-c"}
        self._is_forked = IS_POSSIBLE and is_python and not spawn and not any(map(options.get, NEEDS_SPAWN))
        self._options = options
        super().__init__(command, **options)

    def _execute_child(self, args: Any, *rest: Any) -> None:
        if not self._is_forked:
            super()._execute_child(args, *rest)
            return
        pipes = rest[9:15]
        streams = [end if end != -1 else number for number, end in enumerate((pipes[0], pipes[3], pipes[5]))]
        environment = self._options.get("env")
        request = {
            "command": [str(word) for word in args[1:]],
            "environment": dict(os.environ if environment is None else environment),
            "folder": str(self._options.get("cwd") or Path.cwd()),
            "umask": self._options.get("umask", -1),
            "new_session": self._options.get("start_new_session", False),
        }
        self.pid = _server().start(request, streams)
        self._child_created = True
        self._close_pipe_fds(*pipes)

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if not self._is_forked:
            return super()._try_wait(wait_flags)
        if not wait_flags & os.WNOHANG:
            with contextlib.suppress(ProcessLookupError):
                _wait_for_exit(self.pid)
        return _server().status(self.pid)

    def _internal_poll(self, *rest: Any, **named: Any) -> int | None:
        if not self._is_forked:
            return super()._internal_poll(*rest, **named)
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):
            try:
                pid, status = _server().status(self.pid)
                if pid == self.pid:
                    self._handle_exitstatus(status)
            finally:
                self._waitpid_lock.release()
        return self.returncode


def run(command: Any, *, timeout: float = 60, **options: Any) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run` with `capture_output` and `text`, in a `Process`."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Process(command, text=True, **{**pipes, **options}) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _wait_for_exit(pid: int) -> None:
    exited = os.pidfd_open(pid)
    try:
        select.select([exited], [], [])
    finally:
        os.close(exited)


class _Client:
    """The end of the server's socket in the process that tests."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def start(self, request: dict[str, Any], streams: list[int]) -> int:
        """Start a program on these standard streams: its pid."""
        payload = json.dumps(request).encode()
        with self._lock:
            socket.send_fds(self._connection, [payload], streams)
            return int(self._answer()["pid"])

    def status(self, pid: int) -> tuple[int, int]:
        """What `waitpid` without waiting says of a program."""
        with self._lock:
            self._connection.send(json.dumps({"wait": pid}).encode())
            answer = self._answer()
            return answer["pid"], answer["status"]

    def _answer(self) -> dict[str, int]:
        answer: dict[str, int] = json.loads(self._connection.recv(LONGEST_REQUEST))
        return answer


@functools.cache
def _server() -> _Client:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LONGEST_REQUEST)
    command = [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
    )
    theirs.close()

    def stop() -> None:
        ours.close()
        process.wait()

    atexit.register(stop)
    return _Client(ours)


def serve(connection: socket.socket) -> Job | None:
    """Answer until no client is left. In the server None is returned; in each forked process, its program."""
    while payload := _received(connection):
        request, streams = payload
        if "wait" in request:
            answer = dict(zip(("pid", "status"), _status(request["wait"]), strict=True))
        elif pid := _fork():
            answer = {"pid": pid}
        else:
            connection.close()
            return _program(request, streams)
        for stream in streams:
            os.close(stream)
        connection.send(json.dumps(answer).encode())
    return None


def _fork() -> int:
    """Fork; the new process hears of signals only in its program, as Python loses an interrupt while it forks."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    return pid


def _received(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    payload, streams, _, _ = socket.recv_fds(connection, LONGEST_REQUEST, 3)
    return (json.loads(payload), streams) if payload else None


def _status(pid: int) -> tuple[int, int]:
    try:
        return os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return pid, 0


def _program(request: dict[str, Any], streams: list[int]) -> Job:
    """Become the requested process; return what it is to run."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    if request["new_session"]:
        os.setsid()
    if request["umask"] >= 0:
        os.umask(request["umask"])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    _open_streams()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    how, what, *arguments = request["command"]
    sys.argv = [what if how == "-m" else how, *arguments]
    if how == "-c":
        return lambda: exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
    sys.modules.pop(what, None)
    return lambda: runpy.run_module(what, run_name="__main__", alter_sys=True)


def _open_streams() -> None:
    """Open the standard streams as Python does at its start: those of the server were made for other files."""
    encoding = os.environ.get("PYTHONIOENCODING") or None
    for name, number, errors in (("stdin", 0, "strict"), ("stdout", 1, "strict"), ("stderr", 2, "backslashreplace")):
        options: dict[str, Any] = {"encoding": encoding, "errors": errors, "closefd": False}
        stream = open(number, "w" if number else "r", **options)  # noqa: PTH123, SIM115  (open as long as the process is)
        if number:
            stream.reconfigure(line_buffering=number == 2 or stream.isatty())
        setattr(sys, name, stream)


if __name__ == "__main__":
    # Whoever started the tests may ignore these.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    asking = socket.socket(fileno=int(sys.argv[1]))
    for name in IMPORTS:
        importlib.import_module(name)
    compiled_templates.keep()
    compiled_templates.compile_all()
    gc.freeze()
    if program := serve(asking):
        program()
