"""`python -m app` in a checkout. In a wheel this file is also `sailpass/__main__.py`, for `python -m sailpass`."""

from app.cli import main

main()
