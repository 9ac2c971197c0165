"""Python's garbage collector around the start of a server: what is loaded then stays until the process ends.

While modules, routes and models are loaded, the collector would visit all of them again and again and find nothing: an
eighth of the start. Later, each of its full collections would stop every thread for as long as that takes.
"""

from __future__ import annotations

import gc


def rest() -> None:
    """Collect nothing until `settle`."""
    gc.disable()


def settle() -> None:
    """Collect what the start has left behind; from now on collect as usual, and never visit what there is now."""
    gc.collect()
    gc.freeze()
    gc.enable()
