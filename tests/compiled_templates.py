"""Keeps compiled templates for all consoles of a process, and of those that are forked from it.

To compile the templates of a page takes longer than all else that a test does with it, and a console that runs for a test
shows but a few pages.
"""

from __future__ import annotations

from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from app.resources import STATIC, TEMPLATES


class _Kept(BytecodeCache):
    """By the template's key and the checksum of its source, so that a changed one is compiled again."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


def keep() -> None:
    """Let every environment of this process find what another one has compiled."""
    kept, make = _Kept(), Environment.__init__

    def make_keeping(self: Environment, *args: Any, **options: Any) -> None:
        make(self, *args, **{"bytecode_cache": kept, **options})

    Environment.__init__ = make_keeping  # type: ignore[method-assign]


def compile_all() -> None:
    """Compile every template of the console."""
    from app.web.assets import Assets  # noqa: PLC0415  (only where it is wanted)
    from app.web.render import make_environment  # noqa: PLC0415

    environment = make_environment(TEMPLATES, Assets(STATIC))
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)
