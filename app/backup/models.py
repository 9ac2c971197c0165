"""Where the database itself is, as PostgreSQL knew it when we last wrote this down."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime


class DatabaseOrigin(Base):
    """One row, on PostgreSQL only. What a dump carries elsewhere no longer fits the place where it then is."""

    __tablename__ = "database_origins"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    system: Mapped[str] = mapped_column(String(32))
    """The identifier of the cluster; "" where it can't be read."""
    database_oid: Mapped[int] = mapped_column(BigInteger)
    table_oid: Mapped[int] = mapped_column(BigInteger)
    """This table's."""
    written_by: Mapped[int] = mapped_column(BigInteger)
    """The transaction that wrote this row, as the row's own `xmin` says it unless somebody copied the row."""
    timeline: Mapped[str] = mapped_column(String(8))
    """Another one after a promotion or a recovery to a point in time; "" where it can't be read."""
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
