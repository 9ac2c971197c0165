"""The database's own location, as PostgreSQL last reported it to us."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime


class DatabaseOrigin(Base):
    """One row, on PostgreSQL only. In a restored dump it no longer matches the actual location."""

    __tablename__ = "database_origins"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    system: Mapped[str] = mapped_column(String(32))
    """The identifier of the cluster; "" where it can't be read."""
    database_oid: Mapped[int] = mapped_column(BigInteger)
    table_oid: Mapped[int] = mapped_column(BigInteger)
    """This table's object id."""
    written_by: Mapped[int] = mapped_column(BigInteger)
    """The transaction that wrote this row: equal to the row's own `xmin` unless the row was copied."""
    timeline: Mapped[str] = mapped_column(String(8))
    """Changes after a promotion or a recovery to a point in time; "" if it can't be read."""
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
