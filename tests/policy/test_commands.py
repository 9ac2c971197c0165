import json
import os
import shlex
import subprocess
import sys
from unittest.mock import patch

import pytest

from app.policy.commands import (
    FILE,
    System,
    Target,
    activate_role,
    grant_commands,
    policy_commands,
    save_policy,
)
from app.policy.grant import plan_grant
from app.policy.revoke import plan_revoke
from tests.policy.build import a_policy, a_statement
from tests.policy.names import PULLER

TARGET = Target(region="eu-west-1", service="shop", registry_id="220022002200", repository="shop/api")
ODD = a_policy(a_statement(sid="it's “für” $HOME `x`\nEOF '@ \\ POLICY"))
REPOSITORY = "--registry-id 220022002200 --repository-name shop/api"


def granting(text):
    return plan_grant(text, principal_arn=PULLER, service="shop")


def texts(commands):
    return [command.text for command in commands]


def codes(commands):
    return [command.code for command in commands]


def test_a_grant_by_hand_from_the_roles_activation_to_the_look_back():
    commands = grant_commands(TARGET, granting(ODD), System.POSIX, activate=True)
    assert codes(commands) == ["activate", "find_principal", "read", "save", "write", "read_back"]
    assert (
        texts(commands)[4]
        == f"aws ecr set-repository-policy {REPOSITORY} --policy-text file://{FILE} --region eu-west-1"
    )


def test_the_role_is_activated_by_nothing_but_itself_with_its_braces_quoted():
    assert activate_role(TARGET, System.POSIX).text == (
        "aws lightsail update-container-service --service-name shop"
        " --private-registry-access 'ecrImagePullerRole={isActive=true}' --region eu-west-1"
    )


def test_the_pullers_arn_is_asked_for_and_not_the_services_own():
    asked = grant_commands(TARGET, granting(None), System.POSIX, activate=True)[1].text
    assert "'containerServices[0].privateRegistryAccess.ecrImagePullerRole.principalArn' --output text" in asked


def test_the_policy_is_read_as_text_with_nothing_to_unescape():
    read = policy_commands(TARGET, granting(ODD), System.POSIX)[0].text
    assert read.startswith(f"aws ecr get-repository-policy {REPOSITORY} --query policyText --output text")


def test_a_revoke_of_the_last_statement_deletes_the_policy():
    change = plan_revoke(a_policy(a_statement(PULLER)), principals=[PULLER])
    commands = policy_commands(TARGET, change, System.POSIX)
    assert codes(commands) == ["read", "delete"]
    assert texts(commands)[1] == f"aws ecr delete-repository-policy {REPOSITORY} --region eu-west-1"


def test_a_revoke_of_one_of_several_writes_the_rest():
    change = plan_revoke(a_policy(a_statement(PULLER), a_statement()), principals=[PULLER])
    assert codes(policy_commands(TARGET, change, System.POSIX)) == [
        "read",
        "save",
        "write",
        "read_back",
    ]


def test_a_plan_that_needs_nothing_only_looks():
    change = granting(granting(None).after)
    assert codes(grant_commands(TARGET, change, System.WINDOWS, activate=False)) == ["read"]


@pytest.mark.parametrize("system", System)
def test_force_is_never_sent(system):
    commands = grant_commands(TARGET, granting(ODD), system, activate=True)
    assert not any("force" in text for text in texts(commands))


def test_the_saved_policy_is_the_finished_one_whatever_stands_in_it(tmp_path):
    command = save_policy(granting(ODD).after, System.POSIX).text
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    assert json.loads((tmp_path / FILE).read_bytes()) == json.loads(granting(ODD).after)


def test_a_policy_near_the_limit_is_saved_as_short_as_it_was_planned():
    text = granting(a_policy(a_statement(Note=["x"] * 1_500))).after
    saved = save_policy(text, System.POSIX).text.split("\n")[1:-1]
    assert "\n".join(saved) == text


def test_windows_gets_a_here_string_that_no_line_of_the_policy_ends():
    lines = save_policy(granting(ODD).after, System.WINDOWS).text.split("\n")
    assert lines[0] == f"[IO.File]::WriteAllText((Join-Path $PWD '{FILE}'), @'"
    assert [line for line in lines if line.startswith("'@")] == [lines[-1]] == ["'@)"]
    assert json.loads("\n".join(lines[1:-1])) == json.loads(granting(ODD).after)


def test_names_that_a_shell_would_read_otherwise_are_quoted():
    odd = Target("eu-west-1", "it's; rm", "220022002200", "a$b")
    posix, windows = (texts(grant_commands(odd, granting(None), one, activate=True)) for one in System)
    assert shlex.split(posix[0])[4] == "it's; rm"
    assert "'it''s; rm'" in windows[0]
    assert "'a$b'" in windows[2]


def test_windows_quotes_the_braces_and_the_query():
    activate, find, *_ = texts(grant_commands(TARGET, granting(None), System.WINDOWS, activate=True))
    assert "--private-registry-access 'ecrImagePullerRole={isActive=true}'" in activate
    assert "--query 'containerServices[0]." in find


def test_a_shell_hands_the_aws_client_the_very_words(tmp_path):
    client = tmp_path / "aws"
    client.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    client.chmod(0o755)
    change = granting(ODD)
    for command in grant_commands(TARGET, change, System.POSIX, activate=True):
        if command.code != "save":
            path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
            told = subprocess.run(["sh", "-c", command.text], env=path, capture_output=True, check=True).stdout
            assert json.loads(told) == shlex.split(command.text)[1:]


def test_the_real_client_knows_every_command_and_option():
    with patch.dict(os.environ):  # the client's package adds its own models to AWS_DATA_PATH
        client = pytest.importorskip("awscli.clidriver").create_clidriver()
    table = client._get_command_table()
    for command in grant_commands(TARGET, granting(ODD), System.POSIX, activate=True):
        words = shlex.split(command.text)
        if words[0] == "aws":
            operation = table[words[1]]._get_command_table()[words[2]]
            options = {word[2:] for word in words if word.startswith("--")} - {"region", "query", "output"}
            assert options <= set(operation.arg_table)
