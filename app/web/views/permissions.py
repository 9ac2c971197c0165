"""The Permissions page: the IAM policies that a person needs, and what checking them found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.bootstrap import Services
from app.console.permissions import ANY_ACCOUNT, IamPolicy, PermissionCheck, needed_permissions
from app.web.views.base import View


@dataclass(frozen=True)
class PermissionsPage(View):
    """GET /permissions?region=…&names=…; POST /permissions/check answers the same page with a `check`.

    `names` are the repositories that the reader named (GET field `names`, separated by spaces or commas); the
    policies are already made for them, the account and the region. `account` is "" while unknown: then they are made
    for the account `example`, to be replaced by hand.
    """

    page: ClassVar[str] = "pages/permissions.html"
    partial: ClassVar[str] = "partials/permission_check.html"

    regions: tuple[str, ...]
    region: str
    names: tuple[str, ...]
    policies: tuple[IamPolicy, ...]
    account: str = ""
    example: str = ""
    check: PermissionCheck | None = None


def permissions_page(
    services: Services, region: str, names: tuple[str, ...], check: PermissionCheck | None = None
) -> PermissionsPage:
    """The policies for the account, a region and the named repositories, or any."""
    needed = needed_permissions(services, region, names)
    return PermissionsPage(services.regions, needed.region, names, needed.policies, needed.account, ANY_ACCOUNT, check)
