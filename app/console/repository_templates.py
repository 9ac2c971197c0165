"""A repository's policy as `aws` commands, Terraform and CloudFormation, for people who change it themselves."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from app.as_code.grant import terraform_policy
from app.bootstrap import Services
from app.console.identity import endpoint
from app.errors import Problem
from app.inventory.queries import KnownRepository
from app.policy import strict_json
from app.wording import N_, Message


@dataclass(frozen=True)
class Template:
    """A text to copy, in one tool's language."""

    title: Message
    text: str


def templates_of(services: Services, repository: KnownRepository) -> tuple[Template, ...]:
    """Return how to read and write the policy with the AWS CLI, and the present one for Terraform and CloudFormation."""
    commands = Template(Message(N_("AWS CLI")), _commands(repository, endpoint(services, "ecr")))
    return (commands, *policy_templates(repository, repository.policy_text or ""))


def policy_templates(repository: KnownRepository, text: str) -> tuple[Template, ...]:
    """Return the policy for Terraform and CloudFormation; nothing for a text that can't be read without loss."""
    try:
        policy = strict_json.load(text)
    except Problem:
        return ()
    return (
        Template(Message(N_("Terraform")), terraform_policy(repository.name, policy)),
        Template(Message(N_("CloudFormation")), _cloudformation(repository, policy)),
    )


def _commands(repository: KnownRepository, url: str) -> str:
    where = f"--region {repository.region} --registry-id {repository.registry_id}"
    name = f"--repository-name {shlex.quote(repository.name)}"
    at = f" --endpoint-url {shlex.quote(url)}" if url else ""
    read = f"aws ecr get-repository-policy {where} {name}{at} --query policyText --output text > policy.json"
    write = f"aws ecr set-repository-policy {where} {name}{at} --policy-text file://policy.json"
    images = f"aws ecr describe-images {where} {name}{at}"
    return f"{read}\n# Edit policy.json, then:\n{write}\n\n{images}"


def _cloudformation(repository: KnownRepository, policy: object) -> str:
    properties = {"RepositoryName": repository.name, "RepositoryPolicyText": policy}
    resource = {"Type": "AWS::ECR::Repository", "Properties": properties}
    return strict_json.dump(resource)
