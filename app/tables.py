"""Every table of ours in one import, for migrations. Holds nothing itself."""

from app.history import models as history
from app.inventory import models as inventory

__all__ = ["history", "inventory"]
