"""How templates call functions and macros. Knows no page."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from jinja2.runtime import Context, Macro


class DirectCalls(Context):
    """A template's context that calls plain functions and macros as they are.

    Jinja first finds out of everything that is called, some thousand times a page, whether it wants the context, the
    environment or neither. A plain function without Jinja's mark wants neither, and a macro its own evaluation context.
    """

    def call(self, called: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Return what is called with these arguments returns, without what Jinja adds to them for its own use."""
        is_plain = type(called) is FunctionType and not hasattr(called, "jinja_pass_arg")
        if not is_plain and type(called) is not Macro:
            return super().call(called, *args, **kwargs)
        if kwargs:
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
        return called(*args, **kwargs) if is_plain else called(self.eval_ctx, *args, **kwargs)
