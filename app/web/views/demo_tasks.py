"""What to try in the demo: what its data holds that goes wrong in real accounts. Pure.

The names are those of the sandbox's data; a test visits each address and looks for what is promised there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from app.web import links
from app.wording import N_, Message

MAIN, TOKYO = "us-east-1", "ap-northeast-1"


@dataclass(frozen=True)
class DemoTask:
    """One thing to try: the service that it is about, where it begins, and what to do there."""

    region: str
    service: str
    address: str
    text: Message


TASKS = (
    DemoTask(
        MAIN,
        "payments-api",
        links.images(MAIN, "payments-api"),
        Message(
            N_("Add payments/api. The role is inactive: see it activated, the policy written and the access verified.")
        ),
    ),
    DemoTask(
        MAIN,
        "reporting",
        links.images(MAIN, "reporting"),
        Message(N_("A policy names the wrong role ARN. ECR accepts it, and deployments fail. Choose Repair access.")),
    ),
    DemoTask(
        MAIN,
        "payments-api",
        links.policy(MAIN, "payments-api", "payments/ledger"),
        Message(N_("An explicit deny overrides every allow. Add payments/ledger and see the reason.")),
    ),
    DemoTask(
        MAIN,
        "batch-worker",
        links.policy(MAIN, "batch-worker", "payments/worker"),
        Message(N_("A deleted principal makes ECR refuse every change to a policy. Remove it.")),
    ),
    DemoTask(
        TOKYO,
        "tokyo-api",
        links.policy(TOKYO, "tokyo-api", "tokyo/inbox"),
        Message(N_("Every AWS account can push images to tokyo/inbox. The policy page warns of it.")),
    ),
    DemoTask(
        TOKYO,
        "tokyo-api",
        links.policy(TOKYO, "tokyo-api", "tokyo/partners"),
        Message(N_("A partner's account is closed. Add tokyo/partners and see which principal ECR can't find.")),
    ),
)


def tasks_for(services: Collection[tuple[str, str]]) -> tuple[DemoTask, ...]:
    """Return what to try in an account that has `services`, as (region, name): all of it in the demo, else nothing."""
    is_demo = all((task.region, task.service) in services for task in TASKS)
    return TASKS if is_demo else ()
