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
SEEN: Final = ("drift", "policy_drift", "repository_deleted", "repository_recreated")
"""Recorded because a read showed what was done outside Sailpass."""
REPOSITORY_ENDED: Final = ("repository_deleted", "repository_recreated")
