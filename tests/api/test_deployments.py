"""Deploying over the API: a preview that is done as shown, one operation, and names of variables alone."""

from __future__ import annotations

import pytest

from tests.api.conftest import HERE, REGION, SERVICE
from tests.console import until

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com/"
WEB = "storefront/web"


@pytest.fixture(scope="module")
def images(ready):
    return ready.get(f"{HERE}/repositories/images?repository={WEB}").json["images"]


def test_images_come_newest_first_without_signatures(images):
    pushed = [each["pushed_at"] for each in images]
    assert pushed == sorted(pushed, reverse=True)
    assert all(each["tags"] for each in images)
    assert not [tag for each in images for tag in each["tags"] if tag.endswith(".sig")]


def test_deployments_tell_what_changed(ready):
    newest, *_ = ready.get(f"{HERE}/deployments").json["deployments"]
    assert newest["state"] == "ACTIVE"
    changed = {each["name"]: each["state"] for each in newest["change"]["containers"]}
    assert changed == {"nginx": "kept", "web": "changed"}
    web = next(each for each in newest["change"]["containers"] if each["name"] == "web")
    assert (web["variables"], web["image_before"]) == (["NODE_ENV"], f"{HOST}{WEB}:5.2.1")


def test_no_value_of_a_variable_is_told(ready):
    texts = [ready.get(f"{HERE}/deployments").text]
    texts.append(ready.post(f"{HERE}/deployments/preview", {"image": f"{WEB}:5.2.1"}).text)
    assert all("NODE_ENV" in text and "production" not in text for text in texts)


def test_a_deployment_is_previewed_then_done_as_shown(ready, ended):
    preview = ready.post(f"{HERE}/deployments/preview", {"image": f"{HOST}{WEB}:5.2.1"})
    assert preview.status == 200, preview.text
    shown = preview.json
    assert (shown["container"], shown["containers"], shown["obstacles"]) == ("web", ["nginx", "web"], [])
    assert [each["state"] for each in shown["change"]["containers"]] == ["kept", "changed"]
    answer = ready.post(f"{HERE}/deployments", {"image": f"{WEB}:5.2.1", "previewed": shown["previewed"]})
    done = ended(answer)
    assert (done["outcome"], done["image_uri"]) == ("succeeded", f"{HOST}{WEB}:5.2.1"), done["problem"]
    again = ended(ready.post(f"{HERE}/deployments", {"image": f"{WEB}:5.2.1", "previewed": shown["previewed"]}))
    assert again["problem"]["code"] == "deployment.changed_meanwhile"


def test_by_digest_what_was_previewed_is_what_runs(ready, images):
    digest = next(each["digest"] for each in images if "5.2.1" in each["tags"])
    shown = ready.post(f"{HERE}/deployments/preview", {"image": f"{WEB}:5.2.1", "pin": True}).json
    assert shown["image"] == f"{HOST}{WEB}@{digest}"


def test_an_earlier_version_is_deployed_again(ready, ended):
    oldest = ready.get(f"{HERE}/deployments").json["deployments"][-1]
    done = ended(ready.post(f"{HERE}/deployments", {"version": oldest["version"]}))
    assert (done["outcome"], done["repository"]) == ("succeeded", ""), done["problem"]
    newest = ready.get(f"{HERE}/deployments").json["deployments"][0]
    assert newest["images"] == oldest["images"]


def test_every_private_image_of_a_version_is_looked_for(ready):
    images = {"aside": "nginx:1.27", "gone": f"{HOST}{WEB}:deleted-since"}
    sent = ready.sandbox.client("lightsail").create_container_service_deployment(
        serviceName="reporting", containers={name: {"image": image} for name, image in images.items()}
    )
    version = sent["containerService"]["nextDeployment"]["version"]
    shown = ready.post(f"/api/v1/services/{REGION}/reporting/deployments/preview", {"version": version}).json
    codes = [each["code"] for each in shown["obstacles"]]
    assert ("image.tag_not_found" in codes, "uri.not_private" in codes) == (True, False), codes
    assert {"action": "ecr:DescribeImages", "on": WEB} in shown["calls"]


def test_what_would_fail_is_told_before(ready):
    shown = ready.post(f"{HERE}/deployments/preview", {"image": "payments/api:3.12.0", "container": "web"}).json
    assert [(each["code"], each["granted"]) for each in shown["obstacles"]] == [("policy.missing", True)]
    assert shown["needs_access"]
    granting = {"image": "payments/api:3.12.0", "container": "web", "grant": True}
    granted = ready.post(f"{HERE}/deployments/preview", granting).json
    assert (granted["obstacles"], granted["needs_access"]) == ([], True)


def test_what_is_certain_to_fail_is_not_deployed(ready, ended):
    before = len(ready.get(f"{HERE}/deployments").json["deployments"])
    failed = ended(ready.post(f"{HERE}/deployments", {"image": "payments/api:3.12.0", "container": "web"}))
    assert (failed["outcome"], failed["problem"]["code"]) == ("failed", "deployment.would_fail")
    assert failed["problem"]["reasons"] == ["The repository payments/api has no repository policy"]
    assert len(ready.get(f"{HERE}/deployments").json["deployments"]) == before


@pytest.mark.parametrize(
    "body, code",
    [
        ({}, "deployment.image_or_version"),
        ({"image": WEB, "version": 2}, "deployment.image_or_version"),
        ({"version": 2, "grant": True}, "deployment.version_alone"),
        ({"version": 2, "container": "web", "port": 80, "public": True}, "deployment.version_alone"),
        (
            {"image": f"{WEB}:5.2.1", "container": "x", "port": 9, "health_check_path": "/h"},
            "deployment.path_not_public",
        ),
        ({"image": f"{WEB}:a b"}, "deployment.bad_tag"),
        ({"image": f"{WEB}:1", "container": "My_App"}, "deployment.bad_container"),
        ({"image": "docker.io/library/nginx:1"}, "repository.other_registry"),
        ({"image": f"{WEB}:nope"}, "image.missing"),
        ({"image": f"{WEB}:5.2.1", "container": "wbe"}, "deployment.container_needs_port"),
        ({"version": 77}, "deployment.no_version"),
    ],
)
def test_what_cannot_be_deployed(ready, body, code):
    answer = ready.post(f"{HERE}/deployments/preview", body)
    assert (answer.json["code"], answer.status) == (code, 404 if code == "image.missing" else 422), answer.text


@pytest.mark.parametrize("body", [{"imag": "x"}, {"image": WEB, "port": 65_536}, {"image": WEB, "port": "80"}, []])
def test_what_is_not_understood_is_refused(ready, body):
    assert ready.post(f"{HERE}/deployments", body).status == 422


def plant_images(sandbox) -> None:
    """An index without linux/amd64, single images of two platforms, attestations alone, an archived one, a signature."""
    sandbox.client("ecr").create_repository(repositoryName="platforms")
    kinds = {
        "index": ["linux/arm64", "windows/amd64"],
        "both": ["linux/amd64", "linux/arm64"],
        "arm": ["linux/arm64"],
        "amd": ["linux/amd64"],
        "attested": ["unknown/unknown", "unknown/unknown"],
    }
    for tag, platforms in kinds.items():
        sandbox.add_image("platforms", tags=[tag], platforms=platforms)


@pytest.mark.parametrize(
    "tag, fit, platforms",
    [
        ("index", "not_in_index", ["linux/arm64", "windows/amd64"]),
        ("both", "runs", ["linux/amd64", "linux/arm64"]),
        ("arm", "other", ["linux/arm64"]),
        ("amd", "runs", ["linux/amd64"]),
        ("attested", "attestations_only", []),
    ],
)
def test_the_platform_is_read_on_request(ready, tag, fit, platforms):
    sandbox = ready.sandbox
    if "platforms" not in {
        each["repositoryName"] for each in sandbox.client("ecr").describe_repositories()["repositories"]
    }:
        plant_images(sandbox)
    sandbox.clear_calls()
    answer = ready.post(f"{HERE}/repositories/images/platform", {"image": f"platforms:{tag}"})
    assert (answer.status, answer.json["fit"], answer.json["platforms"]) == (200, fit, platforms), answer.text
    actions = [each["action"] for each in sandbox.calls()]
    assert actions.count("ecr:BatchGetImage") == 1
    sandbox.clear_calls()
    assert ready.get(f"{HERE}/repositories/images?repository=platforms").status == 200
    assert "ecr:BatchGetImage" not in [each["action"] for each in sandbox.calls()]


@pytest.mark.parametrize(
    "image, status, code",
    [(f"{WEB}:nope", 404, "image.missing"), (f"{WEB}:a b", 422, "deployment.bad_tag"), ("", 422, "request.invalid")],
)
def test_no_platform_of_what_is_no_image(ready, image, status, code):
    answer = ready.post(f"{HERE}/repositories/images/platform", {"image": image})
    assert (answer.status, answer.json["code"]) == (status, code), answer.text


def test_access_is_not_offered_against_a_deny(ready):
    """The statement that allows the role is there already; another denies the pull where the role has no organization."""
    sandbox = ready.sandbox
    arn = sandbox.service(SERVICE)["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"]
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    allow = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": pull}
    deny = {"Effect": "Deny", "Principal": "*", "Action": pull, "Condition": {"Null": {"aws:PrincipalOrgID": "true"}}}
    sandbox.client("ecr").create_repository(repositoryName="perimeter")
    sandbox.add_image("perimeter", tags=["1"])
    sandbox.put_policy("perimeter", {"Version": "2012-10-17", "Statement": [allow, deny]})
    for grant in (False, True):
        asked = {"image": "perimeter:1", "container": "web", "grant": grant}
        shown = ready.post(f"{HERE}/deployments/preview", asked).json
        assert [(each["code"], each["granted"]) for each in shown["obstacles"]] == [("policy.conditional", False)]
        assert not shown["needs_access"]


@pytest.fixture(scope="module")
def beside(ready):
    """The service runs images of two repositories, one of which it may not pull from any more; that one's URI."""
    sandbox, image = ready.sandbox, f"{HOST}perimeter:1"
    arn = sandbox.service(SERVICE)["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"]
    sandbox.put_policy("perimeter", {"Statement": {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "ecr:*"}})
    images = {"web": f"{HOST}{WEB}:5.2.1", "beside": image}
    sandbox.client("lightsail").create_container_service_deployment(
        serviceName=SERVICE, containers={name: {"image": each} for name, each in images.items()}
    )
    until(lambda: sandbox.deployments(SERVICE)[0]["state"], lambda state: state == "ACTIVE")
    sandbox.put_policy("perimeter", None)
    return image


def test_the_image_of_a_container_that_is_kept_is_looked_at(ready, beside):
    """Access that is given first is access to what is deployed, not to what is kept."""
    asked = {"image": f"{WEB}:5.3.0", "container": "web", "grant": True}
    shown = ready.post(f"{HERE}/deployments/preview", asked).json
    obstacles = [(each["code"], each["image"], each["granted"]) for each in shown["obstacles"]]
    assert (obstacles, shown["needs_access"]) == ([("policy.missing", beside, False)], False)
    assert {"action": "ecr:GetRepositoryPolicy", "on": "perimeter"} in shown["calls"]


def test_access_is_not_offered_for_a_version(ready, beside):
    """A version is deployed again as it was, with no grant."""
    version = ready.get(f"{HERE}/deployments").json["deployments"][0]["version"]
    shown = ready.post(f"{HERE}/deployments/preview", {"version": version}).json
    assert [(each["code"], each["granted"]) for each in shown["obstacles"]] == [("policy.missing", False)]
