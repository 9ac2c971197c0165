"""A service's access to a repository as code, made on the policy that AWS has now."""

import json

import hcl2
import pytest
from cfnlint import api as cfnlint

from tests.api.conftest import HERE, SERVICE


def as_code(ready, repository, form):
    return ready.get(f"{HERE}/repositories/as-code?repository={repository}&form={form}")


def puller(ready):
    return ready.get(HERE).json["role"]["principal_arn"]


def test_terraform_merges_what_others_wrote(ready):
    code = as_code(ready, "storefront/nginx-sidecar", "terraform").json
    before = ready.sandbox.policy("storefront/nginx-sidecar")
    assert hcl2.loads(code["text"])["resource"]
    for statement in before["policy"]["Statement"]:
        assert json.dumps(statement["Sid"]) in code["text"]
    assert "private_registry_access[0].ecr_image_puller_role[0].principal_arn" in code["text"]
    assert puller(ready) not in code["text"]
    assert ready.sandbox.policy("storefront/nginx-sidecar") == before
    assert code["file_name"] == f"sailpass-{SERVICE}-storefront-nginx-sidecar.tf"


def test_cloudformation_names_the_puller_by_its_attribute(ready):
    code = as_code(ready, "analytics/etl", "cloudformation").json
    properties = json.loads(code["text"])["Resources"]["Repository"]["Properties"]
    pulls = [each for each in properties["RepositoryPolicyText"]["Statement"] if "Fn::GetAtt" in str(each)]
    attribute = "PrivateRegistryAccess.EcrImagePullerRole.PrincipalArn"
    assert [each["Principal"]["AWS"] for each in pulls] == [{"Fn::GetAtt": ["ContainerService", attribute]}]
    assert any("no resource for a repository policy" in note for note in code["notes"])


def test_commands_name_the_puller_itself(ready):
    code = as_code(ready, "analytics/etl", "aws").json
    assert puller(ready) in code["text"]
    assert "aws ecr set-repository-policy" in code["text"]


def test_commands_for_access_that_is_there_say_that_there_is_nothing_to_do(ready):
    repository = "storefront/nginx-sidecar"
    one = as_code(ready, repository, "aws").json
    assert "set-repository-policy" not in one["text"]
    assert f"{SERVICE} already has access to {repository}, so there is nothing to do." in one["notes"][0]
    assert as_code(ready, "analytics/reports", "aws").json["notes"] == []
    many = ready.post(f"{HERE}/repositories/as-code", {"form": "aws", "repositories": [repository]}).json
    assert any("already has access to these repositories, so there is nothing to do." in note for note in many["notes"])
    terraform = as_code(ready, repository, "terraform").json
    assert not any("nothing to do" in note for note in terraform["notes"])


def test_a_repository_without_a_policy_has_no_policy_to_import(ready):
    ready.sandbox.put_policy("edge/cache", None)
    text = as_code(ready, "edge/cache", "terraform").json["text"]
    assert "to = aws_lightsail_container_service." in text
    assert "to = aws_ecr_repository_policy." not in text


def test_a_service_of_a_stack_is_marked(ready):
    lightsail = ready.sandbox.client("lightsail")
    tags = [{"key": "managed-by", "value": "terraform"}]
    lightsail.create_container_service(serviceName="managed-shop", power="nano", scale=1, tags=tags)
    here = "/api/v1/services/us-east-1/managed-shop"
    policy = ready.get(f"{here}/policy?repository=edge/cache").json
    code = ready.get(f"{here}/repositories/as-code?repository=edge/cache&form=terraform").json
    assert (
        policy["managed"]
        == code["managed"]
        == (
            "A tag says that Terraform manages this service. Change its files too, or the next run may undo the change."
        )
    )
    assert '"managed-by" = "terraform"' in code["text"]
    assert "Activate the image puller role first." in code["text"]


def test_a_policy_that_ecr_refuses_or_that_denies_the_role_is_noted(ready):
    statements = [
        {"Sid": "Dead", "Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLEEXAMPLE12"}, "Action": "ecr:BatchGetImage"},
        {"Sid": "NoOne", "Effect": "Deny", "Principal": "*", "Action": "ecr:BatchGetImage"},
    ]
    repository = "shared/base-python"  # not read by another test within the seconds for which a read counts
    ready.sandbox.put_policy(repository, {"Version": "2012-10-17", "Statement": statements})
    notes = as_code(ready, repository, "aws")
    assert [note for note in notes.json["notes"] if "Remove dead principals first" in note]
    assert [note for note in notes.json["notes"] if "NoOne" in note]


@pytest.mark.parametrize(
    "query, status, code",
    [
        ("repository=no/such&form=terraform", 404, "repository.not_found"),
        ("repository=edge/cache&form=pulumi", 422, "request.invalid"),
        ("repository=edge/cache", 422, "request.invalid"),
    ],
)
def test_what_is_not_there_is_refused(ready, query, status, code):
    answer = ready.get(f"{HERE}/repositories/as-code?{query}")
    assert (answer.status, answer.json["code"]) == (status, code)


def test_a_policy_that_could_not_be_read_gives_no_code(ready):
    ready.sandbox.fault(action="ecr:GetRepositoryPolicy", kind="access_denied")
    try:
        answer = as_code(ready, "tools/cli", "terraform")
    finally:
        ready.sandbox.clear_faults()
    assert (answer.status, answer.json["code"]) == (403, "aws.access_denied")


def linted(text):
    """What cfn-lint finds, but for the advice to raise a policy's version, which changes what others' statements mean."""
    return [str(match) for match in cfnlint.lint(text, regions=["us-east-1"]) if match.rule.id != "W2511"]


def test_a_selection_is_one_text_for_all(ready):
    names = ["analytics/etl", "storefront/nginx-sidecar", "payments/api"]
    for form in ("terraform", "cloudformation", "aws"):
        many = ready.post(f"{HERE}/repositories/as-code", {"form": form, "repositories": names})
        assert (many.status, many.json["repositories"], many.json["left_out"]) == (200, names, []), many.text
        text = many.json["text"]
        assert all(name in text for name in names)
        assert (puller(ready) in text) is (form == "aws")
        if form == "terraform":
            assert len(hcl2.loads(text)["resource"]) == 1 + len(names)
        if form == "cloudformation":
            assert linted(text) == []
    assert "storefront-web" not in str(ready.sandbox.policy("payments/api"))


def test_a_pattern_means_all_that_match_and_what_cannot_be_planned_is_left_out(ready):
    ready.sandbox.put_policy("payments/ledger", '{"Version": "2012-10-17"}, {')
    ready.get(f"{HERE}/repositories/as-code?repository=payments/ledger&form=aws")  # reads it
    many = ready.post(f"{HERE}/repositories/as-code", {"form": "terraform", "match": "payments/*"}).json
    assert set(many["repositories"]) < {
        each["name"] for each in ready.get("/api/v1/repositories?q=payments/").json["repositories"]
    }
    reasons = {each["repository"]: each["code"] for each in many["left_out"]}
    assert reasons == {"payments/ledger": "policy.not_json", "payments/worker": "policy.dead_principals"}
    assert "payments/ledger" not in many["text"]


def test_a_service_as_a_whole_holds_every_repository_that_names_it(ready):
    named = {each["name"] for each in ready.get(f"{HERE}/repositories").json["repositories"]}
    whole = ready.get(f"{HERE}/as-code?form=terraform").json
    assert set(whole["repositories"]) == named
    assert len(hcl2.loads(whole["text"])["resource"]) == 1 + len(named)
    assert linted(ready.get(f"{HERE}/as-code?form=cloudformation").json["text"]) == []


def test_a_policy_that_gives_access_but_that_ecr_refuses_is_left_out(ready):
    repository = "shared/base-node"
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    statements = [
        {"Sid": name, "Effect": "Allow", "Principal": {"AWS": principal}, "Action": pull}
        for name, principal in (("Own", puller(ready)), ("Dead", "AROAEXAMPLEEXAMPLE12"))
    ]
    ready.sandbox.put_policy(repository, {"Version": "2012-10-17", "Statement": statements})
    as_code(ready, repository, "aws")  # reads it
    whole = ready.get(f"{HERE}/as-code?form=terraform").json
    assert repository not in whole["repositories"]
    assert {"repository": repository, "code": "policy.dead_principals"}.items() <= whole["left_out"][0].items()
    ready.sandbox.put_policy(repository, None)
    as_code(ready, repository, "aws")


def test_a_policy_whose_sid_names_a_tool_is_marked(ready):
    statement = {"Sid": "TerraformPull", "Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "ecr:*"}
    ready.sandbox.put_policy("edge/cache", {"Version": "2012-10-17", "Statement": [statement]})
    preview = ready.post(f"{HERE}/preview", {"kind": "grant", "repository": "edge/cache"}).json
    assert preview["managed"].startswith("The statement TerraformPull looks as if Terraform manages this policy.")


@pytest.mark.parametrize(
    "body, code",
    [
        ({"form": "terraform"}, "request.invalid"),
        ({"form": "terraform", "repositories": ["a"], "match": "*"}, "request.invalid"),
        ({"form": "terraform", "match": "nothing-like-it*"}, "batch.no_match"),
    ],
)
def test_no_code_of_nothing(ready, body, code):
    assert ready.post(f"{HERE}/repositories/as-code", body).json["code"] == code
