"""`sailpass deploy`: the same operation that the browser starts, for terminals and CI."""

from __future__ import annotations

import sys
from typing import Any

import click

from app.client.api import Json, ServiceRef
from app.client.exit_codes import Exit
from app.client.find import find_service
from app.commands.options import (
    json_option,
    previewed_option,
    region_option,
    served,
    server_options,
    service_argument,
    show_json,
    told,
)
from app.commands.terminal import plain
from app.commands.watch import Following, follow
from app.deployments.request import PROTOCOLS

_REQUEST = ("container", "port", "protocol", "public", "health_check_path", "pin", "grant", "rollback", "version")


@click.command()
@service_argument
@click.argument("image", default="", metavar="[REPOSITORY[:TAG|@DIGEST]]")
@region_option
@click.option(
    "--container", default="", metavar="NAME", help="The container that gets the image, if there are several."
)
@click.option(
    "--port", type=click.IntRange(1, 65_535), default=None, help="Add this container, listening on this port."
)
@click.option("--protocol", type=click.Choice(PROTOCOLS), default="HTTP", help="The port's protocol (HTTP).")
@click.option("--public", is_flag=True, help="Make this container the public endpoint.")
@click.option("--health-check-path", default="", metavar="PATH", help="The public endpoint's health check path.")
@click.option("--version", type=click.IntRange(1), default=None, metavar="NUMBER", help="Deploy this version again.")
@click.option("--pin", is_flag=True, help="Deploy the digest the tag points to now, not the tag.")
@click.option("--grant", is_flag=True, help="First give SERVICE access to the repository, if it has none.")
@click.option("--rollback", is_flag=True, help="If it fails, redeploy the version that was active before.")
@click.option("--wait/--no-wait", default=True, help="Show progress until it ends (default), or print its ID and exit.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Wait at most this long.")
@click.option("--preview", is_flag=True, help="Show what would change and whether it would run; change nothing.")
@previewed_option
@json_option
@server_options
def deploy(
    service: str,
    image: str,
    *,
    region: str,
    wait: bool,
    timeout: float | None,
    preview: bool,
    previewed: str | None,
    as_json: bool,
    url: str,
    data_dir: Any,
    insecure_http: bool,
    **request: Any,
) -> None:
    """Deploy an image of a private repository to SERVICE.

    Replaces the image of one container. Everything else of the deployment is kept, environment variables included:
    their values are sent back to AWS unread. Waits until the deployment is active or has failed, and then prints the cause.

    Exit status: 0 running; 1 failed, with the cause; 2 wrong usage; 3 cancelled; 4 still deploying; 5 no server, or no
    permission to use it; 6 interrupted, because a backup was restored meanwhile.
    """
    body = _body(image, request)
    with told(as_json=as_json), served(url, data_dir, works=not preview, insecure_http=insecure_http) as api:
        service_ref = ServiceRef.of(find_service(api, service, region))
        if preview:
            status = _preview(api.preview_deployment(service_ref, body), as_json=as_json)
        else:
            operation = api.deploy(service_ref, {**body, **({"previewed": previewed} if previewed else {})})
            status = follow(api, operation, Following(wait, timeout, as_json))
            if status is Exit.FAILED and not as_json:
                click.echo(
                    plain(f"For evidence and fixes: sailpass why {service_ref.service} --region {service_ref.region}")
                )
    sys.exit(status)


def _body(image: str, request: Json) -> Json:
    """What is sent: whatever was said."""
    said = {name: request[name] for name in _REQUEST if request[name]}
    if said.get("protocol") == "HTTP":
        del said["protocol"]
    return {**({"image": image} if image else {}), **said}


def _preview(shown: Json, *, as_json: bool) -> Exit:
    """Show what would be done; the status is FAILED where it is certain to fail."""
    certain = [each for each in shown["obstacles"] if each["certainty"] == "certain"]
    if as_json:
        show_json(shown)
        return Exit.FAILED if certain else Exit.DONE
    change = shown["change"]
    click.echo(f"Compared with version {change['base']}:" if change["base"] else "The first deployment:")
    for container in change["containers"]:
        _show_container(container)
    if change["endpoint_before"] != change["endpoint_after"]:
        click.echo(plain(f"  Public endpoint: {_endpoint(change['endpoint_after'])}"))
    for obstacle in shown["obstacles"]:
        word = "Would fail" if obstacle["certainty"] == "certain" else "May fail"
        hint = " (--grant puts it right)" if obstacle["granted"] else ""
        click.echo(click.style(plain(f"{word}: {obstacle['title']} [{obstacle['code']}]{hint}"), fg="red"))
    if not shown["is_checked"]:
        click.echo("Not everything could be checked.")
    click.echo(plain(f"To do exactly this: add --previewed '{shown['previewed']}'"))
    return Exit.FAILED if certain else Exit.DONE


def _show_container(container: Json) -> None:
    name = container["name"]
    if container["state"] == "kept":
        click.echo(plain(f"  {name}: kept"))
        return
    click.echo(plain(f"  {name}: {container['state']}"))
    for sign, color, image in (("-", "red", container["image_before"]), ("+", "green", container["image_after"])):
        if image and container["image_before"] != container["image_after"]:
            click.echo(click.style(plain(f"    {sign} {image}"), fg=color))
    if container["ports_before"] != container["ports_after"]:
        before, after = (", ".join(container[ports]) or "none" for ports in ("ports_before", "ports_after"))
        click.echo(plain(f"    Ports: {before} -> {after}"))
    if container["command_changed"]:
        click.echo("    The command changes.")
    for what in ("added", "removed", "changed"):
        if names := container[f"variables_{what}"]:
            click.echo(plain(f"    Variables {what}: {', '.join(names)}"))


def _endpoint(endpoint: Json | None) -> str:
    if endpoint is None:
        return "none"
    return f"{endpoint['container']}, port {endpoint['port']}, health check {endpoint['health_check_path'] or '/'}"
