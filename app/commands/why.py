"""`sailpass why`: why a service can't pull an image, or why the image doesn't run. Changes nothing, needs no server."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from app.client.api import Json, ServiceRef
from app.client.exit_codes import Exit
from app.client.find import find_service
from app.commands.options import (
    FORMATS,
    json_option,
    region_option,
    served,
    server_options,
    service_argument,
    show_json,
    told,
)
from app.commands.terminal import plain, takes_any_text
from app.errors import Problem
from app.settings import load

# Slow imports happen in the function that needs them.

MARKS = {"fine": "✓", "cause": "✗", "not_reached": "·", "not_checked": "?"}
PLAIN_MARKS = {"fine": "+", "cause": "x", "not_reached": ".", "not_checked": "?"}
INDENT = "    "


@click.command()
@service_argument
@click.argument("image", default="")
@region_option
@click.option("--container", default="", metavar="NAME", help="Only this container of the deployment.")
@click.option(
    "--platform", is_flag=True, help="Also read the image's manifest. ECR records this as a pull of the image."
)
@click.option("--as", "fix_format", type=click.Choice(FORMATS), default="aws", help="How to show fixes (aws).")
@json_option
@server_options
def why(service: str, image: str, *, as_json: bool, fix_format: str, **options: Any) -> None:
    """Tell why SERVICE can't pull IMAGE, or why the image doesn't run.

    Without IMAGE: the images of its newest deployment. Reads AWS with the usual credentials; with --url, a server does.

    Exit status: 0 no cause found; 1 a cause found; 2 wrong usage; 5 no server, or no permission to use it; 7 not
    determined: no cause found, but not everything could be checked, or AWS couldn't be read.
    """
    with told(as_json=as_json, failed=Exit.UNDETERMINED):
        answer = (_by_server if options["url"] else _by_ourselves)(service, image, **options)
    if as_json:
        show_json(answer)
    else:
        _show(answer, fix_format, read_platform=options["platform"])
    sys.exit(_status(answer))


def _status(report: Json) -> Exit:
    if report["causes"]:
        return Exit.FAILED
    return Exit.UNDETERMINED if report["undetermined"] else Exit.DONE


def _by_server(
    service: str,
    image: str,
    *,
    region: str,
    container: str,
    platform: bool,
    url: str,
    data_dir: Path | None,
    insecure_http: bool,
) -> Json:
    with served(url, data_dir, works=False, insecure_http=insecure_http) as api:
        service_ref = ServiceRef.of(find_service(api, service, region))
        return api.why(service_ref, image=image, container=container, platform=platform)


def _by_ourselves(
    service: str, image: str, *, region: str, container: str, platform: bool, data_dir: Path | None, **_: Any
) -> Json:
    from app.aws.clients import ConnectionSettings
    from app.aws.session import BotoAws
    from app.clock import SystemClock
    from app.diagnosis.reader import Question
    from app.diagnosis.report import report
    from app.diagnosis.run import diagnose_with_threads

    configured = tuple(name for name in load(data_dir=data_dir).regions if name != "all")
    aws = BotoAws(ConnectionSettings(version=version("sailpass"), retry_mode="standard", read_timeout=8.0))
    chosen = region or _default_region(aws, configured)
    question = Question(chosen, service, image, container, platform, configured)
    diagnoses = diagnose_with_threads(question, aws, SystemClock().now())
    return report(diagnoses, {name: aws.endpoint(name) for name in ("lightsail", "ecr")})


def _default_region(aws: Any, configured: tuple[str, ...]) -> str:
    """Return the SDK's region, or the first of the settings. Raises Problem `aws.no_region`."""
    own = aws.default_region()
    if own and (not configured or own in configured):
        return str(own)
    if configured:
        return configured[0]
    raise Problem("aws.no_region")


def _show(report: Json, fix_format: str, *, read_platform: bool) -> None:
    about = f"{report['service']} in {report['region']}"
    subject = f"{about}: {report['image']}" if report["image"] else about
    click.echo(plain(subject))
    if not report["causes"]:
        click.echo(plain(f"{report['summary']}."))
    for number, cause in enumerate(report["causes"]):
        _show_cause(cause, fix_format, first=number == 0)
    from app.diagnosis.words import WORDS

    click.echo("\nChecks:")
    marks = MARKS if takes_any_text() else PLAIN_MARKS
    for check in report["checks"]:
        click.echo(plain(f"  {marks[check['status']]} {check['title']}: {check['message']}"))
        if check["message"] == WORDS["not_checked.not_read"] and not read_platform:
            click.echo(f"{INDENT}Use --platform to read it.")
    for other in report["other_containers"]:
        if other["cause"]:
            click.echo(plain(f"  Container {other['container']} ({other['image']}): {other['cause']}"))
    if report["note"]:
        click.echo(plain(report["note"]), err=True)


def _show_cause(cause: Json, fix_format: str, *, first: bool) -> None:
    head = "Cause" if first else "Also"
    likely = " (likely)" if cause["certainty"] == "likely" else ""
    click.echo()
    click.echo(plain(f"{head}{likely}: {cause['title']} [{cause['code']}]"))
    for line in (cause["explanation"], *cause["evidence"]):
        click.echo(plain(f"{INDENT}{line}"))
    for fix in cause["fixes"]:
        text = fix[fix_format]
        if not text:
            continue
        click.echo(plain(f"  Fix: {fix['title']}"))
        for line in text.split("\n"):
            click.echo(plain(f"{INDENT}{line}"))
