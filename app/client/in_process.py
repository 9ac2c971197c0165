"""Runs the API in this process, on the same database as the server would, without listening on a port.

It is a replica like any other: it has a unique name, works under a lease, and unfinished work stays recorded for the
next one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy.exc import DBAPIError

from app.api.in_process import api_alone, call
from app.auth.names import command_name
from app.auth.operator import operator_name
from app.bootstrap import Services, build
from app.db import is_sqlite
from app.errors import Problem
from app.files import private_folder
from app.inventory.sync_state import What
from app.migrate import migrate
from app.operations.lease import InstanceTakenError
from app.outage import reason_of
from app.settings import Settings, SettingsError

# Seconds to wait for another command that uses the same SQLite file: longer than one takes.
PATIENCE = 30.0
PAUSE = 0.2

R = TypeVar("R")


class InProcess:
    """The API in this process. `works`: operations are run here; else they are only read.

    `say` shows the person messages about slow steps. `region` is looked at where no Region is configured.
    `needs_region`: else it works without any.
    """

    is_local = True

    def __init__(
        self,
        settings: Settings,
        say: Callable[[str], None],
        *,
        works: bool,
        region: str = "",
        needs_region: bool = True,
    ) -> None:
        self._settings = settings.model_copy(update={"instance": _name()})
        self._say = say
        self._works = works
        self._region = region
        self._needs_region = needs_region

    def __enter__(self) -> Self:
        """Start. Raises SettingsError: no region is configured and one is needed, or another process uses the database; Problem."""
        logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
        self._services = build(self._settings, region=self._region, needs_region=self._needs_region)
        try:
            self._claim()
        except (SettingsError, Problem):
            self._services.close()
            raise
        self._app = api_alone(self._services, command_name(operator_name()))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="work", daemon=True)
        self._thread.start()
        if self._works:
            self._run(self._services.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop in order; unfinished work stays recorded."""
        if self._works:
            self._run(self._services.stop())
        else:
            self._services.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send one request to the API and return its answer."""
        return self._run(call(self._app, method, path, body))

    def read(self, regions: tuple[str, ...], *, policies: bool) -> None:
        """Read services, or repositories and their policies, now; failures are recorded with the regions."""
        self._run(_read(self._services, regions, policies=policies))

    def _claim(self) -> None:
        try:
            if not self._settings.database_url:
                private_folder(self._settings.data_dir)
            if self._works:
                self._claim_in_turn()
            else:
                migrate(self._services.db)
        except DBAPIError as error:
            raise Problem("storage.failed", reason=reason_of(error)) from error
        except OSError as error:
            raise Problem("storage.failed", reason=error.strerror or str(error)) from error

    def _claim_in_turn(self) -> None:
        end = None
        while True:
            try:
                self._services.claim()
            except SettingsError as error:
                if not isinstance(error.__cause__, InstanceTakenError) or not is_sqlite(self._services.db.url):
                    raise
                now = time.monotonic()
                if end is None:
                    self._say("Another process is using the database. Waiting for it to finish.")
                    end = now + PATIENCE
                if now >= end:
                    raise SettingsError(f"{error} If that is a server, name its address with SAILPASS_URL.") from error
                time.sleep(PAUSE)
            else:
                return

    def _run(self, work: Coroutine[Any, Any, R]) -> R:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _read(services: Services, regions: tuple[str, ...], *, policies: bool) -> None:
    parts = (What.REPOSITORIES, What.POLICIES) if policies else (What.SERVICES,)
    chosen = [region for region in regions or services.regions if region in services.regions]
    await asyncio.gather(*(_read_region(services, region, parts) for region in chosen))


async def _read_region(services: Services, region: str, parts: tuple[What, ...]) -> None:
    for what in parts:
        while (await services.scanner.turn(region, what)).more:
            pass


def _name() -> str:
    """Return a name that no other process has: two running ones must not share one."""
    host = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in socket.gethostname())
    return f"command-{host[:30]}-{os.getpid()}-{secrets.token_hex(3)}"
