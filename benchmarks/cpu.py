"""Where a process's time goes: processor seconds by group of threads, and samples of what its threads do.

A sample counts only while its thread does something: one that waits for work, a lock or a socket is left out.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

EVERY = 0.004  # seconds
TICKS = os.sysconf("SC_CLK_TCK")
# The innermost frame of a thread that waits, by the file it is in and the function.
WAITING = {
    ("threading.py", "wait"),
    ("threading.py", "_wait_for_tstate_lock"),
    ("thread.py", "_worker"),
    ("selectors.py", "select"),
    ("queue.py", "get"),
    ("socket.py", "readinto"),
    ("runners.py", "run"),
    ("base_events.py", "run_forever"),
    ("waiting.py", "wait_conn"),
}
# Who a stack belongs to: the first of these found from the outside in. Parts of paths, and their words.
OWNERS = (
    ("/app/aws/", "calls to AWS (boto3)"),
    ("/app/history/", "our history"),
    ("/app/inventory/", "our inventory"),
    ("/app/policy/", "policies: parse, merge, judge"),
    ("/dbos/", "the engine (DBOS)"),
    ("/app/operations/", "our steps"),
    ("/asyncio/", "the event loop"),
)


@contextmanager
def sampled() -> Iterator[tuple[Counter[str], Counter[str]]]:
    """Samples of the block by owner, and by function; filled when it ends."""
    owners: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    over = threading.Event()
    sampler = threading.Thread(target=_sample, args=(over, owners, functions), name="sampler")
    sampler.start()
    try:
        yield owners, functions
    finally:
        over.set()
        sampler.join()


def _sample(over: threading.Event, owners: Counter[str], functions: Counter[str]) -> None:
    me = threading.get_ident()
    while not over.wait(EVERY):
        for thread, frame in sys._current_frames().items():  # noqa: SLF001  (the one way to see other threads)
            if thread == me or _waits(frame):
                continue
            stack = list(_outwards(frame))
            owners[_owner(stack)] += 1
            functions[_place(frame)] += 1


def _waits(frame: FrameType) -> bool:
    return (Path(frame.f_code.co_filename).name, frame.f_code.co_name) in WAITING


def _outwards(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield frame.f_code.co_filename
        frame = frame.f_back


def _owner(stack: list[str]) -> str:
    for part, owner in OWNERS:
        if any(part in file for file in stack):
            return owner
    return "other"


def _place(frame: FrameType) -> str:
    code = frame.f_code
    return f"{'/'.join(Path(code.co_filename).parts[-2:])}:{code.co_name}"


def shares(counter: Counter[str], most: int) -> list[str]:
    """The largest of the counter, as lines with their share."""
    whole = sum(counter.values()) or 1
    return [f"{100 * count / whole:5.1f} %  {what}" for what, count in counter.most_common(most)]


def by_thread_group(group: Callable[[str], str]) -> Counter[str]:
    """Processor seconds of this process's threads so far, by what `group` makes of their names."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    seconds: Counter[str] = Counter()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it has ended meanwhile
            seconds[group(names.get(int(task.name), "other"))] += _cpu(task)  # type: ignore[assignment]
    return seconds


def of_process(pid: int) -> float:
    """Processor seconds of a process so far."""
    return _cpu(Path(f"/proc/{pid}"))


def _cpu(folder: Path) -> float:
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
