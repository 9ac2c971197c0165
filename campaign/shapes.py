"""Scenarios in which every call is hit by every fault in turn, and every step is cut off: one of each kind of work."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

from campaign.scenario import (
    FOREIGN,
    KINDS,
    OWN,
    Asked,
    Document,
    Happening,
    Repository,
    Scenario,
    Service,
    document,
    fault,
    off_and_on,
    statement,
)

REPOSITORY = "shop/web"
OURS = statement("AllowLightsailPull-web", {"AWS": "{web}"})
OURS_OF_API = statement("AllowLightsailPull-api", {"AWS": "{api}"})
SHARED = statement("Shared", {"AWS": ["{web}", "{api}", f"arn:aws:iam::{OWN}:role/ci-build"]})
SHARED_BY_WEB = statement("Shared", {"AWS": ["{web}", f"arn:aws:iam::{OWN}:role/ci-build"]})
WRONG = statement("AllowLightsailPull-web", {"AWS": "{web.general}"})
WEB, API = Service("web"), Service("api")


def _shape(
    name: str, services: tuple[Service, ...], policy: Document | None, *asks: str, undo: bool = False
) -> Scenario:
    asked = tuple(Asked(kind, service, REPOSITORY) for kind, service in map(str.split, asks))
    return Scenario(name, services, (Repository(REPOSITORY, policy),), asked, undo=undo)


def _off_and_on(name: str, *policies: Document | None) -> Scenario:
    """What is removed is what was granted before: nothing else reads the policies of a campaign."""
    repositories = tuple(Repository(f"{REPOSITORY}-{number}", policy) for number, policy in enumerate(policies))
    grants = tuple(Asked("grant", "web", repository.name) for repository in repositories)
    return Scenario(name, (WEB, API), repositories, (*grants, *off_and_on("web")), one_by_one=True)


def _deploys(name: str, policy: Document, **how: bool) -> Scenario:
    asked = Asked("deploy", "web", REPOSITORY, input=(("tag", "2.0"), ("container", "app"), *how.items()))
    return Scenario(name, (WEB,), (Repository(REPOSITORY, policy),), (asked,), deployed=True)


def _batch(name: str, kind: str, services: tuple[Service, ...], policies: dict[str, Document | None]) -> Scenario:
    repositories = tuple(Repository(repository, policy) for repository, policy in policies.items())
    asks = tuple(Asked(kind, service.name, repository) for service in services for repository in policies)
    return Scenario(name, services, repositories, asks, as_batch=True)


SHAPES = {
    shape.name: shape
    for shape in (
        _shape("grant-first", (WEB,), None, "grant web"),
        _shape("grant-inactive", (Service("web", "inactive"),), document(FOREIGN[0], FOREIGN[1]), "grant web"),
        _shape("grant-among-others", (WEB, API), document(FOREIGN[2], FOREIGN[4]), "grant web", "grant api"),
        _shape("revoke-last", (WEB,), document(OURS), "revoke web"),
        _shape("revoke-shared", (WEB, API), document(SHARED, FOREIGN[1], OURS), "revoke web"),
        _shape("repair-wrong-role", (WEB,), document(WRONG, FOREIGN[3]), "repair web"),
        _batch(
            "grant-batch",
            "grant",
            (Service("web", "inactive"),),
            {"shop/web": None, "shop/base": document(FOREIGN[0], FOREIGN[1]), "shop/job": document(FOREIGN[2])},
        ),
        _batch(
            "revoke-batch",
            "revoke",
            (WEB,),
            {"shop/web": document(OURS), "shop/base": document(SHARED_BY_WEB, FOREIGN[1]), "shop/job": None},
        ),
        _batch(
            "grant-batch-for-two",
            "grant",
            (WEB, API),
            {"shop/web": None, "shop/base": document(FOREIGN[0], FOREIGN[1])},
        ),
        _batch(
            "revoke-batch-for-two", "revoke", (WEB, API), {"shop/web": document(OURS, OURS_OF_API), "shop/base": None}
        ),
        _shape("grant-and-undo", (WEB,), document(FOREIGN[0]), "grant web", undo=True),
        _off_and_on("deactivate-and-undo", None, document(FOREIGN[1])),
        _deploys("deploy", document(OURS)),
        _deploys("deploy-with-grant", document(FOREIGN[0]), grant=True, rollback=True),
        _shape("grant-and-revoke", (WEB, API), document(OURS), "grant api", "revoke web", "grant web"),
    )
}

TIMES = (1, 2)  # a fault that comes once, and one that is still there at the next try
HAPPENINGS = ("updating", "rude")
# Twice in a row is nothing else than once for these.
SINGLE = ("foreign_before", "foreign_after", "stale_read")


def hit(name: str, call: str, kind: str, times: int) -> Scenario:
    """A shape one of whose calls (an operation's name and number: SetRepositoryPolicy-1) is hit by a kind of fault."""
    operation, _, number = call.partition("-")
    shape = replace(SHAPES[name], name=f"{name}/{call}/{kind}/{times}")
    action = f"{'ecr' if 'Repositor' in operation else 'lightsail'}:{operation}"
    if kind in HAPPENINGS:
        return replace(shape, happenings=(Happening(kind, int(number), action),))
    return replace(shape, faults=(fault(kind, 1, after=int(number) - 1, times=times, action=action),))


def named(name: str) -> Scenario:
    """The shape, or the hit shape, of that name."""
    shape, *rest = name.split("/")
    if not rest:
        return SHAPES[shape]
    call, kind, times = rest
    return hit(shape, call, kind, int(times))


def hits(name: str, actions: list[str]) -> list[Scenario]:
    """Every hit of a shape that made these calls when nothing went wrong."""
    found: list[Scenario] = []
    for place, action in enumerate(actions):
        call = f"{action.partition(':')[2]}-{actions[: place + 1].count(action)}"
        for kind, pattern in KINDS.items():
            if fnmatchcase(action, pattern):
                found += [hit(name, call, kind, times) for times in TIMES if times == 1 or kind not in SINGLE]
        found += [hit(name, call, kind, 1) for kind in HAPPENINGS]
    return found
