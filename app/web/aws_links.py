"""URLs of AWS's guides and of its console's pages, with the Region and the name filled in. Pure."""

from __future__ import annotations

from urllib.parse import quote, urlencode

LIGHTSAIL_GUIDE = "https://docs.aws.amazon.com/lightsail/latest/userguide/"
ECR_GUIDE = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/"

CONTAINER_SERVICES = LIGHTSAIL_GUIDE + "amazon-lightsail-container-services.html"
DEPLOYMENTS = LIGHTSAIL_GUIDE + "amazon-lightsail-container-services-deployments.html"
PRIVATE_REPOSITORIES = LIGHTSAIL_GUIDE + "amazon-lightsail-container-service-ecr-private-repo-access.html"
REPOSITORIES = ECR_GUIDE + "Repositories.html"
REPOSITORY_POLICIES = ECR_GUIDE + "repository-policies.html"
REGISTRY_PERMISSIONS = ECR_GUIDE + "registry-permissions.html"
ECR_IAM = ECR_GUIDE + "security-iam.html"
CLOUDTRAIL = ECR_GUIDE + "logging-using-cloudtrail.html"
LIGHTSAIL_API = "https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/Welcome.html"
ECR_API = "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/Welcome.html"

LIGHTSAIL_CONSOLE = "https://lightsail.aws.amazon.com/ls/webapp/home/containers"
IAM_CONSOLE = "https://console.aws.amazon.com/iam/home#/policies"


def lightsail_service(region: str, service: str) -> str:
    """Return the Lightsail console's page of a container service."""
    return f"https://lightsail.aws.amazon.com/ls/webapp/{_part(region)}/container-services/{_part(service)}/deployments"


def ecr_repositories(region: str) -> str:
    """Return the Amazon ECR console's list of a Region's private repositories."""
    return f"https://{_part(region)}.console.aws.amazon.com/ecr/repositories?{urlencode({'region': region})}"


def ecr_repository(region: str, account: str, repository: str) -> str:
    """Return the Amazon ECR console's page of a private repository."""
    path = f"{_part(account)}/{quote(repository, safe='/')}?{urlencode({'region': region})}"
    return f"https://{_part(region)}.console.aws.amazon.com/ecr/repositories/private/{path}"


def cloudtrail_events(region: str) -> str:
    """Return the CloudTrail console's list of a Region's events."""
    query = urlencode({"region": region})
    return f"https://{_part(region)}.console.aws.amazon.com/cloudtrailv2/home?{query}#/events?ReadOnly=false"


def _part(text: str) -> str:
    return quote(text, safe="")
