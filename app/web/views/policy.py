"""A repository's policy page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.console.freshness import is_slow
from app.console.policies import RepositoryPolicy
from app.web.views.base import View


@dataclass(frozen=True)
class PolicyPage(View):
    """GET /containers/{region}/{service}/policy?repository=…; `partial` once more where AWS was slow."""

    page: ClassVar[str] = "pages/policy.html"
    partial: ClassVar[str] = "partials/policy_body.html"

    policy: RepositoryPolicy
    now: datetime

    @property
    def slow(self) -> bool:
        """AWS kept the page waiting."""
        return is_slow(self.policy.problem)
