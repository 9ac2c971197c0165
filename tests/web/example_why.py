"""The page of a diagnosis with a cause of each certainty, without one, and where AWS can't be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from app.aws.ports import Container, ContainerService, Deployment, Role
from app.aws.pull_ports import ImageDetail, LogLine
from app.diagnosis.diagnosis import diagnose_all
from app.diagnosis.facts import Facts, Known, Refused
from app.web.views.base import View
from app.web.views.why import WhyPage, why_page
from tests.web.example_parts import Parts

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
ARN = "arn:aws:iam::947856326339:role/amazon/lightsail/us-east-1/containers/shop/private-repo-access/abc"


def why_examples(parts: Parts) -> dict[str, View]:
    """Pages by name."""
    image = f"{HOST}/storefront/web:1.8.2"
    service = ContainerService(
        "us-east-1",
        parts.service_name,
        "",
        "123456789012",
        "RUNNING",
        Role(is_active=True, principal_arn=ARN),
        power="nano",
    )
    container = Container(parts.service_name, parts.uri())
    deployment = Deployment(7, "FAILED", NOW, (container,), public_container=parts.service_name, public_port=80)
    fine = Facts(
        "us-east-1", parts.service_name, image, NOW, service=Known(service), deployments=Known(()), policy=Known(None),
        registry_policy=Known(None), registry_scope=Known("V2"), detail=Known(ImageDetail("sha256:" + "0" * 64, ("1.8.2",))),
    )  # fmt: skip
    ended = replace(
        fine, container=parts.service_name, deployment=deployment,
        log=Known((LogLine(NOW, f"fatal: exit code 3 {parts.person}"), LogLine(NOW, "[deployment:7] Took too long"))),
    )  # fmt: skip
    allowed = Known(f'{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{ARN}"}}, "Action": "ecr:*"}}}}')
    return {
        "why": why_page(diagnose_all([ended, replace(fine, image=parts.uri(), container="proxy")]), {}),
        "why-role": why_page(
            diagnose_all(
                [
                    replace(
                        fine,
                        service=Known(
                            replace(service, role=Role(), tags={"aws:cloudformation:stack-name": parts.person})
                        ),
                    )
                ]
            ),
            {},
        ),
        "why-nothing": why_page(diagnose_all([replace(fine, policy=allowed)]), {}),
        "why-undetermined": why_page(diagnose_all([replace(fine, policy=Refused("ecr:GetRepositoryPolicy"))]), {}),
        "why-typed": why_page(diagnose_all([replace(fine, image=parts.repository)]), {}),
        "why-refused": WhyPage("us-east-1", parts.service_name, parts.uri(), problem=parts.problem()),
    }
