"""A service's access to repositories in Terraform and CloudFormation, with what each can't hold.

The policy names the image puller role by reference: never the service's own `principal_arn` (Terraform) or
`PrincipalArn` (CloudFormation), which both tools accept and which pulls nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from app.as_code.text import hcl, hcl_document, identifier, identifiers, logical_ids, one_line, replaced
from app.policy import strict_json
from app.wording import N_

PULLER_ATTRIBUTE: Final = {"Fn::GetAtt": ["ContainerService", "PrivateRegistryAccess.EcrImagePullerRole.PrincipalArn"]}

ROLE_PROPERTY: Final = {"PrivateRegistryAccess": {"EcrImagePullerRole": {"IsActive": True}}}
"""What a template needs so that a stack update leaves the image puller role active (AWS::Lightsail::Container)."""

ROLE_PROPERTY_YAML: Final = "PrivateRegistryAccess:\n  EcrImagePullerRole:\n    IsActive: true\n"

TERRAFORM_NOTES: Final = (
    N_("Run terraform plan before you apply. The import blocks must not replace the service or the policy."),
    N_("A deployment of an image from this repository needs depends_on with this repository policy."),
)
ROLE_NOTE: Final = N_(
    "Terraform sends private_registry_access only when it creates a service. Activate the image puller role first."
)
CLOUDFORMATION_NOTES: Final = (
    N_(
        "CloudFormation has no resource for a repository policy alone. Copy RepositoryPolicyText into the repository's resource, or import the repository with its other properties."
    ),
    N_("Keep PrivateRegistryAccess in the template. A stack update without it can deactivate the image puller role."),
    N_(
        "The deployment is a property of the service, so it can't wait for the repository policy. Deploy the image after the policy is written."
    ),
)


SIZE_NOTE: Final = N_("A template can have at most 500 resources. Split the repositories over several templates.")
MOST_RESOURCES: Final = 500


class Form(StrEnum):
    """The language of a text."""

    AWS = "aws"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"


@dataclass(frozen=True)
class PolicyCode:
    """A repository and its whole policy with access, in which `GrantCode.puller_arn` stands for the role.

    `has_policy`: the repository has a policy now.
    """

    repository: str
    document: Mapping[str, Any]
    has_policy: bool = True


@dataclass(frozen=True)
class GrantCode:
    """What the texts are made of: a service and the policies of repositories. `role_ready`: the role has its ARN."""

    region: str
    service: str
    puller_arn: str
    policies: tuple[PolicyCode, ...]
    role_ready: bool = True
    power: str = ""
    scale: int = 1
    is_disabled: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


def notes_of(form: Form, grant: GrantCode) -> tuple[str, ...]:
    """Return what to know before the text is used: templates to translate."""
    if form is Form.TERRAFORM:
        return TERRAFORM_NOTES if grant.role_ready else (ROLE_NOTE, *TERRAFORM_NOTES)
    if form is not Form.CLOUDFORMATION:
        return ()
    return (*CLOUDFORMATION_NOTES, SIZE_NOTE) if len(grant.policies) >= MOST_RESOURCES else CLOUDFORMATION_NOTES


def terraform(grant: GrantCode) -> str:
    """Return the import blocks, the service and the repository policies."""
    labels = identifiers(policy.repository for policy in grant.policies)
    names = ", ".join(f"aws_ecr_repository_policy.{label}" for label in labels.values())
    comments = [f"# Region: {one_line(grant.region)}", *(f"# {note}" for note in notes_of(Form.TERRAFORM, grant))]
    comments += [f"#   depends_on = [{names}]"] if names else []
    imports = [_import(f"aws_lightsail_container_service.{identifier(grant.service)}", grant.service)]
    imports += [
        _import(f"aws_ecr_repository_policy.{labels[policy.repository]}", policy.repository)
        for policy in grant.policies
        if policy.has_policy
    ]
    resources = [
        terraform_policy(each.repository, each.document, grant.service, grant.puller_arn, labels[each.repository])
        for each in grant.policies
    ]
    return "\n\n".join(["\n".join(comments), *imports, _service(grant), *resources]) + "\n"


def terraform_policy(
    repository: str, document: Any, service: str | None = None, puller_arn: str | None = None, label: str = ""
) -> str:
    """Return the resource of the repository policy, which names the `service`'s image puller role by reference."""
    block = f"aws_lightsail_container_service.{identifier(service or '')}"
    reference = f"{block}.private_registry_access[0].ecr_image_puller_role[0].principal_arn"
    body = hcl_document(document, puller_arn, reference, indent="    ")
    return (
        f'resource "aws_ecr_repository_policy" "{label or identifier(repository)}" {{\n'
        f"  repository = {hcl(repository)}\n  policy     = <<-JSON\n{body}\n  JSON\n}}"
    )


def cloudformation(grant: GrantCode) -> str:
    """Return a template with the service and the repositories, as JSON."""
    names = [policy.repository for policy in grant.policies]
    ids = logical_ids(names, "Repository") if len(names) > 1 else dict.fromkeys(names, "Repository")
    resources = {"ContainerService": _retained("AWS::Lightsail::Container", _service_properties(grant))}
    for policy in grant.policies:
        properties = repository_properties(policy.repository, policy.document, grant.puller_arn)
        resources[ids[policy.repository]] = _retained("AWS::ECR::Repository", properties)
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Metadata": {"Region": grant.region, "Notes": list(notes_of(Form.CLOUDFORMATION, grant))},
        "Resources": resources,
    }
    return strict_json.dump(template, ascii_only=True) + "\n"


def repository_properties(repository: str, document: Mapping[str, Any], puller_arn: str) -> dict[str, Any]:
    """Return the properties of a repository whose policy names the template's `ContainerService` by reference."""
    return {"RepositoryName": repository, "RepositoryPolicyText": replaced(document, puller_arn, PULLER_ATTRIBUTE)}


def _import(resource: str, name: str) -> str:
    return f"import {{\n  to = {resource}\n  id = {hcl(name)}\n}}"


def _service(grant: GrantCode) -> str:
    lines = [f"name  = {hcl(grant.service)}"]
    lines += [f"power = {hcl(grant.power)}"] if grant.power else []
    lines += [f"scale = {grant.scale}"]
    lines += ["is_disabled = true"] if grant.is_disabled else []
    if own := own_tags(grant.tags):
        lines += ["tags = {", *(f"  {hcl(key)} = {hcl(value)}" for key, value in own.items()), "}"]
    lines += ["", "private_registry_access {", "  ecr_image_puller_role {", "    is_active = true", "  }", "}"]
    body = "\n".join(f"  {line}" if line else "" for line in lines)
    return f'resource "aws_lightsail_container_service" "{identifier(grant.service)}" {{\n{body}\n}}'


def _service_properties(grant: GrantCode) -> dict[str, Any]:
    properties: dict[str, Any] = {"ServiceName": grant.service}
    if grant.power:
        properties["Power"] = grant.power
    properties["Scale"] = grant.scale
    if grant.is_disabled:
        properties["IsDisabled"] = True
    properties |= ROLE_PROPERTY
    if own := own_tags(grant.tags):
        properties["Tags"] = [{"Key": key, "Value": value} for key, value in own.items()]
    return properties


def _retained(kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource that a deleted stack leaves in the account, as an import into a stack requires."""
    return {"Type": kind, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": properties}


def own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that a template may set, by name: AWS reserves `aws:`."""
    return {key: tags[key] for key in sorted(tags) if not key.lower().startswith("aws:")}
