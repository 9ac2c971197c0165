"""Alembic's entry: runs the migrations on the connection that `app.migrate` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from app import tables
from app.db import Base

assert tables  # noqa: S101  (imported for its effect: every table is in the metadata)

connection = context.config.attributes.get("connection")
if connection is None:  # the alembic command, writing a new migration
    connection = create_engine(context.config.get_main_option("sqlalchemy.url")).connect()

context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
