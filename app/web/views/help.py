"""The help panel of each page: what it shows, what AWS calls it, and where AWS has the same. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.web import aws_links
from app.web.views.frame import Tab
from app.wording import N_, Message


@dataclass(frozen=True)
class HelpLink:
    """A page of AWS."""

    text: Message
    url: str


@dataclass(frozen=True)
class HelpTopic:
    """What a page is about. `guides` are AWS's documentation; `consoles` its console, which knows no sandbox."""

    what: Message
    in_aws: Message
    guides: tuple[HelpLink, ...]
    consoles: tuple[HelpLink, ...] = ()


GUIDES = {
    aws_links.CONTAINER_SERVICES: N_("Container services"),
    aws_links.DEPLOYMENTS: N_("Deployments of a container service"),
    aws_links.PRIVATE_REPOSITORIES: N_("Access to Amazon ECR private repositories"),
    aws_links.REPOSITORIES: N_("Amazon ECR private repositories"),
    aws_links.REPOSITORY_POLICIES: N_("Repository policies"),
    aws_links.REGISTRY_PERMISSIONS: N_("Registry policies"),
    aws_links.ECR_IAM: N_("IAM for Amazon ECR"),
    aws_links.CLOUDTRAIL: N_("Amazon ECR calls in AWS CloudTrail"),
    aws_links.LIGHTSAIL_API: N_("Amazon Lightsail API reference"),
    aws_links.ECR_API: N_("Amazon ECR API reference"),
}
_EACH_BY_ITSELF = N_("AWS has no such action: each repository has a policy of its own, and each is changed by itself.")
_IN_ECR = N_("In the Amazon ECR console, the policy is under Permissions. AWS calls it the repository policy.")
# What a page shows, what to know about it in AWS, and AWS's guides.
_TOPICS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "containers": (
        N_("Your container services in the configured Regions, and from how many repositories each can pull."),
        N_("Amazon Lightsail calls them container services. What runs in one is its current deployment."),
        (aws_links.CONTAINER_SERVICES,),
    ),
    "overview": (
        N_("The state, address and capacity of this service, and its current deployment."),
        N_("Capacity is what Lightsail calls power (the size of a node) times scale (the number of nodes)."),
        (aws_links.CONTAINER_SERVICES,),
    ),
    "deployments": (
        N_("Each deployment is a numbered version of what runs. If one fails, the version before stays in use."),
        N_("Lightsail calls them deployments, with their containers, public endpoint and health check."),
        (aws_links.DEPLOYMENTS,),
    ),
    "images": (
        N_(
            "The private repositories this service can pull from. Add repository activates its image puller role and "
            "adds a statement to the repository policy."
        ),
        N_(
            "In the Lightsail console: Images, then Amazon ECR private repositories. In the API: "
            "privateRegistryAccess.ecrImagePullerRole."
        ),
        (aws_links.PRIVATE_REPOSITORIES,),
    ),
    "many": (
        N_("Adds, removes or repairs many repositories in one go. Nothing changes before you confirm the preview."),
        _EACH_BY_ITSELF,
        (aws_links.PRIVATE_REPOSITORIES,),
    ),
    "batch": (
        N_("Many repositories changed in one go. If one fails, the others aren't affected."),
        _EACH_BY_ITSELF,
        (aws_links.PRIVATE_REPOSITORIES,),
    ),
    "why": (
        N_("Looks for the reason why an image can't be pulled or doesn't run, in the order in which AWS fails."),
        N_("Lightsail reports only that a deployment failed, and keeps the log of each container."),
        (aws_links.DEPLOYMENTS, aws_links.PRIVATE_REPOSITORIES),
    ),
    "operation": (
        N_("One change, step by step. It continues if you close the page, and if the server restarts."),
        N_("Its calls to AWS are UpdateContainerService, SetRepositoryPolicy and DeleteRepositoryPolicy."),
        (aws_links.PRIVATE_REPOSITORIES, aws_links.CLOUDTRAIL),
    ),
    "history": (
        N_("Every change made with Sailpass, and changes outside of it, with the policies before and after."),
        N_("AWS records each call in CloudTrail, whoever made it; open the event to see its request ID."),
        (aws_links.CLOUDTRAIL,),
    ),
    "repositories": (
        N_("All private repositories of the configured Regions, and who can pull from each."),
        N_("AWS calls them Amazon ECR private repositories; those of one account and Region are a registry."),
        (aws_links.REPOSITORIES, aws_links.REPOSITORY_POLICIES),
    ),
    "repository": (
        N_("One repository: the services that can pull from it, its policy, findings, images and history."),
        _IN_ECR,
        (aws_links.REPOSITORIES, aws_links.REPOSITORY_POLICIES),
    ),
    "policy": (
        N_("What the repository policy means for this service, and who else it names."),
        _IN_ECR,
        (aws_links.REPOSITORY_POLICIES, aws_links.REGISTRY_PERMISSIONS),
    ),
    "findings": (
        N_("Statements that don't work, are too open, or will stop working, found in the policies as last read."),
        N_("AWS reports none of this: Amazon ECR accepts a policy that names a wrong or deleted role."),
        (aws_links.REPOSITORY_POLICIES, aws_links.PRIVATE_REPOSITORIES),
    ),
    "who-can-pull": (
        N_("The repositories that a principal can pull from, by repository and registry policies."),
        N_("A principal is an account, a user, a role or an AWS service that a policy statement names."),
        (aws_links.REPOSITORY_POLICIES, aws_links.REGISTRY_PERMISSIONS),
    ),
    "permissions": (
        N_("The IAM policies that Sailpass needs, and a check of the current credentials."),
        N_("In IAM these are identity-based policies: attach one to the user or role of this server."),
        (aws_links.ECR_IAM,),
    ),
    "sign-ins": (
        N_("Who can use this console: browsers that are signed in, and tokens for programs."),
        N_("AWS doesn't see these users. In CloudTrail, every call is made by the identity of this server."),
        (aws_links.CLOUDTRAIL,),
    ),
    "api": (
        N_("The JSON API of Sailpass: everything that the pages do, for programs."),
        N_("It isn't an AWS API. Sailpass itself calls the APIs of Amazon Lightsail and Amazon ECR."),
        (aws_links.LIGHTSAIL_API, aws_links.ECR_API),
    ),
}
_CONSOLES = {
    "containers": HelpLink(Message(N_("Container services in the Lightsail console")), aws_links.LIGHTSAIL_CONSOLE),
    "permissions": HelpLink(Message(N_("Policies in the IAM console")), aws_links.IAM_CONSOLE),
}
_TABS = {Tab.OVERVIEW: "overview", Tab.DEPLOYMENTS: "deployments", Tab.IMAGES: "images"}


def topic(name: str, *consoles: HelpLink) -> HelpTopic:
    """Return a page's topic by its key in `_TOPICS`; `consoles` are those of what is on the page."""
    what, in_aws, guides = _TOPICS[name]
    own = (_CONSOLES[name],) if name in _CONSOLES else ()
    return HelpTopic(
        Message(what), Message(in_aws), tuple(HelpLink(Message(GUIDES[url]), url) for url in guides), (*own, *consoles)
    )


def of_service(name: str, region: str, service: str) -> HelpTopic:
    """Return the topic of a page about a service; `service` "" for an operation of a repository alone."""
    text = Message(N_("%(service)s in the Lightsail console"), {"service": service})
    return topic(name, *([HelpLink(text, aws_links.lightsail_service(region, service))] if service else []))


def of_tab(tab: Tab, region: str, service: str) -> HelpTopic:
    """Return the topic of a tab of a service."""
    return history((region,)) if tab is Tab.HISTORY else of_service(_TABS[tab], region, service)


def history(regions: Iterable[str]) -> HelpTopic:
    """Return the topic of the history; `regions` are those of which CloudTrail is linked."""
    text = N_("CloudTrail in %(region)s")
    return topic("history", *(_of_region(text, region, aws_links.cloudtrail_events) for region in regions))


def repositories(regions: Iterable[str]) -> HelpTopic:
    """Return the topic of the list of all repositories."""
    text = N_("Repositories of %(region)s")
    return topic("repositories", *(_of_region(text, region, aws_links.ecr_repositories) for region in regions))


def of_repository(name: str, region: str, uri: str, repository: str) -> HelpTopic:
    """Return the topic of a page about a repository; `uri`, which names its account, is "" while unknown."""
    account = uri.partition(".")[0]
    is_account = account.isdecimal()
    url = aws_links.ecr_repository(region, account, repository) if is_account else aws_links.ecr_repositories(region)
    return topic(name, HelpLink(Message(N_("%(name)s in the Amazon ECR console"), {"name": repository}), url))


def _of_region(text: str, region: str, url: Callable[[str], str]) -> HelpLink:
    return HelpLink(Message(text, {"region": region}), url(region))
