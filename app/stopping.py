"""How a stop ends in time: its budget, the end of a process that hangs, and signals before anything is served."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from types import FrameType

log = logging.getLogger(__name__)

# Seconds from the signal to the end, whatever hangs. Fifteen are promised: the machine may be busy.
STOPS_WITHIN = 13.0
# Parts of it, one after the other. The rest is for the engine to close and for the lease to be given up.
REQUESTS_END_WITHIN = 3
LONGEST_POLL = REQUESTS_END_WITHIN - 0.5  # a request that waits for news longer than this would be cut off
WRITES_END_WITHIN = 7.0


class ForcedEnd:
    """Ends this process `STOPS_WITHIN` after `begin`.

    Its thread is there from the start: a process that has reached its limit of threads must stop in time too.
    """

    def __init__(self) -> None:
        self._begun = threading.Event()
        threading.Thread(target=self._run, name="forced end", daemon=True).start()

    def begin(self) -> None:
        """Start the clock. Called once, from a signal handler."""
        self._begun.set()

    def _run(self) -> None:
        self._begun.wait()
        time.sleep(STOPS_WITHIN)
        log.warning("the server did not stop within %.0f s; it ends now, and the next start continues", STOPS_WITHIN)
        logging.shutdown()
        os._exit(1)


def end_by_sigterm() -> None:
    """Let SIGTERM end this process from now on, in a container too: the kernel spares a first process without a handler."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _end)


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  (a signal handler's shape)
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)  # whoever started the process sees that it ended by the signal
    sys.exit(128 + number)  # the first process of a container is still there
