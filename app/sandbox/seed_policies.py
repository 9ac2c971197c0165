"""The policies of the demo's repositories: what people really have, the mistakes among it."""

from __future__ import annotations

from typing import Any

from app.sandbox import ids
from app.sandbox.call import DEFAULT_ACCOUNT
from app.sandbox.state import Service, World

OTHER_ACCOUNT = "210987654321"
CLOSED_ACCOUNT = "998877665544"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
Statement = dict[str, Any]


def _document(*statements: Statement, version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def _allow(sid: str, principal: Any, actions: Any, **more: Any) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": actions, **more}


def grant(service: Service) -> Statement:
    """The statement that AWS's guide gives, for the service's image puller role."""
    arn = service.puller.arn if service.puller else ""
    return _allow(f"AllowLightsailPull-{service.name}", {"AWS": arn}, PULL)


def _lambda(region: str, function: str) -> Statement:
    condition = {"StringLike": {"aws:sourceArn": f"arn:aws:lambda:{region}:{DEFAULT_ACCOUNT}:function:{function}"}}
    return _allow("LambdaECRImageRetrievalPolicy", {"Service": "lambda.amazonaws.com"}, PULL, Condition=condition)


def grant_document(service: Service) -> dict[str, Any]:
    """A policy that holds only the service's grant."""
    return _document(grant(service), version="2008-10-17")


def foreign_document() -> dict[str, Any]:
    """A policy that lets another account pull."""
    return _document(_allow("CrossAccountPull", {"AWS": "210987654321"}, PULL))


def demo_policies(world: World) -> dict[str, dict[str, Any]]:
    """By repository; those that are not named have none."""
    services = world.home(DEFAULT_ACCOUNT, "us-east-1").services
    web, reporting, edge = services["storefront-web"], services["reporting"], services["edge-cache"]
    tokyo = world.home(DEFAULT_ACCOUNT, "ap-northeast-1").services["tokyo-api"]
    orphan = ids.unique_id(ids.puller_role_arn(DEFAULT_ACCOUNT, "us-east-1", "batch-worker", "long gone"))
    own = f"arn:aws:iam::{DEFAULT_ACCOUNT}"
    return {
        "analytics/etl": _document(
            _allow(
                "OrganizationPull",
                "*",
                [*PULL, "ecr:BatchCheckLayerAvailability"],
                Condition={"StringEquals": {"aws:PrincipalOrgID": "o-3x4mpl3org"}},
            )
        ),
        "analytics/reports": _document(
            _allow("AllowLightsailPull-reporting", {"AWS": reporting.role_arn}, PULL), version="2008-10-17"
        ),
        "edge/cache": grant_document(edge),
        "payments/ledger": _document(
            {
                "Sid": "QuarantinedUntilPatched",
                "Effect": "Deny",
                "Principal": "*",
                "Action": PULL,
            },
            _allow("LedgerTeam", {"AWS": f"{own}:role/ledger-deploy"}, ["ecr:BatchGetImage", "ecr:PutImage"]),
        ),
        "payments/worker": _document(
            _allow("AllowLightsailPull-batch-worker", {"AWS": orphan}, PULL), version="2008-10-17"
        ),
        "shared/base-node": _document(
            _allow(
                "ReadForBuilds",
                {"AWS": [f"{own}:role/ci-build", f"{own}:role/ci-nightly"]},
                ["ecr:BatchGet*", "ecr:Get*"],
            )
        ),
        "shared/base-python": _document(
            _allow(
                "CrossAccountPull",
                {"AWS": ["210987654321", "arn:aws:iam::210987654321:role/staging-build", f"{own}:role/ci-build"]},
                [*PULL, "ecr:BatchCheckLayerAvailability"],
            )
        ),
        "shared/otel-collector": _document(
            _allow("AllowLightsailPull", {"AWS": [p.arn for s in (web, edge) if (p := s.puller)]}, PULL)
        ),
        "storefront/nginx-sidecar": _document(_lambda("us-east-1", "storefront-preview"), grant(web)),
        "storefront/web": grant_document(web),
        "tools/cli": _document(_lambda("us-east-1", "nightly-*")),
        "tokyo/api": grant_document(tokyo),
        "tokyo/inbox": _document(
            _allow(
                "AllowPushPull",
                {"AWS": "*"},
                [
                    *PULL,
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:CompleteLayerUpload",
                    "ecr:InitiateLayerUpload",
                    "ecr:PutImage",
                    "ecr:UploadLayerPart",
                ],
            )
        ),
        "tokyo/legacy": grant_document(tokyo),
        "tokyo/partners": _document(
            _allow("PartnerPull", {"AWS": [OTHER_ACCOUNT, CLOSED_ACCOUNT]}, PULL),
        ),
    }


def demo_registry_policy() -> dict[str, Any]:
    """The policy of the registry in Tokyo: replication from the other account, and no pulls of what is retired."""
    resource = f"arn:aws:ecr:ap-northeast-1:{DEFAULT_ACCOUNT}:repository"
    replication = _allow(
        "ReplicationFromStaging", {"AWS": OTHER_ACCOUNT}, ["ecr:CreateRepository", "ecr:ReplicateImage"]
    )
    retired = {"Sid": "NoPullsOfRetiredImages", "Effect": "Deny", "Principal": "*", "Action": PULL}
    return _document({**replication, "Resource": f"{resource}/*"}, {**retired, "Resource": f"{resource}/tokyo/legacy"})
