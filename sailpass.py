"""The installed command. In a wheel this file is `sailpass/__init__.py`, and `app/` is `sailpass/app/` beside it.

So the wheel uses one name in site-packages, `sailpass`, and not the name `app`, which other distributions use too.
"""

import sys
from pathlib import Path

# The folder that holds app/, templates/, static/, locale/ and migrations/: the checkout, or the package in the wheel.
HOME = str(Path(__file__).resolve().parent)
if HOME not in sys.path[:1]:
    # First, so that no other distribution's `app` is found instead.
    sys.path.insert(0, HOME)


def main() -> None:
    """Run the `sailpass` command."""
    from app.cli import main as command  # noqa: PLC0415  (found by the line above)

    command()


if __name__ == "__main__":
    main()
