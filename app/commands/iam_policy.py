"""`sailpass iam-policy`: the IAM policy that a person or a server needs, ready to paste. Needs no server."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING

import click

from app.commands.options import told
from app.commands.terminal import say
from app.errors import Problem
from app.messages.problems import what_happened
from app.policy.permissions import PermissionScope, guide_policy, manage_policy, read_only_policy, to_text, why_policy
from app.settings import REGION, load

if TYPE_CHECKING:
    # The SDK takes a second to import, which is spared where account and region are named.
    from app.aws.session import BotoAws

ANY = "*"
ACCOUNT = re.compile(r"\d{12}|\*")
# A repository's name, or a part of one with * for the rest, as IAM takes it.
NAME = re.compile(r"[a-z0-9*][a-z0-9._/*-]*")
KINDS = {"complete": manage_policy, "read-only": read_only_policy, "guide": guide_policy, "why": why_policy}


@click.command("iam-policy")
@click.option(
    "--named", multiple=True, metavar="REPOSITORY", help="Only for this repository, or for team/*; repeatable."
)
@click.option("--read-only", "kind", flag_value="read-only", help="See everything, change nothing.")
@click.option("--guide", "kind", flag_value="guide", help="The four actions of AWS's guide, which do not suffice.")
@click.option("--for", "command", type=click.Choice(["why"]), help="Only what this command needs.")
@click.option("--region", "regions", multiple=True, metavar="REGION", help="Repeatable; * for any.")
@click.option("--account", default="", metavar="ACCOUNT", help="12 digits, or * for any (the one of your credentials).")
def iam_policy(
    named: tuple[str, ...], kind: str | None, command: str | None, regions: tuple[str, ...], account: str
) -> None:
    """Print the IAM policy that Sailpass's AWS credentials need, as JSON.

    All that Sailpass does, unless another one is asked for; for any repository, unless some are named.
    """
    _check("--account", ACCOUNT, account or ANY)
    if kind and command:
        raise click.UsageError("--for excludes --read-only and --guide.")
    for name in named:
        _check("--named", NAME, name)
    for region in regions:
        if region != ANY:
            _check("--region", REGION, region)
    with told():
        scope = PermissionScope(account or _own_account(), _regions(regions), named)
    click.echo(to_text(KINDS[kind or command or "complete"](scope)))


def _check(option: str, shape: re.Pattern[str], value: str) -> None:
    if not shape.fullmatch(value):
        raise click.BadParameter(f"“{value}” cannot be one.", param_hint=option)


def _regions(named: tuple[str, ...]) -> tuple[str, ...]:
    """Those named, else those of the settings, else the SDK's own; empty for any."""
    chosen = named or load().regions
    if not chosen:
        own = _aws().default_region()
        chosen = (own,) if own else ()
    return () if set(chosen) & {ANY, "all"} else chosen


def _own_account() -> str:
    """The account of the present credentials, or any where AWS does not tell it."""
    try:
        return _aws().identity().caller().value.account
    except Problem as problem:
        say(f"{what_happened(problem)} The policy is for any account; name one with --account.")
        return ANY


def _aws() -> BotoAws:
    from app.aws.clients import ConnectionSettings
    from app.aws.session import BotoAws

    return BotoAws(ConnectionSettings(version=version("sailpass")))
