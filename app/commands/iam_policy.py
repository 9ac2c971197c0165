"""`sailpass iam-policy`: the IAM policy that a person or a server needs, ready to paste. Needs no server."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING

import click

from app.commands.options import not_empty, told
from app.commands.terminal import say
from app.errors import Problem
from app.messages.problems import what_happened
from app.policy.permissions import (
    PermissionScope,
    ci_policy,
    deploy_policy,
    github_trust,
    guide_policy,
    manage_policy,
    read_only_policy,
    to_text,
    why_policy,
)
from app.settings import REGION, load

if TYPE_CHECKING:
    # The SDK takes a second to import, so it is not imported if account and region are given.
    from app.aws.session import BotoAws

ANY = "*"
MAIN = "refs/heads/main"
ACCOUNT = re.compile(r"\d{12}|\*")
# A repository name, or a part of one with *, as IAM accepts it.
NAME = re.compile(r"[a-z0-9*][a-z0-9._/*-]*")
GITHUB = re.compile(r"[\w.-]+/[\w.-]+")
KINDS = {
    "complete": manage_policy,
    "read-only": read_only_policy,
    "guide": guide_policy,
    "why": why_policy,
    "deploy": deploy_policy,
    "ci": ci_policy,
}


@click.command("iam-policy")
@click.option(
    "--named",
    multiple=True,
    metavar="REPOSITORY",
    help="Only for this repository, or a pattern such as team/*; repeatable.",
)
@click.option("--read-only", "kind", flag_value="read-only", help="See everything, change nothing.")
@click.option("--guide", "kind", flag_value="guide", help="Only the four actions in AWS's guide, which aren't enough.")
@click.option(
    "--for",
    "command",
    type=click.Choice(["why", "deploy", "ci"]),
    help="Only what this command needs; ci: deploy where access already exists.",
)
@click.option(
    "--service",
    "services",
    multiple=True,
    metavar="SERVICE",
    callback=not_empty,
    help="Only for this service; repeatable.",
)
@click.option(
    "--trust-github",
    "github",
    default="",
    metavar="OWNER/NAME",
    help="The trust policy for GitHub Actions jobs of this repository.",
)
@click.option(
    "--ref",
    metavar="REF",
    callback=not_empty,
    help="Only jobs of this branch or ref (* for a part), environment:NAME, or pull_request (refs/heads/main).",
)
@click.option("--region", "regions", multiple=True, metavar="REGION", help="A Region, repeatable; * for any.")
@click.option("--account", default="", metavar="ACCOUNT", help="12 digits, or * for any (the one of your credentials).")
def iam_policy(
    *,
    named: tuple[str, ...],
    kind: str | None,
    command: str | None,
    services: tuple[str, ...],
    github: str,
    ref: str | None,
    regions: tuple[str, ...],
    account: str,
) -> None:
    """Print the IAM policy that Sailpass's AWS credentials need, as JSON.

    By default it allows everything Sailpass does, on any repository. With --trust-github, print the trust policy of
    the role that has it.
    """
    _check("--account", ACCOUNT, account or ANY, "write 12 digits, or * for any")
    if kind and command:
        raise click.UsageError("--for excludes --read-only and --guide.")
    if github and (kind or command or named or services or regions):
        raise click.UsageError("--trust-github prints the trust policy alone; use only --ref and --account with it.")
    if ref and not github:
        raise click.UsageError("--ref belongs to --trust-github.")
    for name in named:
        _check("--named", NAME, name, "write a repository's name, or a part of one with *")
    for region in regions:
        if region != ANY:
            _check("--region", REGION, region, "write for example us-east-1, or * for any")
    with told():
        if github:
            _check("--trust-github", GITHUB, github, "write OWNER/NAME")
            policy = github_trust(_one_account(account), github, ref or MAIN)
        else:
            chosen = _regions(regions)
            arns = _service_arns(services, chosen)
            scope = PermissionScope(account or _own_account(), chosen, named, services=arns)
            policy = KINDS[kind or command or "complete"](scope)
    click.echo(to_text(policy))


def _one_account(account: str) -> str:
    """The account of a role. Raises BadParameter where it isn't known."""
    needed = "A trust policy needs the account's 12 digits."
    if account == ANY:
        raise click.BadParameter(needed, param_hint="--account")
    try:
        return account or _aws().identity().caller().value.account
    except Problem as problem:
        raise click.BadParameter(f"{what_happened(problem)} {needed}", param_hint="--account") from problem


def _service_arns(names: tuple[str, ...], regions: tuple[str, ...]) -> tuple[str, ...]:
    """The ARNs of services, which end with an id that only AWS knows. Raises Problem `service.not_found`."""
    if not names:
        return ()
    aws = _aws()
    region = regions[0] if regions else aws.default_region()
    if not region:
        raise Problem("aws.no_region")
    return tuple(aws.services(region).get_service(name).value.arn for name in names)


def _check(option: str, shape: re.Pattern[str], value: str, todo: str) -> None:
    if not shape.fullmatch(value):
        raise click.BadParameter(f"“{value}” isn't valid; {todo}.", param_hint=option)


def _regions(named: tuple[str, ...]) -> tuple[str, ...]:
    """Return the given regions, else those of the settings, else the SDK's own; empty for any."""
    chosen = named or load().regions
    if not chosen:
        own = _aws().default_region()
        chosen = (own,) if own else ()
    return () if set(chosen) & {ANY, "all"} else chosen


def _own_account() -> str:
    """Return the account of the current credentials, or any account if AWS does not return it."""
    try:
        return _aws().identity().caller().value.account
    except Problem as problem:
        say(f"{what_happened(problem)} The policy is for any account; name one with --account.")
        return ANY


def _aws() -> BotoAws:
    from app.aws.clients import ConnectionSettings
    from app.aws.session import BotoAws

    return BotoAws(ConnectionSettings(version=version("sailpass")))
