"""Builds once what every console of a process, and of those that are forked from it, would build in the same way.

Of what a console's start takes, more than half are its routes (the framework derives a validator from each parameter)
and its static files, which are compressed as far as they can be. Neither depends on a setting.
"""

from __future__ import annotations

import functools
import gzip
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import brotli
from fastapi.routing import _EffectiveRouteContext

from app.web import assets


def keep() -> None:
    """Let every application of this process find what another one has built."""
    assets.brotli = SimpleNamespace(compress=functools.cache(brotli.compress))
    assets.gzip = SimpleNamespace(compress=functools.cache(gzip.compress))
    kept: dict[tuple[int, str], Any] = {}
    build = _EffectiveRouteContext.from_api_route

    def build_once(*, original_route: Any, include_context: Any) -> Any:
        provider = include_context.dependency_overrides_provider
        if getattr(provider, "dependency_overrides", None):
            return build(original_route=original_route, include_context=include_context)
        # A route that is kept is not freed: no other can get its number.
        inclusion = {**vars(include_context), "dependency_overrides_provider": None}
        key = (id(original_route), repr(inclusion))
        if key not in kept:
            kept[key] = build(original_route=original_route, include_context=include_context)
        return kept[key]

    _EffectiveRouteContext.from_api_route = build_once


def build_all() -> None:
    """Build it for an application that is never served."""
    from app.main import create_app, prepare_routes  # noqa: PLC0415  (only where it is wanted)
    from app.settings import Settings  # noqa: PLC0415

    prepare_routes(create_app(Settings(auth="none", data_dir=Path("unused")), Mock()))
