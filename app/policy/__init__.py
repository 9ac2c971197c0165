"""Repository policies as pure data and decisions: parse, grant, revoke, evaluate, compare, repair.

No I/O, clock, HTTP or database: tests/test_architecture.py lets it import only app.errors, app.limits, app.wording.
"""
