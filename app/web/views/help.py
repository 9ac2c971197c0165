"""The help panel of each page: what it shows, what AWS calls it, and where AWS has the same. Pure."""

from __future__ import annotations

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


def containers() -> HelpTopic:
    """Return the topic of the list of container services."""
    return HelpTopic(
        Message(N_("Your container services in the configured Regions, and from how many repositories each can pull.")),
        Message(N_("Amazon Lightsail calls them container services. What runs in one is its current deployment.")),
        _guides(aws_links.CONTAINER_SERVICES),
        (HelpLink(Message(N_("Container services in the Lightsail console")), aws_links.LIGHTSAIL_CONSOLE),),
    )


def overview(region: str, service: str) -> HelpTopic:
    """Return the topic of a service's Overview tab."""
    return _of_service(
        region,
        service,
        N_("The state, address and capacity of this service, and its current deployment."),
        N_("Capacity is what Lightsail calls power (the size of a node) times scale (the number of nodes)."),
        aws_links.CONTAINER_SERVICES,
    )


def deployments(region: str, service: str) -> HelpTopic:
    """Return the topic of a service's Deployments tab."""
    return _of_service(
        region,
        service,
        N_("Each deployment is a numbered version of what runs. If one fails, the version before stays in use."),
        N_("Lightsail calls them deployments, with their containers, public endpoint and health check."),
        aws_links.DEPLOYMENTS,
    )


def images(region: str, service: str) -> HelpTopic:
    """Return the topic of a service's Images tab, and of its dialogs."""
    return _of_service(
        region,
        service,
        N_(
            "The private repositories this service can pull from. Add repository activates its image puller role and "
            "adds a statement to the repository policy."
        ),
        N_(
            "In the Lightsail console: Images, then Amazon ECR private repositories. In the API: "
            "privateRegistryAccess.ecrImagePullerRole."
        ),
        aws_links.PRIVATE_REPOSITORIES,
    )


def of_tab(tab: Tab, region: str, service: str) -> HelpTopic:
    """Return the topic of a tab of a service."""
    if tab is Tab.HISTORY:
        return history((region,))
    topics = {Tab.OVERVIEW: overview, Tab.DEPLOYMENTS: deployments, Tab.IMAGES: images}
    return topics[tab](region, service)


def many(region: str, service: str) -> HelpTopic:
    """Return the topic of the pages that change many repositories."""
    return _of_service(
        region,
        service,
        N_("Adds, removes or repairs many repositories in one go. Nothing changes before you confirm the preview."),
        N_("AWS has no such action: each repository has a policy of its own, and each is changed by itself."),
        aws_links.PRIVATE_REPOSITORIES,
    )


def why(region: str, service: str) -> HelpTopic:
    """Return the topic of a diagnosis."""
    return _of_service(
        region,
        service,
        N_("Looks for the reason why an image can't be pulled or doesn't run, in the order in which AWS fails."),
        N_("Lightsail reports only that a deployment failed, and keeps the log of each container."),
        aws_links.DEPLOYMENTS,
        aws_links.PRIVATE_REPOSITORIES,
    )


def operation(region: str, service: str) -> HelpTopic:
    """Return the topic of an operation's page; `service` "" for an operation of a repository alone."""
    return _of_service(
        region,
        service,
        N_("One change, step by step. It continues if you close the page, and if the server restarts."),
        N_("Its calls to AWS are UpdateContainerService, SetRepositoryPolicy and DeleteRepositoryPolicy."),
        aws_links.PRIVATE_REPOSITORIES,
        aws_links.CLOUDTRAIL,
    )


def history(regions: tuple[str, ...]) -> HelpTopic:
    """Return the topic of the history; `regions` are those of which CloudTrail is linked."""
    return HelpTopic(
        Message(N_("Every change made with Sailpass, and changes outside of it, with the policies before and after.")),
        Message(N_("AWS records each call in CloudTrail, whoever made it; open the event to see its request ID.")),
        _guides(aws_links.CLOUDTRAIL),
        tuple(
            HelpLink(Message(N_("CloudTrail in %(region)s"), {"region": region}), aws_links.cloudtrail_events(region))
            for region in regions
        ),
    )


def batch() -> HelpTopic:
    """Return the topic of a batch."""
    return HelpTopic(
        Message(N_("Many repositories changed in one go. If one fails, the others aren't affected.")),
        Message(N_("AWS has no such action: each repository has a policy of its own, and each is changed by itself.")),
        _guides(aws_links.PRIVATE_REPOSITORIES),
    )


def repositories(regions: tuple[str, ...]) -> HelpTopic:
    """Return the topic of the list of all repositories."""
    return HelpTopic(
        Message(N_("All private repositories of the configured Regions, and who can pull from each.")),
        Message(N_("AWS calls them Amazon ECR private repositories; those of one account and Region are a registry.")),
        _guides(aws_links.REPOSITORIES, aws_links.REPOSITORY_POLICIES),
        tuple(
            HelpLink(Message(N_("Repositories of %(region)s"), {"region": region}), aws_links.ecr_repositories(region))
            for region in regions
        ),
    )


def repository(region: str, uri: str, name: str) -> HelpTopic:
    """Return the topic of a repository's page; `uri`, which names its account, is "" while unknown."""
    account = uri.partition(".")[0]
    return HelpTopic(
        Message(N_("One repository: the services that can pull from it, its policy, findings, images and history.")),
        Message(N_("In the Amazon ECR console, the policy is under Permissions. AWS calls it the repository policy.")),
        _guides(aws_links.REPOSITORIES, aws_links.REPOSITORY_POLICIES),
        (
            HelpLink(
                Message(N_("%(name)s in the Amazon ECR console"), {"name": name}),
                aws_links.ecr_repository(region, account, name)
                if account.isdecimal()
                else aws_links.ecr_repositories(region),
            ),
        ),
    )


def policy(region: str, uri: str, name: str) -> HelpTopic:
    """Return the topic of a repository's policy as seen for a service."""
    about = repository(region, uri, name)
    return HelpTopic(
        Message(N_("What the repository policy means for this service, and who else it names.")),
        about.in_aws,
        _guides(aws_links.REPOSITORY_POLICIES, aws_links.REGISTRY_PERMISSIONS),
        about.consoles,
    )


def findings() -> HelpTopic:
    """Return the topic of the findings."""
    return HelpTopic(
        Message(
            N_("Statements that don't work, are too open, or will stop working, found in the policies as last read.")
        ),
        Message(N_("AWS reports none of this: Amazon ECR accepts a policy that names a wrong or deleted role.")),
        _guides(aws_links.REPOSITORY_POLICIES, aws_links.PRIVATE_REPOSITORIES),
    )


def who_can_pull() -> HelpTopic:
    """Return the topic of the page about a principal."""
    return HelpTopic(
        Message(N_("The repositories that a principal can pull from, by repository and registry policies.")),
        Message(N_("A principal is an account, a user, a role or an AWS service that a policy statement names.")),
        _guides(aws_links.REPOSITORY_POLICIES, aws_links.REGISTRY_PERMISSIONS),
    )


def permissions() -> HelpTopic:
    """Return the topic of the permissions that Sailpass needs."""
    return HelpTopic(
        Message(N_("The IAM policies that Sailpass needs, and a check of the current credentials.")),
        Message(N_("In IAM these are identity-based policies: attach one to the user or role of this server.")),
        _guides(aws_links.ECR_IAM),
        (HelpLink(Message(N_("Policies in the IAM console")), aws_links.IAM_CONSOLE),),
    )


def sign_ins() -> HelpTopic:
    """Return the topic of the sign-ins."""
    return HelpTopic(
        Message(N_("Who can use this console: browsers that are signed in, and tokens for programs.")),
        Message(N_("AWS doesn't see these users. In CloudTrail, every call is made by the identity of this server.")),
        _guides(aws_links.CLOUDTRAIL),
    )


def api() -> HelpTopic:
    """Return the topic of the API's reference."""
    return HelpTopic(
        Message(N_("The JSON API of Sailpass: everything that the pages do, for programs.")),
        Message(N_("It isn't an AWS API. Sailpass itself calls the APIs of Amazon Lightsail and Amazon ECR.")),
        _guides(aws_links.LIGHTSAIL_API, aws_links.ECR_API),
    )


def _guides(*urls: str) -> tuple[HelpLink, ...]:
    return tuple(HelpLink(Message(GUIDES[url]), url) for url in urls)


def _of_service(region: str, service: str, what: str, in_aws: str, *guides: str) -> HelpTopic:
    console = HelpLink(
        Message(N_("%(service)s in the Lightsail console"), {"service": service}),
        aws_links.lightsail_service(region, service),
    )
    return HelpTopic(Message(what), Message(in_aws), _guides(*guides), (console,) if service else ())
