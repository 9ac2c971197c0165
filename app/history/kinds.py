"""What the kinds of operations have in common, for statements that tell them apart. Pure.

The kinds are named in `operations/state.py`, which the history doesn't import; a test compares the two.
"""

from __future__ import annotations

from typing import Final

GIVES_ACCESS: Final = ("grant", "repair")
REWRITES_POLICY: Final = ("restore", "undo", "prune")
"""They change a policy as a whole, and with it what it gives to any service."""
CHANGES_POLICY: Final = (*GIVES_ACCESS, "revoke", *REWRITES_POLICY)
MAY_GIVE_ACCESS: Final = (*GIVES_ACCESS, "restore", "undo")
ON_ROLE: Final = ("activate", "deactivate", "reactivate")
UNDOES: Final = ("undo", "restore")
"""They take back the policy change of the operation that they follow."""
DEPLOY: Final = "deploy"
"""Waits for other deployments to its service, and for no policy, though its row names a repository."""
BATCH: Final = "batch"
"""Runs the items of a batch that concern one service; it is about no role, though its row names no repository."""
REPOSITORY_ENDED: Final = ("repository_deleted", "repository_recreated")
ROLE_SEEN: Final = ("role_activated", "role_deactivated", "role_recreated")
SERVICE_ENDED: Final = ("service_deleted", "service_recreated")
SEEN: Final = ("drift", "policy_drift", *REPOSITORY_ENDED, *ROLE_SEEN, *SERVICE_ENDED)
"""Recorded because a read showed what was done outside Sailpass."""
MAY_SWITCH_ROLE: Final = (*GIVES_ACCESS, *ON_ROLE, DEPLOY, BATCH)
