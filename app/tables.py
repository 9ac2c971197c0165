"""Imports every table of ours, for migrations."""

from app.auth import models as auth
from app.backup import models as backup
from app.findings import models as findings
from app.history import models as history
from app.inventory import models as inventory
from app.operations import models as operations

__all__ = ["auth", "backup", "findings", "history", "inventory", "operations"]
