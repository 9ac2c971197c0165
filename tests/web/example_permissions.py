"""The example of the permissions page."""

from __future__ import annotations

from app.console.permissions import CheckedAction, PermissionCheck, policies
from app.errors import Problem
from app.policy.permissions import ACTIONS_USED, PermissionScope
from app.web.views.permissions import PermissionsPage
from app.wording import Message
from tests.web.example_parts import Parts


def permissions(parts: Parts, check: PermissionCheck | None = None) -> PermissionsPage:
    made = policies(PermissionScope("123456789012", ("us-east-1",), (parts.repository,)))
    return PermissionsPage(
        ("us-east-1", "eu-west-1"), "us-east-1", (parts.repository,), made, "123456789012", "123456789012", check
    )


def permission_check(parts: Parts) -> PermissionCheck:
    needed = {use.action: Message(use.why) for use in ACTIONS_USED}
    tried = {
        "lightsail:GetContainerServices": (True, None),
        "ecr:SetRepositoryPolicy": (False, parts.denied()),
        "ecr:DescribeImages": (None, Problem("aws.unreachable", endpoint=parts.repository)),
    }
    actions = tuple(
        CheckedAction(action, allowed=allowed, needed_for=needed[action], problem=problem)
        for action, (allowed, problem) in tried.items()
    )
    return PermissionCheck("us-east-1", actions, '{\n  "Effect": "Allow",\n  "Action": "ecr:SetRepositoryPolicy"\n}')
