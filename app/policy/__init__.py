"""Repository policies as pure data and decisions: read, grant, revoke, evaluate, compare, mend.

Must never do I/O, read a clock, or know AWS's wire, HTTP or a database.
"""
