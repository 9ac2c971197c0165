"""The sentences of checks and evidence; those of causes are in `causes`."""

from __future__ import annotations

from typing import Final

from app.diagnosis.check_result import Check, Sentence, Status
from app.policy import messages as policy_messages
from app.wording import N_, fill

CHECKS: Final = {
    Check.SERVICE: N_("Container service"),
    Check.URI: N_("Image URI"),
    Check.ROLE: N_("Image puller role"),
    Check.REPOSITORY: N_("Repository"),
    Check.POLICY: N_("Repository policy"),
    Check.REGISTRY: N_("Registry policy"),
    Check.ORGANIZATION: N_("Organization's resource control policy"),
    Check.IMAGE: N_("Tag or digest"),
    Check.PLATFORM: N_("Platform"),
    Check.SIZE: N_("Size and power"),
    Check.CONTAINER: N_("Container and health check"),
}

STATUSES: Final = {
    Status.FINE: N_("OK"),
    Status.CAUSE: N_("Cause"),
    Status.NOT_REACHED: N_("Not reached"),
    Status.NOT_CHECKED: N_("Couldn't be checked"),
}

READ_MANIFEST: Final = N_("The image's manifest was read. ECR records this as a pull of the image.")
NOTHING_FOUND: Final = N_("No cause found")
UNDETERMINED: Final = N_("No cause found, but not everything could be checked")

WORDS: Final = {
    "line.cause": N_("See the cause."),
    "fine.service": N_("The service exists (%(state)s)."),
    "fine.uri": N_("The URI names a private repository in this account and Region."),
    "fine.uri_account": N_("The URI names a private repository of account %(account)s in this Region."),
    "fine.uri_stored": N_("The URI names an image stored in Lightsail; no access to ECR is needed."),
    "fine.uri_public": N_("The image comes from %(registry)s; no access to ECR is needed."),
    "fine.not_private": N_("Not needed for this image."),
    "fine.role": N_("The role is active and has a principal ARN."),
    "fine.repository": N_("The repository %(repository)s exists here."),
    "fine.policy": N_("The policies allow the role to pull from %(repository)s."),
    "fine.registry": N_("The registry policy doesn't deny the pull."),
    "fine.registry_v1": N_("The registry policy has the scope V1, which doesn't apply to pulls."),
    "fine.no_registry_policy": N_("The registry has no policy."),
    "fine.organization_pulled": N_("Deployment %(version)s pulled the image."),
    "fine.image": N_("The image exists and is active (%(digest)s)."),
    "fine.stored": N_("The service has the stored image %(image)s."),
    "fine.platform": N_("The image is for %(platforms)s."),
    "fine.platform_ran": N_("The image has run on Lightsail."),
    "fine.size": N_("%(megabytes)s MB compressed; the power %(power)s has %(memory)s MB of memory."),
    "fine.container": N_("Deployment %(version)s became active."),
    "not_reached.earlier": N_("An earlier check failed."),
    "not_reached.no_image": N_("No image to check."),
    "not_reached.no_role": N_("There is no active role to check for."),
    "not_reached.no_deployment": N_("No deployment runs this image."),
    "not_reached.not_started": N_("The container didn't start."),
    "not_reached.ended_earlier": N_("The container ended for an earlier cause."),
    "not_checked.permission": N_("The permission %(permission)s is missing."),
    "not_checked.overruled": N_("An explicit deny or another policy refuses %(permission)s to you. Allowing it in IAM isn't enough."),
    "not_checked.denied": N_("A policy of the repository or the registry explicitly denies %(permission)s to you."),
    "not_checked.unknown": N_("AWS couldn't be read (%(problem)s)."),
    "not_checked.not_read": N_("Not read. Reading it counts as a pull in ECR's records."),
    "not_checked.no_config": N_("The manifest was read, but not the config that names the platform. To read it, name the image."),
    "not_checked.no_platform": N_("The manifest of %(image)s doesn't say for which platform it is."),
    "not_checked.other_registry": N_("It belongs to account %(account)s, and only the registry policy of your own account can be read."),
    "not_checked.organization": N_("It can't be read from this account and may still deny the pull."),
    "evidence.image": N_("The image as it is named: %(image)s"),
    "evidence.nearest": N_("Similar names that exist: %(names)s"),
    "evidence.service_elsewhere": N_("A service of this name exists in %(regions)s."),
    "evidence.repository_elsewhere": N_("A repository of this name exists in %(regions)s."),
    "evidence.repository_here": N_("A repository %(repository)s exists in %(region)s."),
    "evidence.state": N_("The service's state is %(state)s."),
    "evidence.state_code": N_("The service's state detail is %(code)s: %(message)s"),
    "evidence.role_inactive": N_("privateRegistryAccess.ecrImagePullerRole.isActive of %(service)s is false."),
    "evidence.role_was_granted": N_("The policy of %(repository)s names an image puller role of this service: it was active before."),
    "evidence.stack": N_("The service has the tag aws:cloudformation:stack-name = %(stack)s."),
    "evidence.policy_unreadable": N_("The policy text can't be read (%(problem)s)."),
    "evidence.names": N_("The policy names %(principal)s."),
    "evidence.status": N_("imageStatus is %(status)s."),
    "evidence.kms_error": N_("ecr:BatchGetImage returns KmsError for this image."),
    "evidence.media_type": N_("Its media type is %(media_type)s."),
    "evidence.moved": N_("Deployment %(version)s was created at %(deployed)s, the tag pushed at %(pushed)s."),
    "evidence.lifecycle": N_("Rule %(rule)s of the lifecycle policy selects this image."),
    "evidence.platforms": N_("Platforms in the manifest: %(platforms)s"),
    "evidence.index_empty": N_("Every entry of the index is for unknown/unknown."),
    "evidence.child": N_("The index refers to %(digest)s."),
    "evidence.size": N_("imageSizeInBytes is %(megabytes)s MB."),
    "evidence.log_line": N_("In the container's log: %(line)s"),
    "evidence.port_variable": N_("The variable PORT differs from the public endpoint's port %(port)s."),
    "evidence.took_too_long": N_("The log of deployment %(version)s says Took too long, and has no line of the container."),
    "evidence.mended": N_("Access was given or the image was restored at %(mended)s."),
    "evidence.canceled": N_("The log of deployment %(version)s says Canceled, and has no line of the container."),
    "evidence.no_lines": N_("The log of deployment %(version)s has no lines."),
}  # fmt: skip


def template(said: Sentence) -> str:
    """Return the sentence's template, to translate and fill."""
    return WORDS.get(said.code) or policy_messages.WORDS[said.code]


def say(said: Sentence) -> str:
    """Return the English sentence, for terminals, logs and programs."""
    return fill(template(said), said.params)
