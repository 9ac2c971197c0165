"""Which statements a finding goes by, as one short text to compare. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from app.policy.canonical import statement_key
from app.policy.statement import Statement, named_by


def basis_of(statements: Iterable[Statement], principal: str = "") -> str:
    """Return the same text for statements that mean the same, whatever their order, positions and Sids.

    Where a statement names `principal`, its other principals don't count either.
    """
    return digest("\n".join(sorted(statement_key(_about(statement, principal)) for statement in statements)))


def digest(text: str) -> str:
    """Return a short text that stands for `text`."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:20]


def _about(statement: Statement, principal: str) -> Statement:
    about = {name: value for name, value in statement.items() if name != "Sid"}
    if any(value == principal for _, value in named_by(statement)):
        about["Principal"] = {"AWS": principal}
    return about
