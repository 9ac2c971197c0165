"""Commands beside a running server: they start the same operations that the browser starts."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.commands.status import Moment
from tests.cli.running import quickly, sailpass, start, without
from tests.console import console, until

__all__ = ["console"]

OPERATIONS = "/api/v1/operations"


@pytest.fixture(scope="module")
def run(console):
    return lambda *words: quickly(console.environment, *words)


def test_a_grant_is_shown_step_by_step_to_its_end(run, console):
    ran = run("grant", "storefront-web", "edge/cache")
    assert ran.status == 0
    assert "✓ Update the repository policy: Done." in ran.out
    assert ran.out.endswith("Image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/edge/cache:<tag>\n")
    assert "storefront-web" in str(console.sandbox.policy("edge/cache")["policy"])


def test_what_there_is_already_is_nothing_to_do(run):
    ran = run("grant", "storefront-web", "storefront/nginx-sidecar", "--json")
    assert (ran.status, ran.json["outcome"]) == (0, "nothing_to_do")


def test_a_revoke_ends_as_one_json_object(run):
    ran = run("revoke", "storefront-web", "storefront/web", "--json")
    assert (ran.status, ran.json["kind"], ran.json["outcome"]) == (0, "revoke", "succeeded")
    assert ran.err == ""


def test_it_is_a_process_of_its_own(console):
    ran = sailpass(console.environment, "grant", "storefront-web", "edge/cache", "--json")
    assert (ran.status, ran.json["service"], ran.err) == (0, "storefront-web", "")


def test_without_waiting_its_id_is_printed(run, console):
    ran = run("grant", "storefront-web", "tools/cli", "--no-wait")
    assert ran.status == 0
    assert console.get(f"{OPERATIONS}/{ran.out.strip()}").json["repository"] == "tools/cli"


def test_a_failure_says_why_and_what_to_do(run, console):
    refused = {"action": "ecr:SetRepositoryPolicy", "match": {"repository": "shared/base-python"}}
    console.sandbox.fault(kind="access_denied", **refused)
    ran = run("grant", "storefront-web", "shared/base-python")
    console.sandbox.clear_faults()
    assert ran.status == 1
    assert "do not allow ecr:SetRepositoryPolicy" in ran.err
    assert '"Sid": "AllowEcrSetRepositoryPolicy"' in ran.err
    assert ran.out.endswith("The repository policy was not changed.\n")


def test_a_preview_changes_nothing_and_can_be_held_to(run, console):
    before = console.sandbox.policy("analytics/etl")
    shown = run("grant", "storefront-web", "analytics/etl", "--preview", "--json").json
    assert console.sandbox.policy("analytics/etl") == before
    console.sandbox.put_policy("analytics/etl", None)
    ran = run("grant", "storefront-web", "analytics/etl", "--previewed", shown["previewed"], "--json")
    assert (ran.status, ran.json["problem"]["code"]) == (1, "policy.changed_meanwhile")


def test_a_preview_is_readable(run):
    out = run("revoke", "storefront-web", "shared/otel-collector", "--preview").out
    assert "\n- " in out
    assert "\nAWS calls:\n" in out


@pytest.mark.parametrize(
    "words, said",
    [
        (("grant", "storefront-web", "edge/cahce"), "Did you mean edge/cache?"),
        (("grant", "storefrontweb", "edge/cache"), "Did you mean storefront-web?"),
        (("grant", "storefront-web", "edge/cache", "--region", "eu-west-1"), "isn't configured"),
        (("grant", "storefront-web", "edge/cache", "--region", "ap-northeast-1"), "in ap-northeast-1"),
        (("history", "--kind", "nonsense"), "is not one of 'grant'"),
        (("status", "01a20fff-4b13-76fd-bb68-000000000000"), "Operation not found."),
        (("status", "01A20FFF-4B13-76FD-BB68-000000000000"), "Operation not found."),
        (("undo", "01a20fff"), "“sailpass history” lists them."),
        (("history", "--since", "yesterday"), "“yesterday” isn't a time. Write 2026-01-31,"),
        (("statsu",), "Did you mean 'status'?"),
        (("grant", "storefront-web", ""), "it is empty."),
        (("revoke", " ", "edge/cache"), "it is empty."),
        (("grant", "storefront-web", "--file", sys.executable), "isn't text in UTF-8"),
        (("grant", "storefront-web", "--file", "/dev/zero"), "is too long for a list of repositories"),
        (("grant", "storefront-web", "--file", "/none"), "“/none”: No such file or directory."),
        (("sign-in-link", "--base", "sailpass.example.com"), "write https://sailpass.example.com."),
        (("iam-policy", "--account", "12"), "write 12 digits, or * for any."),
        (("status", "--region", "eu-west-3"), "Regions: us-east-1, ap-northeast-1."),
        (("status", "storefront-web", "--wait"), "--wait is for an OPERATION."),
        (("repair", "--all", "--region", "nope"), "“nope” isn't a Region; write for example us-east-1."),
        (("history", "--region", "US-EAST-1"), "“US-EAST-1” isn't a Region"),
        (("who-can-pull", "edge/cache", "--region", "eu-west-3"), "eu-west-3 isn't configured."),
        (("grant", "storefront-web", "edge/cache", "--previewed", "xyz"), "isn't a code that --preview prints"),
        (("deploy", "storefront-web", "edge/cache:1", "--previewed", "xyz"), "isn't a code that --preview prints"),
        (("grant", "storefront-web", "edge/cache", "--match", "edge/*"), "--match excludes REPOSITORY and --file."),
        (("grant", "storefront-web", "--file", "/dev/null"), "“/dev/null” names no repository."),
        (("iam-policy", "--ref", "refs/heads/main"), "--ref belongs to --trust-github."),
        (("iam-policy", "--trust-github", "a/b", "--for", "ci"), "--trust-github prints the trust policy alone"),
        (("iam-policy", "--trust-github", "a/b", "--ref", ""), "it is empty."),
        (("iam-policy", "--service", ""), "it is empty."),
        (
            ("serve", "--host", "no.invalid", "--allowed-hosts", "x", "--auth", "local"),
            "name another one with SAILPASS_HOST.",
        ),
    ],
)
def test_what_is_named_wrongly_is_wrong_usage(run, words, said):
    ran = run(*words)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_status_of_one_region_shows_no_other(run):
    assert "ap-northeast-1" not in run("status", "--region", "us-east-1").out
    shown = run("status", "--region", "ap-northeast-1", "--json").json
    assert {each["region"] for each in (*shown["services"], *shown["regions"])} == {"ap-northeast-1"}


def test_a_list_without_operations_says_so(run):
    ran = run("history", "--person", "nobody")
    assert (ran.status, ran.out, ran.err) == (0, "", "sailpass: No operations found.\n")


def test_a_time_without_a_zone_is_of_this_machine(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        times = [Moment().convert(text, None, None) for text in ("2026-01-31", "2026-01-31T09:00Z")]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert times == ["2026-01-30T15:00:00+00:00", "2026-01-31T09:00:00+00:00"]


def test_output_that_cannot_be_written_is_one_sentence(console):
    """Neither Python's own message nor its status, which it has where it holds output back, as without this variable."""
    with Path("/dev/full").open("w") as full:
        ran = start(without(console.environment, "PYTHONUNBUFFERED"), "status", "--json", stdout=full)
        said = ran.communicate()[1]
    assert (ran.returncode, said) == (1, "sailpass: The output can't be written: No space left on device.\n")


@pytest.mark.parametrize("words", [("status", "nosuch", "--json"), ("why", "日本", "--json")])
def test_json_stays_json_in_every_encoding(console, words):
    told = {}
    for encoding in ("utf-8", "latin-1"):
        ran = sailpass({**console.environment, "PYTHONIOENCODING": encoding}, *words)
        told[encoding] = ran.json
        assert ran.err == ""
    assert told["latin-1"] == told["utf-8"]


@pytest.mark.parametrize("words", [("revoke", "payments-api"), ("status",), ("logs",), ("who-can-pull",)])
def test_an_argument_that_is_no_text_is_one_sentence(run, words):
    ran = run(*words, "a\udcff")
    assert (ran.status, ran.out) == (2, "")
    assert "a\ufffd" in ran.err


def test_one_name_in_two_regions_is_asked_about(run, console):
    for region in ("us-east-1", "ap-northeast-1"):
        console.sandbox.client("lightsail", region).create_container_service(serviceName="twin", power="nano", scale=1)
    ran = run("status", "twin")
    assert ran.status == 2
    assert "in several Regions: us-east-1, ap-northeast-1" in ran.err
    assert run("status", "twin", "--region", "ap-northeast-1").status == 0


def test_status_shows_services_and_what_goes_on(run, console):
    console.sandbox.options(activation_seconds=600)
    operation = console.post("/api/v1/services/us-east-1/batch-worker/role/activate").json
    shown = run("status")
    running = run("status", operation["id"], "--json")
    console.post(f"{OPERATIONS}/{operation['id']}/cancel")
    console.sandbox.options(activation_seconds=0.05)
    assert "tokyo-api" in shown.out
    assert f"operation {operation['id']}" in shown.out
    assert running.status == 4


def test_status_of_a_service_shows_what_it_may_pull_and_why(run):
    ran = run("status", "storefront-web")
    assert "Image puller role: active arn:aws:iam::" in ran.out
    assert "storefront/nginx-sidecar  allowed  Statement" in ran.out


def test_status_of_an_operation_has_its_exit_status(run, console):
    console.sandbox.options(activation_seconds=600)
    operation = console.post("/api/v1/services/us-east-1/payments-api/role/activate").json
    console.post(f"{OPERATIONS}/{operation['id']}/cancel")
    ran = run("status", operation["id"], "--wait")
    console.sandbox.options(activation_seconds=0.05)
    assert ran.status == 3
    assert "cancelled before anything" in ran.out


def test_history_lists_what_was_asked_for(run):
    run("grant", "storefront-web", "analytics/reports")
    ran = run("history", "--kind", "grant", "--repository", "reports", "--json")
    assert [one["repository"] for one in ran.json["operations"]] == ["analytics/reports"]
    assert "analytics/reports" in run("history").out


def test_a_wait_that_is_too_long_leaves_the_operation_running(run, console):
    console.sandbox.options(activation_seconds=600)
    ran = run("grant", "legacy-blog", "payments/ledger", "--timeout", "0.5")
    operation_id = ran.err.rpartition("“sailpass status ")[2].split("”")[0]
    console.post(f"{OPERATIONS}/{operation_id}/cancel")
    console.sandbox.options(activation_seconds=0.05)
    assert ran.status == 4


def test_ctrl_c_leaves_the_operation_running_and_says_so(console):
    console.sandbox.options(activation_seconds=600)
    with start(console.environment, "grant", "legacy-blog", "payments/ledger") as command:
        until(command.stdout.readline, lambda line: "Wait for the role" in line)
        command.send_signal(signal.SIGINT)
        _, err = command.communicate(timeout=30)
    live = console.get(f"{OPERATIONS}?outcome=running").json["operations"]
    for operation in live:
        console.post(f"{OPERATIONS}/{operation['id']}/cancel")
    console.sandbox.options(activation_seconds=0.05)
    assert command.returncode == 4
    assert f"see “sailpass status {live[0]['id']}”" in err


@pytest.mark.parametrize(
    "url, said", [("http://127.0.0.1:9", "No server answers"), ("nowhere", "isn't a valid server address")]
)
def test_a_server_that_was_named_and_is_not_there_is_an_error(console, url, said):
    ran = quickly({**console.environment, "SAILPASS_URL": url}, "status")
    assert (ran.status, ran.out) == (5, "")
    assert said in ran.err


def test_what_answers_and_is_not_ours_is_an_error(console):
    ran = quickly({**console.environment, "SAILPASS_URL": console.sandbox.url}, "history")
    assert ran.status == 5
    assert "isn't Sailpass" in ran.err


def test_the_local_server_is_found_by_its_settings(console):
    ran = quickly(without(console.environment, "SAILPASS_URL"), "status")
    assert (ran.status, ran.err) == (0, "")


def test_a_refusal_is_one_json_object_too(run):
    ran = run("grant", "storefront-web", "edge/cahce", "--json")
    assert (ran.status, ran.json["problem"]["code"]) == (2, "repository.not_found")


def test_a_command_needs_no_terminal(console):
    with start(console.environment, "status", stdin=subprocess.DEVNULL) as command:
        assert command.wait(30) == 0


def leave_behind(console, service, *repositories):
    """Policies that name a service which is gone."""
    statement = {
        "Sid": f"AllowLightsailPull-{service}",
        "Effect": "Allow",
        "Principal": {"AWS": "AROAQ3EXAMPLEDEADROLE"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }
    for repository in repositories:
        console.sandbox.put_policy(repository, {"Version": "2008-10-17", "Statement": [statement]})


@pytest.mark.parametrize("region", [(), ("--region", "us-east-1")])
def test_access_of_a_service_that_is_gone_is_removed(run, console, region):
    leave_behind(console, "web-of-last-year", "payments/worker")
    ran = run("revoke", "web-of-last-year", "payments/worker", "--json", *region)
    assert (ran.status, ran.json["outcome"]) == (0, "succeeded")
    assert console.sandbox.policy("payments/worker")["policy"] is None


@pytest.mark.parametrize("verb, service", [("grant", "web-of-last-year"), ("revoke", "web-of-next-year")])
def test_a_service_that_is_gone_gets_nothing_and_one_that_nothing_names_is_unknown(run, console, verb, service):
    leave_behind(console, "web-of-last-year", "payments/worker")
    ran = run(verb, service, "payments/worker")
    assert (ran.status, ran.out) == (2, "")
    assert f"The container service {service} doesn't exist" in ran.err


def test_a_repository_is_named_as_it_is_copied_from_aws(run):
    uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/analytics/reports:latest"
    assert run("grant", "storefront-web", uri, "--json").json["repository"] == "analytics/reports"
    elsewhere = run("revoke", "storefront-web", uri.replace("us-east-1", "eu-west-1"))
    assert elsewhere.status == 2
    assert "analytics/reports is in eu-west-1, but this service is in us-east-1." in elsewhere.err


@pytest.mark.parametrize(
    "form, part", [("terraform", "import {"), ("cloudformation", "Fn::GetAtt"), ("aws", "aws ecr")]
)
def test_access_as_code_changes_nothing(run, console, form, part):
    before = console.sandbox.policy("shared/otel-collector")
    ran = run("grant", "storefront-web", "shared/otel-collector", "--as", form)
    assert (ran.status, part in ran.out) == (0, True)
    assert console.sandbox.policy("shared/otel-collector") == before


@pytest.mark.parametrize(
    "named, held",
    [
        (["shared/otel-collector", "tools/cli"], ["shared/otel-collector", "tools/cli"]),
        (["--match", "storefront/*"], ["storefront/web", "storefront/nginx-sidecar"]),
        ([], []),
    ],
)
def test_access_as_code_of_many_or_all(run, named, held):
    ran = run("grant", "storefront-web", *named, "--as", "terraform", "--json")
    assert ran.status == 0, ran.err
    assert set(held) <= set(ran.json["repositories"])
    assert all(name in ran.json["text"] for name in held)


@pytest.mark.parametrize("more", [["--preview"], ["--previewed", "0" * 32]])
def test_access_as_code_previews_nothing(run, more):
    ran = run("grant", "storefront-web", "tools/cli", *more, "--as", "terraform")
    assert (ran.status, "leave out --preview and --previewed" in ran.err) == (2, True)
