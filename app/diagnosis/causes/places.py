"""Causes: service, image URI, role and repository. Plain data."""

from __future__ import annotations

from typing import Final

from app.diagnosis.causes.cause import Cause, access, other
from app.diagnosis.check_result import Check
from app.diagnosis.fix_kinds import Fix
from app.wording import N_

CAUSES: Final[dict[str, Cause]] = {
    "region.unavailable": other(
        Check.SERVICE,
        N_("Lightsail containers aren't available in %(region)s"),
        N_("Choose a Region that has Lightsail container services."),
        region="us-west-1",
    ),
    "service.not_found": other(
        Check.SERVICE,
        N_("The container service %(service)s doesn't exist in %(region)s"),
        N_("Check the name, the Region and the AWS account of the credentials."),
        Fix.LIST_SERVICES,
        region="us-east-1",
    ),
    "service.disabled": other(
        Check.SERVICE,
        N_("The container service %(service)s is disabled"),
        N_("A disabled service runs no containers and pulls no images."),
        Fix.ENABLE,
        Fix.REDEPLOY,
    ),
    "service.deleting": other(
        Check.SERVICE,
        N_("The container service %(service)s is being deleted"),
        N_("It can't be deployed to. Create a new service."),
    ),
    "service.stuck": other(
        Check.SERVICE,
        N_("Lightsail couldn't set up the container service %(service)s (%(code)s)"),
        N_("The service isn't usable in this state. Delete certificates that aren't used, or contact AWS Support."),
        Fix.WAIT,
        code="CERTIFICATE_LIMIT_EXCEEDED",
    ),
    "service.busy": other(
        Check.SERVICE,
        N_("The container service %(service)s is changing its state (%(state)s)"),
        N_("Lightsail accepts deployments again when the change has finished."),
        Fix.WAIT,
        state="UPDATING",
    ),
    "service.no_deployment": other(
        Check.URI,
        N_("Nothing is deployed to %(service)s"),
        N_("Create a deployment, or name an image to check it before it is deployed."),
    ),
    "uri.spaces": other(
        Check.URI,
        N_("The image URI has spaces or invisible characters around it"),
        N_("Remove them; they're often copied along with the URI."),
        Fix.SET_IMAGE,
    ),
    "uri.odd_characters": other(
        Check.URI,
        N_("The image URI has characters that no image URI can have: %(characters)s"),
        N_("Retype the URI; pasted text may contain hidden or full-width characters."),
        Fix.SET_IMAGE,
        characters="FULLWIDTH COLON (U+FF1A)",
    ),
    "uri.scheme": other(
        Check.URI,
        N_("The image URI starts with %(scheme)s"),
        N_("An image URI has no scheme. It starts with the account ID."),
        Fix.SET_IMAGE,
        scheme="https://",
    ),
    "uri.account_digits": other(
        Check.URI,
        N_("The account ID in the image URI has %(digits)s digits instead of 12"),
        N_("Copy the URI from the repository."),
        Fix.SET_IMAGE,
        digits=11,
    ),
    "uri.host": other(
        Check.URI,
        N_("The host %(host)s isn't the host of a private ECR registry"),
        N_("It must be ACCOUNT.dkr.ecr.REGION.amazonaws.com."),
        Fix.SET_IMAGE,
        host="123456789012.ecr.us-east-1.amazonaws.com",
    ),
    "uri.dual_stack": other(
        Check.URI,
        N_("The image URI uses the dual-stack host %(host)s"),
        N_("Lightsail isn't known to pull from it. Use ACCOUNT.dkr.ecr.REGION.amazonaws.com."),
        Fix.SET_IMAGE,
        host="123456789012.dkr-ecr.us-east-1.on.aws",
    ),
    "uri.other_region": other(
        Check.URI,
        N_("The image is in %(other)s, and the container service is in %(region)s"),
        N_("Lightsail pulls from repositories in the Region of the service only."),
        Fix.SET_IMAGE,
        Fix.PUSH,
        other="eu-west-1",
        region="us-east-1",
    ),
    "uri.other_account": other(
        Check.URI,
        N_("The image is in the account %(other)s, and the container service is in %(account)s"),
        N_("Check the account ID. Lightsail supports repositories of the same account only."),
        Fix.SET_IMAGE,
        Fix.PUSH,
        other="210987654321",
        account="123456789012",
    ),
    "uri.name": other(
        Check.URI,
        N_("“%(repository)s” can't be the name of a repository"),
        N_("Repository names have lowercase letters, digits, and the characters . _ - / between them."),
        Fix.SET_IMAGE,
        repository="Shop/Web",
    ),
    "uri.tag": other(
        Check.URI,
        N_("“%(tag)s” can't be a tag"),
        N_("A tag has at most 128 letters, digits, and characters . _ -, and can't begin with . or -. "
           "Replace placeholders."),
        Fix.SET_IMAGE,
        tag="<tag>",
    ),
    "uri.digest": other(
        Check.URI,
        N_("“%(digest)s” can't be a digest"),
        N_("A digest is sha256: and 64 hexadecimal digits, all of them."),
        Fix.SET_IMAGE,
        digest="sha256:3f2a",
    ),
    "uri.not_private": other(
        Check.URI,
        N_("The image comes from %(registry)s, not from a private ECR repository"),
        N_("Lightsail pulls it without the image puller role. For your own repository, use its full URI."),
        Fix.SET_IMAGE,
        registry="Docker Hub",
    ),
    "role.inactive": access(
        Check.ROLE,
        N_("The image puller role of %(service)s isn't active"),
        N_("Without the role, the service can't pull from any private repository."),
        Fix.ACTIVATE,
        Fix.GRANT,
        Fix.REDEPLOY,
    ),
    "role.inactive_stack": access(
        Check.ROLE,
        N_("The image puller role of %(service)s isn't active, and the service belongs to the stack %(stack)s"),
        N_("A stack update turns the role off if its template has no PrivateRegistryAccess. Add it to the template."),
        Fix.ACTIVATE,
        Fix.GRANT,
        Fix.REDEPLOY,
        stack="shop-prod",
    ),
    "role.no_arn": access(
        Check.ROLE,
        N_("The image puller role of %(service)s has no principal ARN yet"),
        N_("Lightsail makes it within a few minutes of the activation."),
        Fix.WAIT,
        Fix.GRANT,
    ),
    "repository.not_found": other(
        Check.REPOSITORY,
        N_("The repository %(repository)s doesn't exist in %(region)s"),
        N_("Check its name, or create it and push the image."),
        Fix.SET_IMAGE,
        Fix.CREATE_REPOSITORY,
        Fix.GRANT,
        Fix.PUSH,
        region="us-east-1",
    ),
    "repository.other_region": other(
        Check.REPOSITORY,
        N_("The repository %(repository)s is in another Region (%(regions)s), not in %(region)s"),
        N_("Push or replicate the image to the Region of the container service."),
        Fix.CREATE_REPOSITORY,
        Fix.GRANT,
        Fix.PUSH,
        regions="eu-west-1",
        region="us-east-1",
    ),
}  # fmt: skip
