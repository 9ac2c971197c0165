"""Databases for the tests of findings."""

from tests.databases import db, migrated_file, migrated_postgres_url, postgres_server, sqlite_db

__all__ = ["db", "migrated_file", "migrated_postgres_url", "postgres_server", "sqlite_db"]
