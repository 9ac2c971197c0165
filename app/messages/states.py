"""The words and the tone of every state that pages show: services, deployments, roles, access, batches, steps. Plain data."""

from __future__ import annotations

from app.console.access import AccessStatus
from app.console.services import RoleState
from app.operations.state import Outcome, StepState
from app.policy.finding import Severity
from app.wording import N_

SERVICE_STATES = {
    "PENDING": N_("Pending"),
    "READY": N_("Ready"),
    "DEPLOYING": N_("Deploying"),
    "RUNNING": N_("Running"),
    "UPDATING": N_("Updating"),
    "DELETING": N_("Deleting"),
    "DISABLED": N_("Disabled"),
}
SERVICE_STATE_EXPLAINED = {
    "PENDING": N_("AWS is creating the service."),
    "READY": N_("The service is ready, but nothing is deployed on it yet."),
    "DEPLOYING": N_("A deployment is being started. Changes to the role wait until it ends."),
    "RUNNING": N_("The service is up, and the current deployment is active."),
    "UPDATING": N_("AWS is changing the service's capacity or settings. Further changes wait until it ends."),
    "DELETING": N_("AWS is deleting the service."),
    "DISABLED": N_("The service is switched off: it runs no containers and its address does not answer."),
}
STATE_DETAILS = {
    "CREATING_SYSTEM_RESOURCES": N_("Creating system resources"),
    "CREATING_NETWORK_INFRASTRUCTURE": N_("Creating the network"),
    "PROVISIONING_CERTIFICATE": N_("Provisioning the certificate"),
    "PROVISIONING_SERVICE": N_("Provisioning the service"),
    "CREATING_DEPLOYMENT": N_("Creating the deployment"),
    "EVALUATING_HEALTH_CHECK": N_("Evaluating the health check"),
    "ACTIVATING_DEPLOYMENT": N_("Activating the deployment"),
    "CERTIFICATE_LIMIT_EXCEEDED": N_("The certificate limit of the account is reached"),
    "UNKNOWN_ERROR": N_("AWS reports an unknown error"),
}
STATE_DETAIL_EXPLAINED = {
    "CREATING_SYSTEM_RESOURCES": N_("AWS is creating the service's resources."),
    "CREATING_NETWORK_INFRASTRUCTURE": N_("AWS is creating the service's network."),
    "PROVISIONING_CERTIFICATE": N_("AWS is creating the SSL/TLS certificate of the service's address."),
    "PROVISIONING_SERVICE": N_("AWS is preparing the service."),
    "CREATING_DEPLOYMENT": N_("AWS is pulling the images and starting the containers."),
    "EVALUATING_HEALTH_CHECK": N_("The containers have started; AWS is checking their health."),
    "ACTIVATING_DEPLOYMENT": N_("The containers are healthy; traffic is being moved to them."),
    "CERTIFICATE_LIMIT_EXCEEDED": N_(
        "Delete an unused certificate in Lightsail or ask AWS to raise the limit; the service cannot start before."
    ),
    "UNKNOWN_ERROR": N_("Check the service in the Lightsail console, and contact AWS Support if this persists."),
}
DEPLOYMENT_STATES = {
    "ACTIVATING": N_("Activating"),
    "ACTIVE": N_("Active"),
    "INACTIVE": N_("Inactive"),
    "FAILED": N_("Failed"),
}
POWERS = {
    "nano": N_("Nano"),
    "micro": N_("Micro"),
    "small": N_("Small"),
    "medium": N_("Medium"),
    "large": N_("Large"),
    "xlarge": N_("Xlarge"),
}
ACCESS = {
    AccessStatus.ALLOWED: N_("Allowed"),
    AccessStatus.CONDITIONAL: N_("Conditional"),
    AccessStatus.PARTLY: N_("Incomplete"),
    AccessStatus.DENIED: N_("Denied"),
    AccessStatus.WRONG_ROLE: N_("Wrong role ARN"),
    AccessStatus.STALE: N_("Stale grant"),
    AccessStatus.INACTIVE: N_("Role inactive"),
    AccessStatus.NOT_ALLOWED: N_("Not allowed"),
    AccessStatus.UNREAD: N_("Not read yet"),
    AccessStatus.UNREADABLE: N_("Cannot be read"),
}
ROLE_STATES = {
    RoleState.ACTIVE: N_("Active"),
    RoleState.INACTIVE: N_("Inactive"),
    RoleState.ACTIVATING: N_("Activating"),
    RoleState.DEACTIVATING: N_("Deactivating"),
    RoleState.UNKNOWN: N_("Not read yet"),
}
PLAN_STATES = {
    "changes": N_("Will change"),
    "unchanged": N_("No change needed"),
    "refused": N_("Would be refused"),
    "unread": N_("Not read yet"),
}
PLAN_TONES = {"changes": "info", "unchanged": "off", "refused": "error", "unread": "warning"}
BATCH_DONE = N_("%(done)s of %(total)s repositories processed")
SEVERITIES = {
    Severity.ERROR: N_("Error"),
    Severity.WARNING: N_("Warning"),
    Severity.INFO: N_("Info"),
}
STILL_RUNNING = N_("In progress")
WAITING = N_("Waiting")

# The colour and icon of a label: success, progress, info, warning, error or off.
TONES: dict[str, str] = {
    "PENDING": "progress",
    "READY": "success",
    "DEPLOYING": "progress",
    "RUNNING": "success",
    "UPDATING": "progress",
    "DELETING": "progress",
    "DISABLED": "off",
    "ACTIVATING": "progress",
    "ACTIVE": "success",
    "INACTIVE": "off",
    "FAILED": "error",
    AccessStatus.ALLOWED: "success",
    AccessStatus.CONDITIONAL: "warning",
    AccessStatus.PARTLY: "warning",
    AccessStatus.DENIED: "error",
    AccessStatus.WRONG_ROLE: "error",
    AccessStatus.STALE: "error",
    AccessStatus.INACTIVE: "warning",
    AccessStatus.NOT_ALLOWED: "off",
    AccessStatus.UNREAD: "off",
    AccessStatus.UNREADABLE: "error",
    RoleState.ACTIVE: "success",
    RoleState.INACTIVE: "off",
    RoleState.ACTIVATING: "progress",
    RoleState.DEACTIVATING: "progress",
    RoleState.UNKNOWN: "off",
    StepState.PENDING: "off",
    StepState.RUNNING: "progress",
    StepState.SUCCEEDED: "success",
    StepState.SKIPPED: "success",
    StepState.FAILED: "error",
    StepState.CANCELLED: "off",
    StepState.INTERRUPTED: "warning",
    Outcome.NOTHING_TO_DO: "success",
}
