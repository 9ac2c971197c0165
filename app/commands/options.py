"""Shared parts of the commands that use a server: options, how they find it, and exit statuses."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from app.client.api import Api, NoAnswerError, RequestRefused
from app.client.connect import Wish, connected
from app.client.exit_codes import Exit, of_problem, of_refusal
from app.commands.terminal import json_text, plain, say
from app.errors import Problem
from app.messages.problems import what_happened, what_to_do
from app.settings import REGION, SettingsError, load

# Not a flag: other users of the machine can read a command's flags.
TOKEN = "SAILPASS_TOKEN"  # noqa: S105  (the variable's name)

OPERATION_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PREVIEW_CODE = re.compile(r"[0-9a-f]{32}")
FORMATS = ("aws", "terraform", "cloudformation")
Command = TypeVar("Command", bound=Callable[..., Any])


def not_empty(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
    """Return a named thing, several or none; refuse an empty name, such as that of a variable that a script didn't set."""
    names = value if isinstance(value, tuple) else () if value is None else (value,)
    if any(not name.strip() for name in names):
        raise click.BadParameter("it is empty.")
    return value


service_argument = click.argument("service", callback=not_empty)


def region_name(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Return a Region's name, or none; refuse what can't be one."""
    if value and not REGION.fullmatch(value):
        raise click.BadParameter(f"“{value}” isn't a Region; write for example us-east-1.")
    return value


def region_option_of(help_text: str, default: str | None = "") -> Callable[[Command], Command]:
    """Return the option that names one Region."""
    return click.option("--region", default=default, metavar="REGION", callback=region_name, help=help_text)


def preview_code(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Return the code of a preview, or none; refuse what no preview has printed."""
    if value is not None and not PREVIEW_CODE.fullmatch(value):
        raise click.BadParameter("it isn't a code that --preview prints: 32 of the characters 0-9 and a-f.")
    return value


previewed_option = click.option(
    "--previewed",
    metavar="CODE",
    callback=preview_code,
    help="Do exactly what the preview with this code showed, or nothing.",
)
region_option = region_option_of("The service's Region, if the name isn't unique.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print only one JSON object.")
_url = click.option(
    "--url",
    envvar="SAILPASS_URL",
    default="",
    metavar="URL",
    help="The server's URL, also SAILPASS_URL (the local server). SAILPASS_TOKEN holds its token.",
)
_insecure = click.option("--insecure-http", is_flag=True, help="Allow an unencrypted http:// URL of another machine.")
_data_dir = click.option(
    "--data-dir",
    default=None,
    type=click.Path(path_type=Path),
    help="The local server's data folder (data).",
)


def server_options(command: Command) -> Command:
    """Add the options by which a command finds the server."""
    return _url(_insecure(_data_dir(command)))


@contextmanager
def served(
    url: str, data_dir: Path | None, *, works: bool = True, insecure_http: bool = False, needs_region: bool = True
) -> Iterator[Api]:
    """Yield the API, over HTTP or in this process, which looks at the command's `--region` if none is configured.

    `needs_region`: without a Region the command can do nothing.
    """
    region = click.get_current_context().params.get("region") or ""
    wish = Wish(
        load(data_dir=data_dir), url, os.environ.get(TOKEN, "").strip(), works, insecure_http, region, needs_region
    )
    with connected(wish, say) as api:
        yield api


def show_json(value: Any) -> None:
    """Print a result as JSON."""
    click.echo(json_text(value))


@contextmanager
def told(*, as_json: bool = False, failed: Exit = Exit.FAILED) -> Iterator[None]:
    """Turn exceptions of a command into messages and an exit status.

    `failed` is the status if the command could not do its work; it differs for commands that use FAILED as a result.
    """
    try:
        yield
    except Problem as problem:
        words = {"message": what_happened(problem), "what_to_do": what_to_do(problem)}
        status = of_problem(problem)
        answer = {"code": problem.code, **words, "params": problem.params}
        _end(answer, failed if status is Exit.FAILED else status, as_json=as_json)
    except RequestRefused as refused:
        status = of_refusal(refused)
        _end(refused.told or _unreadable(refused), failed if status is Exit.FAILED else status, as_json=as_json)
    except NoAnswerError as error:
        _end(
            {"code": "client.no_answer", "message": f"The server does not answer: {error}."},
            Exit.NO_SERVER,
            as_json=as_json,
        )
    except SettingsError as error:
        _end({"code": "settings", "message": str(error)}, Exit.WRONG_USAGE, as_json=as_json)


def tell(problem: Mapping[str, Any]) -> None:
    """Print a problem in the server's own words."""
    click.echo(plain(f"sailpass: {problem['message']}"), err=True)
    for text in (*problem.get("reasons", ()), problem.get("what_to_do"), _aws(problem), _nearest(problem)):
        if text:
            click.echo(plain(f"  {text}"), err=True)
    if statement := problem.get("iam_statement"):
        click.echo("  This IAM statement would allow it:", err=True)
        click.echo(json.dumps(statement, indent=2), err=True)


def _end(problem: Mapping[str, Any], status: Exit, *, as_json: bool) -> None:
    if as_json:
        show_json({"problem": dict(problem)})
    else:
        tell(problem)
    sys.exit(status)


def _unreadable(refused: RequestRefused) -> dict[str, Any]:
    return {"code": f"http.{refused.status}", "message": f"The server answered with HTTP status {refused.status}."}


def _aws(problem: Mapping[str, Any]) -> str:
    said, code = problem.get("aws_message"), problem.get("aws_code")
    return f"Error details: {said} ({code})" if said else ""


def _nearest(problem: Mapping[str, Any]) -> str:
    names = problem.get("nearest") or ()
    return f"Did you mean {', '.join(names)}?" if names else ""
