"""Commands on many repositories beside a running server."""

import json

import pytest

from tests.cli.running import quickly
from tests.console import console, until

__all__ = ["console"]

SERVICE = "storefront-web"


@pytest.fixture(scope="module")
def run(console):
    until(
        lambda: console.get(f"/api/v1/services/us-east-1/{SERVICE}/repositories").json["policies"],
        lambda policies: policies["total"] and policies["read"] == policies["total"],
    )
    return lambda *words: quickly(console.environment, *words)


def names_role(console, repository):
    return f"/{SERVICE}/private-repo-access" in json.dumps(console.sandbox.policy(repository)["policy"])


def test_several_repositories_are_granted_at_once(run, console):
    ran = run("grant", SERVICE, "edge/cache", "analytics/etl", "tools/cli")
    assert (ran.status, ran.err) == (0, "")
    assert "3 of 3 done: 3 succeeded" in ran.out
    assert names_role(console, "tools/cli")


def test_a_pattern_is_revoked(run, console):
    run("grant", SERVICE, "analytics/etl", "analytics/reports")
    ran = run("revoke", SERVICE, "--match", "analytics/*", "--json")
    assert (ran.status, ran.json["counts"]) == (0, {"succeeded": 2})
    assert not names_role(console, "analytics/etl")


def test_a_file_names_them(run, console, tmp_path):
    names = tmp_path / "names"
    names.write_text("# ours\nshared/base-node\n\nshared/base-python  # too\n")
    ran = run("grant", SERVICE, "--file", str(names), "--json")
    assert ran.status == 0
    assert [item["repository"] for item in ran.json["items"]] == ["shared/base-node", "shared/base-python"]


def test_the_exit_status_tells_partly_done(run):
    ran = run("grant", SERVICE, "edge/cache", "no/such")
    assert ran.status == 8
    assert "no/such (storefront-web): The repository no/such doesn't exist in us-east-1." in ran.err


def test_the_exit_status_tells_nothing_done(run):
    assert run("grant", SERVICE, "no/such", "no/other").status == 1


def test_a_preview_changes_nothing(run, console):
    before = console.sandbox.policy("payments/api")
    ran = run("grant", SERVICE, "payments/api", "payments/ledger", "--preview")
    assert ran.status == 0
    assert "policies change" in ran.out
    assert console.sandbox.policy("payments/api") == before


def test_without_waiting_the_id_is_printed(run, console):
    ran = run("grant", SERVICE, "edge/cache", "tools/cli", "--no-wait")
    assert console.get(f"/api/v1/batches/{ran.out.strip()}").json["total"] == 2


@pytest.mark.parametrize(
    "words",
    [
        ["grant", SERVICE],
        ["grant", SERVICE, "a/b", "--match", "a/*"],
        ["grant", SERVICE, "a/b", "a/c", "--previewed", "0" * 32],
        ["repair"],
        ["repair", SERVICE],
        ["repair", SERVICE, "a/b", "--all"],
        ["grant", SERVICE, "--match", "no-such-*"],
    ],
)
def test_what_cannot_be_is_wrong_usage(run, words):
    assert run(*words).status == 2


def test_all_that_needs_it_is_repaired(run, console):
    first = run("repair", "--all", "--json")
    assert first.status in {0, 8}
    assert run("repair", "--all", "--json").json["counts"].get("succeeded", 0) == 0


def test_a_batch_is_undone(run, console):
    blog = "legacy-blog"
    granted = run("grant", blog, "edge/cache", "tools/cli", "--json").json
    ran = run("undo", granted["id"])
    assert (ran.status, ran.err) == (0, "")
    assert "2 of 2 done: 2 succeeded" in ran.out
    assert ran.out.endswith(
        f"The image puller role of us-east-1/{blog}, activated by what was undone, is still active.\n"
    )
    assert f"/{blog}/private-repo-access" not in json.dumps(console.sandbox.policy("edge/cache")["policy"])
    again = run("undo", granted["id"], "--json")
    assert (again.status, again.json["total"]) == (0, 0)
    assert "undone already" in run("undo", granted["id"]).out
    changed_nothing = run("revoke", blog, "edge/cache", "tools/cli", "--json").json
    assert run("undo", changed_nothing["id"]).status == 2


def test_an_operation_is_undone_and_what_is_unknown_is_wrong_usage(run, console):
    run("grant", SERVICE, "shared/base-node")
    removed = run("revoke", SERVICE, "shared/base-node", "--json").json
    ran = run("undo", removed["id"], "--json")
    assert ran.status == 0, (ran, removed)
    assert (ran.status, ran.json["kind"], ran.json["follows"]) == (0, "undo", removed["id"])
    assert names_role(console, "shared/base-node")
    assert run("undo", "01900000-0000-7000-8000-000000000000").status == 2
    assert run("undo", "no-id").status == 2


def test_who_can_pull_is_shown(run):
    run("grant", SERVICE, "edge/cache")
    ran = run("who-can-pull", "edge/cache")
    assert ran.status == 0
    assert "edge/cache in us-east-1" in ran.out
    assert f"/{SERVICE}/private-repo-access" in ran.out


def test_nobody_can_pull_from_what_is_not_there(run):
    ran = run("who-can-pull", "no/such", "--region", "us-east-1")
    assert ran.status == 2
