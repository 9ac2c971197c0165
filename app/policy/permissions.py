"""The IAM policies that a person needs, ready to paste, and every AWS action that Sailpass uses.

AWS's guide names four ECR actions and leaves out Lightsail's. `UpdateContainerService` cannot be narrowed to the image
puller role by IAM: it may also change power and scale, so Sailpass sends it nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.policy import strict_json
from app.wording import N_


class Need(StrEnum):
    """What an action is needed for."""

    READ = "read"
    MANAGE = "manage"
    DEPLOY = "deploy"
    DIAGNOSE = "diagnose"
    INSPECT = "inspect"


class Shape(StrEnum):
    """What an action's `Resource` can be, from AWS's service authorization reference."""

    ANY = "any"
    SERVICE = "service"
    REPOSITORY = "repository"
    REGISTRY = "registry"
    NONE = "none"


@dataclass(frozen=True)
class ActionUse:
    """One AWS action that Sailpass calls: what it is needed for, its resource, and why, as a template to translate."""

    action: str
    need: Need
    shape: Shape
    why: str


ACTIONS_USED: tuple[ActionUse, ...] = (
    ActionUse("lightsail:GetContainerServices", Need.READ, Shape.ANY, N_("Listing container services and their roles")),
    ActionUse("lightsail:GetContainerServiceDeployments", Need.READ, Shape.ANY, N_("Showing a service's deployments")),
    ActionUse("ecr:DescribeRepositories", Need.READ, Shape.REPOSITORY, N_("Listing repositories to choose from")),
    ActionUse("ecr:GetRepositoryPolicy", Need.READ, Shape.REPOSITORY, N_("Reading a repository's policy")),
    ActionUse("ecr:DescribeImages", Need.READ, Shape.REPOSITORY, N_("Listing the tags of a repository")),
    ActionUse("ecr:GetRegistryPolicy", Need.READ, Shape.REGISTRY, N_("Reading the registry policy, which can deny or allow pulls")),
    ActionUse("ecr:GetAccountSetting", Need.READ, Shape.REGISTRY, N_("Checking whether the registry policy applies to pulls")),
    ActionUse(
        "lightsail:UpdateContainerService", Need.MANAGE, Shape.SERVICE, N_("Activating and deactivating the image puller role")
    ),
    ActionUse("ecr:SetRepositoryPolicy", Need.MANAGE, Shape.REPOSITORY, N_("Writing a repository's policy")),
    ActionUse(
        "ecr:DeleteRepositoryPolicy", Need.MANAGE, Shape.REPOSITORY, N_("Deleting a policy when no statements remain")
    ),
    ActionUse("lightsail:CreateContainerServiceDeployment", Need.DEPLOY, Shape.SERVICE, N_("Deploying an image")),
    ActionUse("lightsail:GetContainerLog", Need.DIAGNOSE, Shape.ANY, N_("Showing a container's log")),
    ActionUse("lightsail:GetContainerImages", Need.DIAGNOSE, Shape.ANY, N_("Listing the images that a service stores")),
    ActionUse("ecr:GetLifecyclePolicy", Need.DIAGNOSE, Shape.REPOSITORY, N_("Finding which rule may have expired an image")),
    ActionUse("ecr:BatchGetImage", Need.INSPECT, Shape.REPOSITORY, N_("Reading an image's manifest to check its platform")),
    ActionUse("ecr:GetDownloadUrlForLayer", Need.INSPECT, Shape.REPOSITORY, N_("Reading an image's config to check its platform")),
    ActionUse("sts:GetCallerIdentity", Need.READ, Shape.NONE, N_("Returning the account and identity; no permission is needed")),
)  # fmt: skip

_GUIDE = (
    "ecr:SetRepositoryPolicy",
    "ecr:DescribeRepositories",
    "ecr:DeleteRepositoryPolicy",
    "ecr:GetRepositoryPolicy",
)


# What `sailpass deploy --grant` needs besides.
_GRANT = {"lightsail:UpdateContainerService", "ecr:SetRepositoryPolicy"}
_GITHUB = "token.actions.githubusercontent.com"


@dataclass(frozen=True)
class PermissionScope:
    """What a policy is to be about: one account, and no regions or repositories named means any.

    `services` are ARNs of container services; none means any.
    """

    account: str
    regions: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    partition: str = "aws"
    services: tuple[str, ...] = ()

    def resources(self, shape: Shape) -> str | list[str]:
        """Return the `Resource` of an action with that shape; a string if there is only one."""
        if shape not in (Shape.SERVICE, Shape.REPOSITORY):
            return "*"
        if shape is Shape.SERVICE and self.services:
            return self.services[0] if len(self.services) == 1 else list(self.services)
        arns = [arn for region in self.regions or ("*",) for arn in self._in(region, shape)]
        return arns[0] if len(arns) == 1 else arns

    def _in(self, region: str, shape: Shape) -> Iterable[str]:
        if shape is Shape.SERVICE:  # its ARN ends with an id that cannot be known beforehand, not with the name
            return (f"arn:{self.partition}:lightsail:{region}:{self.account}:ContainerService/*",)
        names = self.repositories or ("*",)
        return (f"arn:{self.partition}:ecr:{region}:{self.account}:repository/{name}" for name in names)


def guide_policy(scope: PermissionScope) -> dict[str, Any]:
    """Return the policy of AWS's guide: four ECR actions, for any repository or for the named ones.

    It suffices for repository policies, not for the image puller role.
    """
    return _policy(_statement("ManageEcrPrivateRepositoriesAccess", _GUIDE, scope.resources(Shape.REPOSITORY)))


def manage_policy(scope: PermissionScope) -> dict[str, Any]:
    """Return all permissions that Sailpass uses: to grant, revoke, deploy, and say why something doesn't run."""
    return _policy(*_statements(scope, _needed_for(*Need)))


def read_only_policy(scope: PermissionScope) -> dict[str, Any]:
    """Return all permissions that Sailpass needs to show the current state, without any that change something."""
    return _policy(*_statements(scope, _needed_for(Need.READ, Need.DIAGNOSE)))


def why_policy(scope: PermissionScope) -> dict[str, Any]:
    """Return all permissions that `sailpass why` needs, without any that change something.

    Other Regions and repositories are searched only if they are in the scope.
    """
    return _policy(*_statements(scope, _needed_for(Need.READ, Need.DIAGNOSE, Need.INSPECT)))


def deploy_policy(scope: PermissionScope) -> dict[str, Any]:
    """Return all permissions that `sailpass deploy` needs, with `--grant` too, and to tell why a deployment failed."""
    return _policy(*_statements(scope, _deploys() | _GRANT | _needed_for(Need.INSPECT)))


def ci_policy(scope: PermissionScope) -> dict[str, Any]:
    """Return all permissions that `sailpass deploy` needs in CI, where access is there already: it can change no access."""
    return _policy(*_statements(scope, _deploys()))


def github_trust(account: str, repository: str, ref: str, partition: str = "aws") -> dict[str, Any]:
    """Return the trust policy of a role that GitHub Actions assumes.

    Args:
        account: where the role is.
        repository: `owner/name` on GitHub.
        ref: whose jobs may: `refs/heads/main` (or the branch's name), `refs/tags/v*`, `environment:production`,
            or `pull_request`.
        partition: of AWS.
    """
    job = ref if ref.startswith("environment:") or ref == "pull_request" else f"ref:{_whole_ref(ref)}"
    subject = {f"{_GITHUB}:sub": f"repo:{repository}:{job}"}
    audience = {f"{_GITHUB}:aud": "sts.amazonaws.com"}
    condition = {"StringEquals": audience | subject}
    if "*" in job or "?" in job:  # which StringEquals takes literally
        condition = {"StringEquals": audience, "StringLike": subject}
    return _policy(
        {
            "Sid": "GitHubActions",
            "Effect": "Allow",
            "Principal": {"Federated": f"arn:{partition}:iam::{account}:oidc-provider/{_GITHUB}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        }
    )


def _whole_ref(ref: str) -> str:
    return ref if ref.startswith("refs/") else f"refs/heads/{ref}"


def allowing(action: str, scope: PermissionScope) -> dict[str, Any]:
    """Return the IAM statement that allows this one of `ACTIONS_USED`, to show where AWS refused it.

    Raises:
        KeyError: the action is not in `ACTIONS_USED`.
    """
    shapes = {use.action: use.shape for use in ACTIONS_USED}
    sid = "Allow" + "".join(part[:1].upper() + part[1:] for part in action.split(":"))
    return _statement(sid, (action,), scope.resources(shapes[action]))


def to_text(policy: dict[str, Any]) -> str:
    """Return the policy as JSON ready to paste."""
    return strict_json.dump(policy, indent=4)


def _needed_for(*needs: Need) -> set[str]:
    return {use.action for use in ACTIONS_USED if use.need in needs}


def _deploys() -> set[str]:
    """Return what `sailpass deploy` needs where access is there already: all that a CI job should be allowed."""
    return _needed_for(Need.READ, Need.DEPLOY) | {"lightsail:GetContainerLog", "ecr:GetLifecyclePolicy"}


def _statements(scope: PermissionScope, chosen: Collection[str]) -> Iterable[dict[str, Any]]:
    sids = {
        Shape.ANY: "SailpassLightsailRead",
        Shape.REPOSITORY: "SailpassRepositories",
        Shape.SERVICE: "SailpassServices",
        Shape.REGISTRY: "SailpassRegistryRead",
    }
    for shape, sid in sids.items():
        actions = tuple(use.action for use in ACTIONS_USED if use.shape is shape and use.action in chosen)
        if actions:
            yield _statement(sid, actions, scope.resources(shape))


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statement(sid: str, actions: tuple[str, ...], resource: str | list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource}
