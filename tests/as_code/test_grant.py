"""Terraform and CloudFormation of an access: valid by parsers of others, with the right ARN, whatever the names."""

from __future__ import annotations

import json
from dataclasses import replace

import hcl2
import pytest
from cfnlint import api as cfnlint

from app.as_code import text
from app.as_code.grant import (
    MOST_RESOURCES,
    SIZE_NOTE,
    Form,
    GrantCode,
    PolicyCode,
    cloudformation,
    notes_of,
    own_tags,
    terraform,
)
from app.as_code.managed import managed_by, managed_by_sid
from app.as_code.text import hcl, identifier, identifiers, logical_ids
from app.policy import strict_json

PULLER = "arn:aws:iam::000000000001:role/amazon/lightsail/us-east-1/containers/shop/private-repo-access/abc"
OTHER = "arn:aws:iam::111111111111:role/other"
REFERENCE = "${aws_lightsail_container_service.shop.private_registry_access[0].ecr_image_puller_role[0].principal_arn}"
ATTRIBUTE = {"Fn::GetAtt": ["ContainerService", "PrivateRegistryAccess.EcrImagePullerRole.PrincipalArn"]}
HOSTILE = '${file("/etc/passwd")}%{ for x in y }"\\\n  JSON\n}\nresource "x" "y" {\u202e'


def statement(principal, sid="AllowLightsailPull-shop"):
    actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions}


DOCUMENT = {"Version": "2008-10-17", "Statement": [statement(OTHER, "Theirs"), statement(PULLER)]}
WEB = PolicyCode("shop/web", DOCUMENT)
GRANT = GrantCode(
    region="us-east-1",
    service="shop",
    puller_arn=PULLER,
    policies=(WEB,),
    power="nano",
    scale=2,
    tags={"team": "web", "aws:cloudformation:stack-name": "prod"},
)


def blocks(grant):
    """Return the parsed Terraform, and the policy document as Terraform would send it, references unresolved."""
    parsed = hcl2.loads(terraform(grant))
    resources = {kind.strip('"'): body for each in parsed["resource"] for kind, body in each.items()}
    label = f'"{identifier(grant.policies[0].repository)}"'
    policy = resources["aws_ecr_repository_policy"][label]["policy"]
    return parsed, resources, policy


def heredoc(grant):
    """Return the policy document in the heredoc, with Terraform's escapes undone."""
    body = terraform(grant).split("<<-JSON\n")[1].rpartition("\n  JSON\n}")[0]
    return json.loads(body.replace("$${", "${").replace("%%{", "%{"))


def linted(grant):
    """Return what cfn-lint finds. W2511 asks for a newer policy version, which changes what others' statements mean."""
    matches = cfnlint.lint(cloudformation(grant), regions=[grant.region])
    return [str(match) for match in matches if match.rule.id != "W2511"]


def test_terraform_imports_what_exists_and_merges_the_policy():
    parsed, resources, _ = blocks(GRANT)
    assert len(parsed["import"]) == 2
    service = resources["aws_lightsail_container_service"]['"shop"']
    assert service["private_registry_access"][0]["ecr_image_puller_role"][0]["is_active"] is True
    assert (service["scale"], service["tags"]) == (2, {'"team"': '"web"'})
    document = heredoc(GRANT)
    assert document["Statement"] == [statement(OTHER, "Theirs"), statement(REFERENCE)]


def test_a_policy_that_does_not_exist_is_not_imported():
    parsed, *_ = blocks(replace(GRANT, policies=(replace(WEB, has_policy=False),)))
    assert [each["to"] for each in parsed["import"]] == ["${aws_lightsail_container_service.shop}"]


@pytest.mark.parametrize("text", [terraform, cloudformation])
def test_the_role_is_named_by_reference_and_never_by_the_services_own_arn(text):
    written = text(GRANT)
    assert PULLER not in written
    assert "aws_lightsail_container_service.shop.principal_arn" not in written
    assert '"PrincipalArn"' not in written


def test_a_deployment_depends_on_the_policy():
    assert "depends_on = [aws_ecr_repository_policy.shop_web]" in terraform(GRANT)


@pytest.mark.parametrize("number", ["1e400", "0.1000", "12345678901234567890.5"])
def test_numbers_stay_as_the_policy_writes_them(number):
    text = json.dumps({"Statement": [{**statement(OTHER), "Condition": {"NumericLessThan": {"x:y": "N"}}}]})
    document = strict_json.load(text.replace('"N"', number))
    grant = replace(GRANT, policies=(PolicyCode("shop/web", document),))
    assert f'"x:y": {number}\n' in terraform(grant)
    assert f'"x:y": {number}\n' in cloudformation(grant)


def test_terraform_says_that_it_does_not_activate_the_role_of_an_existing_service():
    assert "Activate the image puller role first" in terraform(replace(GRANT, role_ready=False))
    assert "Activate the image puller role first" not in terraform(GRANT)


def test_the_template_passes_cfn_lint_and_holds_the_whole_policy():
    assert linted(GRANT) == []
    template = json.loads(cloudformation(GRANT))
    repository = template["Resources"]["Repository"]["Properties"]
    assert repository["RepositoryPolicyText"]["Statement"] == [statement(OTHER, "Theirs"), statement(ATTRIBUTE)]
    service = template["Resources"]["ContainerService"]["Properties"]
    assert service["PrivateRegistryAccess"] == {"EcrImagePullerRole": {"IsActive": True}}
    assert template["Metadata"]["Notes"] == list(notes_of(Form.CLOUDFORMATION, GRANT))


def test_cfn_lint_would_notice_a_wrong_property():
    wrong = cloudformation(GRANT).replace('"IsActive"', '"Active"')
    assert "E3002" in {match.rule.id for match in cfnlint.lint(wrong, regions=["us-east-1"])}


@pytest.mark.parametrize("repository", ["0day/app", "shop/web", "a-b.c_d"])
def test_labels_are_identifiers(repository):
    parsed, *_ = blocks(replace(GRANT, policies=(replace(WEB, repository=repository),)))
    assert parsed["resource"]
    assert identifier(repository).isidentifier()


def test_hostile_values_stay_values():
    hostile = replace(
        GRANT,
        service=HOSTILE,
        region=HOSTILE,
        tags={HOSTILE: HOSTILE},
        policies=(
            replace(WEB, document={"Statement": [statement(OTHER, HOSTILE), {HOSTILE: [HOSTILE, PULLER + "x"]}]}),
        ),
    )
    parsed, resources, _ = blocks(hostile)
    assert set(resources) == {"aws_lightsail_container_service", "aws_ecr_repository_policy"}
    assert len(parsed["import"]) == 2
    assert heredoc(hostile) == json.loads(json.dumps(hostile.policies[0].document))
    assert "\u202e" not in terraform(hostile)


def test_quoted_text_interpolates_nothing():
    assert hcl('a${b}%{c}"\n') == '"a$${b}%%{c}\\" "'


def test_the_same_access_gives_the_same_text():
    turned = replace(GRANT, tags=dict(reversed([*GRANT.tags.items(), ("b", "1"), ("a", "2")])))
    straight = replace(GRANT, tags={**GRANT.tags, "b": "1", "a": "2"})
    assert terraform(turned) == terraform(straight)
    assert cloudformation(turned) == cloudformation(straight)
    assert list(own_tags(turned.tags)) == ["a", "b", "team"]


@pytest.mark.parametrize(
    "tags, named",
    [
        ({"aws:cloudformation:stack-name": "prod"}, {"stack": "prod"}),
        ({"ManagedBy": "terraform"}, {"tool": "Terraform"}),
        ({"managed-by": "AWS CDK"}, {"tool": "AWS CDK"}),
        ({"Terraform": "true"}, {"tool": "Terraform"}),
        ({"Terraform": "false"}, None),
        ({"team": "terraform"}, None),
        ({"managed_by": "Alice"}, None),
        ({}, None),
    ],
)
def test_tags_tell_which_tool_manages_a_service(tags, named):
    message = managed_by(tags)
    assert (message.params if message else None) == named


ALIKE = ("shop/web", "shop-web", "shop_web", "shop_web_2", "0day")


def test_many_repositories_are_resources_of_their_own():
    many = replace(GRANT, policies=tuple(replace(WEB, repository=name) for name in ALIKE))
    parsed = hcl2.loads(terraform(many))
    policies = dict(label for each in parsed["resource"] for label in _policies(each))
    assert len(parsed["resource"]) == 1 + len(policies)
    assert sorted(body["repository"].strip('"') for body in policies.values()) == sorted(ALIKE)
    assert len(parsed["import"]) == 1 + len(ALIKE)
    depends = terraform(many).split("depends_on = [")[1].partition("]")[0].split(", ")
    assert sorted(depends) == sorted(f"aws_ecr_repository_policy.{label}" for label in policies)
    assert linted(many) == []
    template = json.loads(cloudformation(many))["Resources"]
    names = [each["Properties"].get("RepositoryName") for each in template.values()]
    assert names == [None, *ALIKE]


def _policies(resource):
    return [(label.strip('"'), body) for label, body in resource.get('"aws_ecr_repository_policy"', {}).items()]


def test_a_service_alone_has_no_policy():
    alone = replace(GRANT, policies=())
    assert "depends_on =" not in terraform(alone)
    assert len(hcl2.loads(terraform(alone))["resource"]) == 1
    assert linted(alone) == []


@pytest.mark.parametrize("named", [identifiers, lambda names: logical_ids(names, "Repository")])
def test_labels_differ(named):
    assert len(set(named(ALIKE).values())) == len(ALIKE)


def test_labels_of_many_names_alike_are_tried_once_each():
    class Between:
        tries = 0

        def __format__(self, _spec):
            self.tries += 1
            return "_"

    between = Between()
    distinct = text._distinct(dict.fromkeys(map(str, range(500)), "a"), between)
    assert len(set(distinct.values())) == 500
    assert between.tries == 499


def test_what_a_template_cannot_hold_is_said():
    many = replace(GRANT, policies=tuple(PolicyCode(f"r{n}", {}) for n in range(MOST_RESOURCES)))
    assert SIZE_NOTE in notes_of(Form.CLOUDFORMATION, many)
    assert SIZE_NOTE not in notes_of(Form.CLOUDFORMATION, GRANT)


@pytest.mark.parametrize(
    "sid, tool",
    [
        ("ManagedByTerraform", "Terraform"),
        ("TerraformAllowPull", "Terraform"),
        ("CDKPull", "AWS CDK"),
        ("pulumi", "Pulumi"),
        ("FromCloudFormationStack", "CloudFormation"),
        ("AllowLightsailPull", ""),
        ("Terraforming", ""),
        ("", ""),
    ],
)
def test_a_sid_can_name_a_tool(sid, tool):
    found = managed_by_sid(["Other", sid])
    assert (found.params["tool"] if found else "") == tool
