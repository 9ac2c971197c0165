"""The kinds of fixes: what each does on screen, as `aws` commands, as Terraform and as CloudFormation. Plain data.

The templates are filled by `fixes`. A kind has no template for a format that can't express it: no template pushes an
image. `operation` is the one that Sailpass's button starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.wording import N_


class Fix(StrEnum):
    """What fixes a cause."""

    GRANT = "grant"
    ACTIVATE = "activate"
    ENABLE = "enable"
    SET_IMAGE = "set_image"
    REDEPLOY = "redeploy"
    EDIT_POLICY = "edit_policy"
    EDIT_REGISTRY_POLICY = "edit_registry_policy"
    EXEMPT_REPOSITORY = "exempt_repository"
    PUSH = "push"
    PUSH_STORED = "push_stored"
    RESTORE_IMAGE = "restore_image"
    ENABLE_KEY = "enable_key"
    KEEP_IMAGES = "keep_images"
    CREATE_REPOSITORY = "create_repository"
    LIST_SERVICES = "list_services"
    RAISE_POWER = "raise_power"
    SET_VARIABLE = "set_variable"
    SET_COMMAND = "set_command"
    SET_HEALTH_CHECK = "set_health_check"
    READ_LOG = "read_log"
    WAIT = "wait"
    WAIT_FOR_IMAGE = "wait_for_image"


@dataclass(frozen=True)
class FixKind:
    """A kind of fix: its name, its params, and the operation of Sailpass that does it ("" for none)."""

    title: str
    aws: str = ""
    terraform: str = ""
    cloudformation: str = ""
    operation: str = ""


# Of the version in question, which `currentDeployment` is not if it failed. Whatever output format is configured.
SAVE: Final = (
    "aws lightsail get-container-service-deployments --service-name %(service)s --query %(version_query)s "
    "--output json > deployment.json\n"
)
_DEPLOY: Final = "aws lightsail create-container-service-deployment --service-name %(service)s --cli-input-json file://deployment.json"
# For a service that has no deployment to start from.
FIRST_DEPLOYMENT: Final = (
    "aws lightsail create-container-service-deployment --service-name %(service)s "
    "--containers %(first_containers)s --public-endpoint %(first_endpoint)s"
)
_CONTAINER: Final = (
    'resource "aws_lightsail_container_service_deployment_version" "%(id)s" {\n  service_name = %(service)s\n\n'
    "  container {\n    container_name = %(container)s\n%(lines)s  }\n}"
)
_CONTAINERS: Final = (
    '{"Type": "AWS::Lightsail::Container", "Properties": {"ServiceName": %(service)s, '
    '"ContainerServiceDeployment": {"Containers": [{"ContainerName": %(container)s, %(lines)s}]}}}'
)
_SERVICE: Final = '{"Type": "AWS::Lightsail::Container", "Properties": {"ServiceName": %(service)s, %(lines)s}}'


def _container(line: str) -> str:
    return _CONTAINER.replace("%(lines)s", f"    {line}\n")


def _properties(line: str) -> str:
    return _CONTAINERS.replace("%(lines)s", line)


def _edit(what: str) -> str:
    return f"{SAVE}# In deployment.json: {what}\n{_DEPLOY}"


KINDS: Final[dict[Fix, FixKind]] = {
    Fix.GRANT: FixKind(N_("Add the image puller role to the repository policy"), operation="grant"),
    Fix.ACTIVATE: FixKind(
        N_("Activate the image puller role"),
        aws="aws lightsail update-container-service --service-name %(service)s "
        "--private-registry-access 'ecrImagePullerRole={isActive=true}'",
        terraform='resource "aws_lightsail_container_service" "%(id)s" {\n  name  = %(service)s\n  power = %(power)s\n'
        "  scale = %(scale)s\n\n  # Sent when the service is created. For an existing service, also run the aws command.\n"
        "  private_registry_access {\n    ecr_image_puller_role {\n      is_active = true\n    }\n  }\n}",
        cloudformation=_SERVICE.replace(
            "%(lines)s", '"PrivateRegistryAccess": {"EcrImagePullerRole": {"IsActive": true}}'
        ),
        operation="activate",
    ),
    Fix.ENABLE: FixKind(
        N_("Enable the container service"),
        aws="aws lightsail update-container-service --service-name %(service)s --no-is-disabled",
        terraform='resource "aws_lightsail_container_service" "%(id)s" {\n  name        = %(service)s\n'
        "  power       = %(power)s\n  scale       = %(scale)s\n  is_disabled = false\n}",
        cloudformation=_SERVICE.replace("%(lines)s", '"IsDisabled": false'),
    ),
    Fix.SET_IMAGE: FixKind(
        N_("Deploy with the correct image URI"),
        aws=_edit('set "image" to %(suggested)s'),
        terraform=_container("image          = %(suggested)s"),
        cloudformation=_properties('"Image": %(suggested)s'),
    ),
    Fix.REDEPLOY: FixKind(
        N_("Deploy again"),
        aws=_edit('check that "image" is %(image)s'),
        terraform=_container("image          = %(image)s"),
        cloudformation=_properties('"Image": %(image)s'),
    ),
    Fix.EDIT_POLICY: FixKind(
        N_("Change the statement in the repository policy"),
        aws="aws ecr get-repository-policy --registry-id %(registry)s --repository-name %(repository)s "
        "--query policyText --output text > sailpass-policy.json\n# In sailpass-policy.json: change statement %(statement)s\n"
        "aws ecr set-repository-policy --registry-id %(registry)s --repository-name %(repository)s "
        "--policy-text file://sailpass-policy.json",
        terraform='resource "aws_ecr_repository_policy" "%(repository_id)s" {\n  repository = %(repository)s\n'
        '  policy     = file("sailpass-policy.json") # with statement %(statement)s changed\n}',
        cloudformation='{"Type": "AWS::ECR::Repository", "Metadata": {"Change": %(statement)s}, '
        '"Properties": {"RepositoryName": %(repository)s, "RepositoryPolicyText": %(policy_document)s}}',
    ),
    Fix.EDIT_REGISTRY_POLICY: FixKind(
        N_("Change the statement in the registry policy"),
        aws="aws ecr get-registry-policy --query policyText --output text > registry-policy.json\n"
        "# In registry-policy.json: change statement %(statement)s\n"
        "aws ecr put-registry-policy --policy-text file://registry-policy.json",
        terraform='resource "aws_ecr_registry_policy" "registry" {\n'
        '  policy = file("registry-policy.json") # with statement %(statement)s changed\n}',
        cloudformation='{"Type": "AWS::ECR::RegistryPolicy", "Metadata": {"Change": %(statement)s}, '
        '"Properties": {"PolicyText": %(registry_document)s}}',
    ),
    Fix.EXEMPT_REPOSITORY: FixKind(
        N_("Ask the organization's administrators; where they use the AWS sample policy, add its exemption tag"),
        aws="aws ecr tag-resource --resource-arn %(repository_arn)s --tags Key=dp:exclude:identity,Value=true",
        terraform='resource "aws_ecr_repository" "%(repository_id)s" {\n  name = %(repository)s\n'
        '  tags = { "dp:exclude:identity" = "true" }\n}',
        cloudformation='{"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": %(repository)s, '
        '"Tags": [{"Key": "dp:exclude:identity", "Value": "true"}]}}',
    ),
    Fix.PUSH: FixKind(
        N_("Build the image for linux/amd64 and push it"),
        aws="aws ecr get-login-password | docker login --username AWS --password-stdin %(pushed_host)s\n"
        "docker buildx build --platform linux/amd64 --provenance=false --tag %(pushed)s --push .",
    ),
    Fix.PUSH_STORED: FixKind(
        N_("Push the image to the container service"),
        aws="docker buildx build --platform linux/amd64 --provenance=false --tag %(label)s --load .\n"
        "aws lightsail push-container-image --service-name %(service)s --label %(label)s --image %(label)s",
    ),
    Fix.RESTORE_IMAGE: FixKind(
        N_("Restore the archived image"),
        aws="aws ecr update-image-storage-class --registry-id %(registry)s --repository-name %(repository)s "
        "--image-id %(image_id)s --target-storage-class STANDARD",
    ),
    Fix.KEEP_IMAGES: FixKind(
        N_("Keep deployed images in the lifecycle policy"),
        aws="aws ecr get-lifecycle-policy --registry-id %(registry)s --repository-name %(repository)s "
        "--query lifecyclePolicyText --output text > lifecycle.json\n# In lifecycle.json: change rule %(rule)s\n"
        "aws ecr put-lifecycle-policy --registry-id %(registry)s --repository-name %(repository)s "
        "--lifecycle-policy-text file://lifecycle.json",
        terraform='resource "aws_ecr_lifecycle_policy" "%(repository_id)s" {\n  repository = %(repository)s\n'
        '  policy     = file("lifecycle.json") # with rule %(rule)s changed\n}',
        cloudformation='{"Type": "AWS::ECR::Repository", "Metadata": {"Change": %(rule)s}, "Properties": '
        '{"RepositoryName": %(repository)s, "LifecyclePolicy": {"LifecyclePolicyText": %(lifecycle_text)s}}}',
    ),
    Fix.CREATE_REPOSITORY: FixKind(
        N_("Create the repository"),
        aws="aws ecr create-repository --repository-name %(repository)s",
        terraform='resource "aws_ecr_repository" "%(repository_id)s" {\n  name = %(repository)s\n}',
        cloudformation='{"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": %(repository)s}}',
    ),
    Fix.ENABLE_KEY: FixKind(
        N_("Enable the KMS key"),
        aws="aws ecr describe-repositories --registry-id %(registry)s --repository-names %(repository)s "
        "--query 'repositories[0].encryptionConfiguration.kmsKey' --output text\n"
        "# Replace KEY with the ARN that the first command prints\n"
        "aws kms describe-key --key-id KEY --query KeyMetadata.KeyState --output text\n"
        "# For PendingDeletion, cancel the deletion first: aws kms cancel-key-deletion --key-id KEY\n"
        "aws kms enable-key --key-id KEY",
    ),
    Fix.LIST_SERVICES: FixKind(
        N_("List the container services"),
        aws="aws lightsail get-container-services --query 'containerServices[].containerServiceName' --output text",
    ),
    Fix.RAISE_POWER: FixKind(
        N_("Choose a larger power; it costs more"),
        aws="aws lightsail update-container-service --service-name %(service)s --power %(next_power)s",
        terraform='resource "aws_lightsail_container_service" "%(id)s" {\n  name  = %(service)s\n'
        "  power = %(next_power)s\n  scale = %(scale)s\n}",
        cloudformation=_SERVICE.replace("%(lines)s", '"Power": %(next_power)s'),
    ),
    Fix.SET_VARIABLE: FixKind(
        N_("Set the environment variable"),
        aws=_edit('add %(variable)s to the "environment" of %(container)s'),
        terraform=_container("environment    = { %(variable)s = var.%(variable_id)s }"),
        cloudformation=_properties('"Environment": [{"Variable": %(variable)s, "Value": {"Ref": "Value"}}]'),
    ),
    Fix.SET_COMMAND: FixKind(
        N_("Correct the container's command"),
        aws=_edit('correct the "command" of %(container)s, or remove it to use the one of the image'),
        terraform=_container("command        = [] # the one of the image"),
        cloudformation=_properties('"Command": []'),
    ),
    Fix.SET_HEALTH_CHECK: FixKind(
        N_("Correct the public endpoint's port or health check"),
        # Lightsail takes only a port that is among the container's own.
        aws=_edit(
            'correct "containerPort" and "healthCheck" of "publicEndpoint" (now port %(port)s, path %(path)s), '
            'and add the port to the "ports" of %(container)s'
        ),
        terraform='resource "aws_lightsail_container_service_deployment_version" "%(id)s" {\n'
        "  service_name = %(service)s\n\n  container {\n    container_name = %(container)s\n"
        '    ports          = { "%(right_port)s" = "HTTP" }\n  }\n\n'
        "  public_endpoint {\n    container_name = %(container)s\n"
        "    container_port = %(right_port)s\n    health_check {\n      path = %(path)s\n    }\n  }\n}",
        cloudformation='{"Type": "AWS::Lightsail::Container", "Properties": {"ServiceName": %(service)s, '
        '"ContainerServiceDeployment": {"Containers": [{"ContainerName": %(container)s, '
        '"Ports": [{"Port": "%(right_port)s", "Protocol": "HTTP"}]}], "PublicEndpoint": {"ContainerName": %(container)s, "ContainerPort": %(right_port)s, '
        '"HealthCheckConfig": {"Path": %(path)s}}}}}',
    ),
    Fix.READ_LOG: FixKind(
        N_("Read the container's log"),
        aws="aws lightsail get-container-log --service-name %(service)s --container-name %(container)s",
    ),
    Fix.WAIT: FixKind(
        N_("Wait, then check again"),
        aws="aws lightsail get-container-services --service-name %(service)s --query %(waits_for)s --output text",
    ),
    Fix.WAIT_FOR_IMAGE: FixKind(
        N_("Wait, then check again"),
        aws="aws ecr describe-images --registry-id %(registry)s --repository-name %(repository)s --image-ids %(image_id)s "
        "--query 'imageDetails[0].imageStatus' --output text",
    ),
}

# In place of REDEPLOY for an image that no deployment runs.
DEPLOY: Final = FixKind(
    N_("Deploy this image"),
    aws=_edit('set "image" to %(image)s'),
    terraform=KINDS[Fix.REDEPLOY].terraform,
    cloudformation=KINDS[Fix.REDEPLOY].cloudformation,
)
