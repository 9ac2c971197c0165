"""The user who runs a command, as history names them."""

from __future__ import annotations

import os
import pwd

from app.auth.names import person_name


def operator_name() -> str:
    """Return the name in history of the user that runs this process: by the user id, not the environment."""
    try:
        return person_name(pwd.getpwuid(os.geteuid()).pw_name) or "owner"
    except KeyError:  # a container may run as a user that its system has no name for
        return f"uid-{os.geteuid()}"
