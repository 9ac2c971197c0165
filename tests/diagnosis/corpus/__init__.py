"""The corpus: causes injected into the sandbox as AWS would show them, each with the root cause that `why` must name.

The docs' table is made from this list (tests/diagnosis/test_docs.py).
"""

from __future__ import annotations

from tests.diagnosis.corpus import places, policies, images, containers  # isort: skip  (in the order of the checks)
from tests.diagnosis.corpus import crashes, health_checks, access, mixed  # isort: skip  (as above)
from tests.diagnosis.corpus.case import CASES, Case

__all__ = ["CASES", "Case", "access", "containers", "crashes", "health_checks", "images", "mixed", "places", "policies"]
