"""`sailpass why` without a server and a database: its output, its exit statuses, its JSON."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.cli.running import quickly, sailpass

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com/"


def why(environment, *words):
    return quickly(environment, "why", *words)


def test_a_service_that_runs_has_no_cause(environment, tmp_path):
    ran = sailpass(environment, "why", "storefront-web")
    assert (ran.status, "No cause found" in ran.out) == (0, True)
    assert not (tmp_path / "data").exists()


def test_the_cause_comes_with_the_commands_that_put_it_right(environment):
    ran = why(environment, "storefront-web", HOST + "payments/api:3.12.0")
    assert ran.status == 1
    assert "\nCause: The repository payments/api has no repository policy [policy.missing]\n" in ran.out
    assert "aws ecr set-repository-policy" in ran.out
    assert environment["AWS_ENDPOINT_URL"] in ran.out


@pytest.mark.parametrize("form, part", [("terraform", "aws_ecr_repository_policy"), ("cloudformation", "Fn::GetAtt")])
def test_fixes_in_other_forms(environment, form, part):
    assert part in why(environment, "storefront-web", HOST + "payments/api:3.12.0", "--as", form).out


def test_json_is_one_object(environment):
    ran = why(environment, "storefront-web", HOST + "payments/api:3.12.0", "--json")
    told = ran.json
    assert (ran.status, told["causes"][0]["code"], told["causes"][0]["is_access"]) == (1, "policy.missing", True)
    assert [check["check"] for check in told["checks"]][:3] == ["service", "uri", "role"]
    assert ran.err == ""


def test_what_could_not_be_checked_has_a_status_of_its_own(environment, sandbox):
    sandbox.fault(action="ecr:GetRepositoryPolicy", kind="access_denied")
    ran = why(environment, "storefront-web", HOST + "payments/api:3.12.0")
    assert (ran.status, "The permission ecr:GetRepositoryPolicy is missing." in ran.out) == (7, True)


def test_no_option_is_named_against_a_missing_permission(environment, sandbox):
    sandbox.fault(action="ecr:DescribeImages", kind="access_denied")
    ran = why(environment, "storefront-web", HOST + "tools/cli:0.4.0")
    assert ("The permission ecr:DescribeImages is missing." in ran.out, "--platform" in ran.out) == (True, False)


def test_aws_that_takes_no_credentials_is_said(environment, sandbox):
    sandbox.fault(action="*", kind="expired_token")
    ran = why(environment, "storefront-web", "--json")
    assert (ran.status, ran.json["problem"]["code"]) == (7, "aws.expired_token")


def test_a_service_that_is_not_there_is_a_cause(environment):
    ran = why(environment, "tokyo-api", "--region", "us-east-1")
    assert (ran.status, "A service of this name exists in ap-northeast-1." in ran.out) == (1, True)


def test_without_a_region_it_is_asked_for(environment):
    bare = {
        name: value
        for name, value in environment.items()
        if name not in ("AWS_REGION", "AWS_DEFAULT_REGION", "SAILPASS_REGIONS")
    }
    assert sailpass(bare, "why", "storefront-web").status == 7


def test_nothing_from_outside_steers_the_terminal(environment):
    ran = why(environment, "storefront-web", HOST + "payments/api:3.12.0\x1b[2J")
    assert "\x1b" not in ran.out


@pytest.mark.parametrize("options, said", [([], True), (["--platform"], False)])
def test_how_the_platform_is_read_is_said_where_it_was_not(environment, options, said):
    ran = why(environment, "storefront-web", HOST + "tools/cli:0.4.0", *options)
    assert ("\n    Use --platform to read it.\n" in ran.out) is said


def test_the_platform_is_read_on_request(environment):
    ran = why(environment, "storefront-web", HOST + "storefront/web:5.3.0", "--platform")
    assert (ran.status, "records this as a pull" in ran.err) == (0, True)


def test_the_command_loads_no_server(environment):
    program = (
        "import sys, app.cli; sys.stdout.write(str([m for m in sys.modules if m.split('.')[0] in "
        "('boto3', 'botocore', 'sqlalchemy', 'fastapi', 'dbos')] + ['x']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(json.loads(done.stdout.replace("'", '"')))
    assert not any(name.startswith(("boto", "fastapi", "dbos")) for name in loaded)
