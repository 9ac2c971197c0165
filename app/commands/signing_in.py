"""`sailpass sign-in-link`, `session` and `token`: for users who can read and write the server's own database."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from app.commands.options import show_json, told
from app.commands.terminal import plain, say
from app.settings import Settings, load
from app.urls import server_address

if TYPE_CHECKING:
    from app.auth.sessions import SessionFacts
    from app.auth.sign_in_links import LinkFacts
    from app.auth.tokens import TokenFacts

# Slow imports happen in the command that needs them.

SCOPES = ("metrics", "read", "change")


Command = TypeVar("Command", bound=Callable[..., Any])


def _database(command: Command) -> Command:
    data_dir = click.option(
        "--data-dir", default=None, type=click.Path(path_type=Path), help="The server's data folder (data)."
    )
    return data_dir(click.option("--database-url", default=None, help="The server's database.")(command))


def _settings(data_dir: Path | None, database_url: str | None) -> Settings:
    return load(data_dir=data_dir, database_url=database_url)


def _listing(what: str) -> Callable[[Command], Command]:
    """Add the options `--list` and `--json`."""

    def add(command: Command) -> Command:
        as_json = click.option("--json", "as_json", is_flag=True, help="With --list: print only one JSON object.")
        return click.option("--list", "listing", is_flag=True, help=f"List {what}, without secrets.")(as_json(command))

    return add


def _revoke(what: str) -> Callable[[Command], Command]:
    """Add the options `--revoke ID` and `--revoke --all`."""
    return click.option("--revoke", is_flag=False, flag_value="", default=None, metavar="[ID|--all]", help=what)


@dataclass(frozen=True)
class Managing:
    """What the options of `_manages` ask for."""

    listing: bool
    as_json: bool
    revoke: str | None
    everything: bool
    data_dir: Path | None
    database_url: str | None

    def check(self) -> None:
        """Raise click.UsageError where the options exclude each other."""
        _check_json(listing=self.listing, as_json=self.as_json)
        if self.listing and self.revoke is not None:
            raise click.UsageError("--list and --revoke exclude each other.")
        if self.everything and self.revoke is None:
            raise click.UsageError("--all belongs to --revoke.")
        if self.revoke is not None and bool(self.revoke) == self.everything:
            raise click.UsageError("Use --revoke ID or --revoke --all; --list shows the IDs.")


def _manages(listed: str, revoke: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options of a command that lists and revokes; it gets a checked `Managing`."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(**given: Any) -> None:
            managing = Managing(**{field.name: given.pop(field.name) for field in fields(Managing)})
            managing.check()
            command(managing, **given)

        every = click.option("--all", "everything", is_flag=True, help="With --revoke: all of them.")
        return _listing(listed)(_revoke(revoke)(every(_database(run))))

    return add


@click.command()
@click.argument("name", default="")
@click.option(
    "--scope", type=click.Choice(SCOPES), help="What the token may do (read). Each scope includes the one before it."
)
@click.option("--expires", metavar="DAYS|never", help="When it expires, for example 30d (90d).")
@_listing("all tokens")
@click.option("--revoke", default="", metavar="NAME", help="Revoke a token.")
@_database
def token(
    name: str,
    *,
    scope: str | None,
    expires: str | None,
    listing: bool,
    as_json: bool,
    revoke: str,
    data_dir: Path | None,
    database_url: str | None,
) -> None:
    """Create a token for programs and print it once. History shows it as token:NAME.

    Standard output holds only the token: SAILPASS_TOKEN=$(sailpass token deploy-bot --scope change).
    """
    from app.auth import terminal
    from app.auth.scopes import Scope

    if listing and revoke:
        raise click.UsageError("--list and --revoke exclude each other.")
    _check_json(listing=listing, as_json=as_json)
    if (listing or revoke) and (name or scope or expires is not None):
        raise click.UsageError("NAME, --scope and --expires are for a new token only.")
    if expires == "":
        raise click.UsageError("--expires needs a number of days, or never.")
    with told(as_json=as_json):
        settings = _settings(data_dir, database_url)
        if as_json:
            _show_all("tokens", terminal.list_tokens(settings))
        elif listing:
            _show_rows(map(_token, terminal.list_tokens(settings)), "No tokens.")
        elif revoke:
            terminal.revoke_token(settings, revoke)
        else:
            made = terminal.create_token(settings, name, scope=Scope(scope or "read"), expires=expires or "")
            expiry = _moment(made.facts.expires_at, "never")
            click.echo(f"Token {made.facts.name}: scope {made.facts.scope}, expires {expiry}.", err=True)
            click.echo("Copy it now; it isn't shown again.", err=True)
            click.echo(made.secret)


@click.command("sign-in-link")
@click.option("--base", default="", metavar="URL", help="The console's address as your browser reaches it.")
@_manages("the valid link", "Revoke a link.")
def sign_in_link(managing: Managing, *, base: str) -> None:
    """Print a new sign-in link. It works once, for 15 minutes; older links stop working."""
    from app.auth import terminal

    if base and (managing.listing or managing.revoke is not None):
        raise click.UsageError("--base is for a new link only.")
    if base:
        _check_base(base)
    with told(as_json=managing.as_json):
        settings = _settings(managing.data_dir, managing.database_url)
        if managing.as_json:
            _show_all("links", terminal.list_links(settings))
        elif managing.listing:
            _show_rows(map(_link, terminal.list_links(settings)), "No valid sign-in links.")
        elif managing.revoke is not None:
            click.echo(f"Links revoked: {terminal.revoke_links(settings, managing.revoke)}.", err=True)
        else:
            click.echo(f"Sign in: {terminal.create_link(settings, base=base)}")


@click.command()
@_manages("the signed-in browsers", "End a session.")
def session(managing: Managing) -> None:
    """List the signed-in browsers, or end their sessions."""
    from app.auth import terminal

    if not managing.listing and managing.revoke is None:
        raise click.UsageError("Use --list, --revoke ID or --revoke --all.")
    with told(as_json=managing.as_json):
        settings = _settings(managing.data_dir, managing.database_url)
        if managing.revoke is not None:
            click.echo(f"Sessions ended: {terminal.end_sessions(settings, managing.revoke)}.", err=True)
            return
        if managing.as_json:
            _show_all("sessions", terminal.list_sessions(settings))
            return
        _show_rows(map(_session, terminal.list_sessions(settings)), "No browsers are signed in.")


def _check_base(base: str) -> None:
    """Refuse what can't be a console's address: a new link would revoke the one that works."""
    address = server_address(base)
    if address is None or "@" in address.netloc or address.query or address.fragment:
        raise click.BadParameter(f"“{base}” isn't an address; write https://sailpass.example.com.", param_hint="--base")


def _check_json(*, listing: bool, as_json: bool) -> None:
    if as_json and not listing:
        raise click.UsageError("--json belongs to --list.")


def _show_all(name: str, every: Iterable[Any]) -> None:
    """Print dataclasses as one JSON object: their fields by name, moments as in the API."""
    listed = [asdict(facts) for facts in every]
    show_json(
        {
            name: [
                {field: value.isoformat() if isinstance(value, datetime) else value for field, value in facts.items()}
                for facts in listed
            ]
        }
    )


def _show_rows(rows: Iterable[Sequence[str]], none: str) -> None:
    """Print rows, one a line; `none`, apart from the result, where there are none."""
    lines = ["\t".join(map(plain, cells)) for cells in rows]
    for line in lines:
        click.echo(line)
    if not lines:
        say(none)


def _token(facts: TokenFacts) -> Sequence[str]:
    expiry, used = _moment(facts.expires_at, "never"), _moment(facts.used_at, "-")
    return facts.name, facts.scope, facts.created_by, _moment(facts.created_at), expiry, used


def _link(link: LinkFacts) -> Sequence[str]:
    return link.id, link.person, _moment(link.created_at), _moment(link.expires_at)


def _session(facts: SessionFacts) -> Sequence[str]:
    from app.auth.browsers import browser_name

    when = (_moment(facts.created_at), _moment(facts.seen_at))
    return facts.id, facts.person, *when, facts.address or "-", browser_name(facts.browser) or "-"


def _moment(when: datetime | None, otherwise: str = "") -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC" if when else otherwise
