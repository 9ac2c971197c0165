"""Commands where no server runs: they do the work themselves, on the same database, and say so."""

from __future__ import annotations

import json
import signal

import pytest

from tests.cli.running import sailpass, start
from tests.console import start_console, until
from tests.postgres_server import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


def test_a_grant_is_made_and_remembered(environment, sandbox):
    ran = sailpass(environment, "grant", "storefront-web", "edge/cache")
    assert (ran.status, "working in this process" in ran.err) == (0, True)
    assert "storefront-web" in str(sandbox.policy("edge/cache")["policy"])
    assert "edge/cache" in sailpass(environment, "history").out


def test_status_reads_aws_itself(environment):
    assert "tokyo-api" in sailpass(environment, "status").out
    assert "storefront/nginx-sidecar  allowed" in sailpass(environment, "status", "storefront-web").out


def test_a_command_looks_at_its_own_region_where_none_is_configured(environment):
    named = ("AWS_REGION", "AWS_DEFAULT_REGION", "SAILPASS_REGIONS")
    around = {name: value for name, value in environment.items() if name not in named}
    assert "No AWS Region is set" in sailpass(around, "status").err
    assert "tokyo-api" in sailpass(around, "status", "--region", "ap-northeast-1").out


def test_what_looks_at_no_region_needs_none(environment):
    granted = json.loads(sailpass(environment, "grant", "storefront-web", "edge/cache", "--json").out)
    named = ("AWS_REGION", "AWS_DEFAULT_REGION", "SAILPASS_REGIONS")
    around = {name: value for name, value in environment.items() if name not in named}
    assert granted["id"] in sailpass(around, "history").out
    assert sailpass(around, "status", granted["id"]).status == 0
    assert sailpass(around, "undo", granted["id"]).status == 0


def test_a_list_of_nothing_says_so(environment):
    said = {"token": "No tokens.", "sign-in-link": "No valid sign-in links.", "session": "No browsers are signed in."}
    assert "sailpass: No operations found.\n" in sailpass(environment, "history").err
    for command, text in said.items():
        ran = sailpass(environment, command, "--list")
        assert (ran.status, ran.out, ran.err) == (0, "", f"sailpass: {text}\n")
    assert "No repository policy names legacy-blog" in sailpass(environment, "status", "legacy-blog").err


def test_a_status_that_nothing_could_be_read_for_is_a_failure_with_what_to_do(environment, sandbox):
    sandbox.fault(action="lightsail:GetContainerServices", kind="access_denied")
    ran = sailpass(environment, "status")
    assert (ran.status, ran.out) == (1, "")
    assert "us-east-1: Your AWS permissions do not allow lightsail:GetContainerServices" in ran.err
    assert "Allow this action in IAM." in ran.err


def test_what_a_command_leaves_running_is_done_by_the_server(environment, sandbox, tmp_path):
    sandbox.options(activation_seconds=600)
    with start(environment, "grant", "legacy-blog", "tools/cli") as command:
        until(command.stdout.readline, lambda line: "Wait for the role" in line)
        command.send_signal(signal.SIGINT)
        _, err = command.communicate(timeout=30)
    assert (command.returncode, "as soon as a server is started" in err) == (4, True)
    sandbox.options(activation_seconds=0.05)
    sandbox.advance(600)
    with start_console(tmp_path / "data", sandbox=sandbox) as console:
        found = until(
            lambda: console.get("/api/v1/operations").json["operations"],
            lambda operations: operations[0]["outcome"] is not None,
        )
    assert [one["outcome"] for one in found] == ["succeeded"]


def test_two_at_once_take_turns(environment):
    with (
        start(environment, "grant", "storefront-web", "edge/cache", "--json") as first,
        start(environment, "grant", "storefront-web", "tools/cli", "--json") as second,
    ):
        assert [command.wait(60) for command in (first, second)] == [0, 0]


@pytest.mark.postgres
def test_on_postgresql_they_work_side_by_side(environment, postgres_url):
    shared = {**environment, "SAILPASS_DATABASE_URL": postgres_url}
    with (
        start(shared, "grant", "storefront-web", "edge/cache", "--json") as first,
        start(shared, "grant", "legacy-blog", "edge/cache", "--json") as second,
    ):
        assert [command.wait(60) for command in (first, second)] == [0, 0]
    assert len(json.loads(sailpass(shared, "history", "--json").out)["operations"]) == 2


def test_repair_all_does_not_say_that_nothing_needs_repair_where_nothing_was_read(environment, sandbox):
    sandbox.fault(action="lightsail:GetContainerServices", kind="access_denied")
    sandbox.fault(action="ecr:DescribeRepositories", kind="access_denied")
    ran = sailpass(environment, "repair", "--all")
    assert (ran.status, ran.out) == (1, "")
    assert "not everything has been read" in ran.err
    assert "Your AWS permissions do not allow lightsail:GetContainerServices" in ran.err
    as_json = sailpass(environment, "repair", "--all", "--json")
    assert (as_json.status, as_json.json["coverage"]["whole"]) == (1, False)


def test_who_can_pull_says_why_no_service_could_be_read(environment, sandbox):
    sandbox.fault(action="lightsail:GetContainerServices", kind="access_denied")
    ran = sailpass(environment, "who-can-pull", "storefront/web")
    assert ran.status == 1
    assert "Your AWS permissions do not allow lightsail:GetContainerServices" in ran.err
    assert "any Region" not in ran.err
