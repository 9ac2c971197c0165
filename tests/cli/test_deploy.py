"""`sailpass deploy` as people and CI jobs run it: with a server and without, its output and its exit statuses."""

from __future__ import annotations

import json
import re

import boto3
import pytest

from app.commands.deploy import deploy
from tests.cli.running import quickly, sailpass, without
from tests.console import ROOT, start_console

SERVICE, IMAGE = "storefront-web", "storefront/web:5.2.1"
CANARY = "canary-77aa01"


@pytest.fixture
def environment(environment, sandbox):
    sandbox.options(deployment_seconds=0, patience_seconds=0)
    return environment


def deployed(sandbox) -> dict:
    return sandbox.service(SERVICE)["currentDeployment"]


def test_an_image_is_deployed_without_a_server(environment, sandbox):
    before = deployed(sandbox)
    ran = sailpass(environment, "deploy", SERVICE, IMAGE)
    assert ran.status == 0, ran.out + ran.err
    assert "Image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/storefront/web:5.2.1\n" in ran.out
    after = deployed(sandbox)
    assert after["version"] == before["version"] + 1
    assert after["containers"]["web"] == {
        **before["containers"]["web"],
        "image": before["containers"]["web"]["image"][:-5] + "5.2.1",
    }
    assert (after["containers"]["nginx"], after["publicEndpoint"]) == (
        before["containers"]["nginx"],
        before["publicEndpoint"],
    )


def test_a_failure_is_told_with_its_cause(environment, sandbox):
    ran = sailpass(environment, "deploy", SERVICE, "payments/api:3.12.0", "--container", "web")
    assert ran.status == 1
    assert "The repository payments/api has no repository policy" in ran.err
    assert "sailpass why storefront-web" in ran.out
    assert deployed(sandbox)["version"] == 3


def test_access_is_given_first(environment, sandbox):
    ran = sailpass(environment, "deploy", SERVICE, "payments/api:3.12.0", "--container", "web", "--grant", "--json")
    assert ran.status == 0, ran.out + ran.err
    assert [each["name"] for each in ran.json["steps"]] == [
        "check_deployment",
        "grant_access",
        "deploy",
        "watch_deployment",
    ]
    assert SERVICE in json.dumps(sandbox.policy("payments/api")["policy"])


def left_behind(folder) -> list[str]:
    """The files of the history that hold the canary."""
    files = (folder / "data").rglob("*")
    return [path.name for path in files if path.is_file() and CANARY.encode() in path.read_bytes()]


def test_a_container_that_exits_is_the_cause_and_rolled_back(environment, sandbox, tmp_path):
    exits = {"service": SERVICE, "image": "*:5.2.1", "exit_code": 1, "lines": [f"panic: {CANARY}"]}
    sandbox.control("POST", "behaviors", exits)
    ran = sailpass(environment, "deploy", SERVICE, IMAGE, "--rollback", "--json")
    assert ran.json["problem"], ran.out + ran.err
    assert (ran.status, ran.json["problem"]["params"]["cause"].partition(".")[0]) == (1, "container"), ran.out
    assert (CANARY in ran.out, left_behind(tmp_path)) == (False, [])  # what a container writes is not kept
    shown = sailpass(environment, "logs", SERVICE, "--version", "4", "--container", "web", "--text", "panic")
    assert (shown.status, shown.out.endswith(f"  panic: {CANARY}\n")) == (0, True), shown.err
    assert ("Version 4 (FAILED), container web" in shown.err, left_behind(tmp_path)) == (True, [])
    after = deployed(sandbox)
    assert (after["version"], after["containers"]["web"]["image"].rpartition(":")[2]) == (5, "5.3.0")


def test_who_waits_too_short_is_told_that_it_goes_on(environment, sandbox):
    sandbox.options(deployment_seconds=600)
    ran = sailpass(environment, "deploy", SERVICE, IMAGE, "--timeout", "2")
    assert ran.status == 4


def test_no_value_of_a_variable_is_left_behind(environment, sandbox, tmp_path):
    client = boto3.client(
        "lightsail",
        endpoint_url=sandbox.url,
        region_name="us-east-1",
        aws_access_key_id="AKIDSANDBOX",
        aws_secret_access_key="sandbox",
    )
    shown = deployed(sandbox)
    shown["containers"]["web"]["environment"] = {"API_KEY": CANARY}
    client.create_container_service_deployment(
        serviceName=SERVICE, containers=shown["containers"], publicEndpoint=shown["publicEndpoint"]
    )
    ran = sailpass(environment, "deploy", SERVICE, IMAGE)
    shown = sailpass(environment, "deploy", SERVICE, IMAGE, "--preview")
    assert (ran.status, deployed(sandbox)["containers"]["web"]["environment"]) == (0, {"API_KEY": CANARY})
    assert (left_behind(tmp_path), CANARY in ran.out + ran.err + shown.out + shown.err) == ([], False)


def test_a_server_does_it_too(environment, sandbox, tmp_path):
    with start_console(tmp_path / "data", sandbox=sandbox) as console:
        there = {**without(environment, "SAILPASS_DATA_DIR"), "SAILPASS_URL": console.url}
        preview = quickly(there, "deploy", SERVICE, IMAGE, "--preview", "--json")
        assert (preview.status, preview.json["obstacles"]) == (0, []), preview.out
        ran = quickly(there, "deploy", SERVICE, IMAGE, "--previewed", preview.json["previewed"])
        assert ran.status == 0, ran.out + ran.err
        again = quickly(there, "deploy", SERVICE, "--version", "3", "--no-wait")
        assert again.status == 0, again.err
        log = quickly(there, "logs", SERVICE, "--version", "3", "--lines", "1", "--json").json
        assert ([line["text"] for line in log["lines"]], log["is_whole"]) == (
            ["[deployment:3] Creating your deployment"],
            False,
        )


def test_a_preview_shows_ports_too(environment):
    shown = sailpass(environment, "deploy", SERVICE, IMAGE, "--container", "web", "--port", "9000", "--preview")
    assert "    Ports: 3000/HTTP -> 3000/HTTP, 9000/HTTP\n" in shown.out, shown.out + shown.err


@pytest.mark.parametrize(
    "words, said",
    [
        (("storefront/web:nope",), "There is no image storefront/web:nope."),
        ((IMAGE, "--version", "2"), "one of the two"),
        ((), "one of the two"),
        ((IMAGE, "--container", "wbe"), "There is no container wbe with a port"),
    ],
)
def test_what_cannot_be_is_told(environment, words, said):
    ran = sailpass(environment, "deploy", SERVICE, *words, "--preview")
    assert (ran.status, said in ran.err) == (2, True), ran.err


def test_the_page_about_ci_names_every_exit_status():
    said = re.search(r"Exit status: (.*)", deploy.help or "", re.DOTALL)
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    assert said
    assert re.findall(r"^\| (\d) \|", page, re.MULTILINE) == re.findall(r"\b\d\b", said[1])
