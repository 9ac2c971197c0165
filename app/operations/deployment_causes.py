"""Why a deployment failed, as an operation's problem keeps it: what its title says, and nothing of a container's log. Pure."""

from __future__ import annotations

import re
from typing import Final

from app.diagnosis.causes import CAUSES
from app.diagnosis.check_result import Found
from app.errors import Detail

CAUSE: Final = "cause."
"""What stands before a cause's code in a problem's details."""
_NAME: Final = re.compile(r"%\((\w+)\)s")


def detail_of(cause: Found) -> Detail:
    """Return the cause as a detail of a problem. Its other values may hold what a container wrote, so they are left out."""
    names = _NAME.findall(CAUSES[cause.code].title)
    return f"{CAUSE}{cause.code}", {name: cause.params[name] for name in names if name in cause.params}
