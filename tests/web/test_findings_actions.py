"""What pages and the API say and repair of findings: stacks, deployed images, dead principals, everything at once."""

import pytest

from tests.console import console, until
from tests.reader import Reader

__all__ = ["console"]

REGION, TOKYO = "us-east-1", "ap-northeast-1"
DEAD = "AROAQ3EXAMPLEDEADROLE"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


@pytest.fixture(scope="module")
def mika(console):
    reader = Reader(console)
    until(lambda: console.get("/api/v1/findings").json["coverage"], lambda coverage: coverage["whole"])
    return reader


@pytest.fixture(scope="module")
def sandbox(console):
    return console.sandbox


def found(mika, code):
    listed = mika.console.get("/api/v1/findings").json["findings"]
    return [finding for finding in listed if finding["code"] == code]


def refreshed(mika, look, holds=bool):
    """What is found once AWS was asked again."""

    def ask():
        mika.sends("/refresh", next="/findings")
        return look()

    return until(ask, holds)


def operation_of(page):
    return "/operations/" + page.soup.select_one(".operation")["id"].removeprefix("operation-")


def test_a_service_of_a_stack_is_told_with_the_lines_that_its_template_needs(mika):
    [finding] = found(mika, "finding.stack_may_deactivate")
    assert (finding["service"], finding["repository"], finding["severity"]) == ("edge-cache", "", "warning")
    assert "edge-production" in finding["what"]
    assert finding["lines"] == "PrivateRegistryAccess:\n  EcrImagePullerRole:\n    IsActive: true\n"
    page = mika.reads("/findings?q=edge-cache")
    assert "Sailpass can't read the template." in page.text
    assert finding["lines"] in {block.get_text() for block in page.soup.select("pre")}


def test_a_deployed_tag_that_is_gone_is_found_and_an_archived_one_and_nothing_is_pulled_for_it(mika, sandbox):
    assert found(mika, "finding.image_gone") == []
    sandbox.clear_calls()
    ecr = sandbox.client("ecr")
    ecr.batch_delete_image(repositoryName="storefront/web", imageIds=[{"imageTag": "5.3.0"}])
    archived = [{"imageTag": "1.27.3"}]
    digest = ecr.describe_images(repositoryName="storefront/nginx-sidecar", imageIds=archived)["imageDetails"][0]
    ecr.update_image_storage_class(
        repositoryName="storefront/nginx-sidecar",
        imageId={"imageDigest": digest["imageDigest"]},
        targetStorageClass="ARCHIVE",
    )
    [gone] = refreshed(mika, lambda: found(mika, "finding.image_gone"))
    assert (gone["service"], gone["repository"], gone["severity"]) == ("storefront-web", "storefront/web", "warning")
    assert "names image 5.3.0, which no longer exists" in gone["what"]
    [archived] = refreshed(mika, lambda: found(mika, "finding.image_archived"))
    assert archived["repository"] == "storefront/nginx-sidecar"
    assert sandbox.calls("ecr:BatchGetImage") == []
    assert "which no longer exists" in mika.reads(f"/repositories/{REGION}/storefront/web").text
    ecr.put_image(
        repositoryName="storefront/web",
        imageTag="5.3.0",
        imageManifest=ecr.batch_get_image(repositoryName="storefront/web", imageIds=[{"imageTag": "latest"}])["images"][
            0
        ]["imageManifest"],
    )
    refreshed(mika, lambda: found(mika, "finding.image_gone"), lambda left: left == [])


def test_images_that_cannot_be_asked_for_are_unknown_and_no_all_clear(mika, sandbox):
    fault = {"action": "ecr:DescribeImages", "kind": "access_denied"}
    sandbox.fault(**fault)

    def coverage():
        return mika.console.get("/api/v1/findings").json["coverage"]

    problems = refreshed(mika, coverage, lambda coverage: not coverage["whole"])["problems"]
    assert {problem["code"] for problem in problems} == {"aws.access_denied"}
    both = f"Deployed images of {TOKYO}, {REGION}"
    page = refreshed(mika, lambda: mika.reads("/findings").text, lambda text: both in text)
    assert all(f"arn:aws:ecr:{region}:" in page for region in (REGION, TOKYO))
    sandbox.clear_faults()
    refreshed(mika, coverage, lambda coverage: coverage["whole"])


def test_the_newest_tag_is_unknown_until_it_was_looked_for(mika, sandbox):
    def listed(name):
        rows = mika.console.get("/api/v1/repositories?limit=200").json["repositories"]
        return next(row for row in rows if row["name"] == name)

    known = until(lambda: listed("payments/api"), lambda row: row["newest_image"])
    assert known["newest_image"]["tags"] == ["3.12.0"]
    assert until(lambda: listed("analytics/etl"), lambda row: row["newest_image"])["newest_image"]["tags"] == [
        "2.4.1",
        "latest",
    ]
    assert "3.12.0" in mika.reads("/repositories").text

    def times_asked(name):
        """How often all of its images were: whether one that is deployed exists is asked by its tag."""
        calls = [call["params"] for call in sandbox.calls("ecr:DescribeImages")]
        return sum(call["repositoryName"] == name and "imageIds" not in call for call in calls)

    assert times_asked("payments/api") == 1
    for _ in range(3):
        mika.reads("/repositories")
    until(lambda: listed("tools/cli")["newest_image"])  # a later one of the page: what was due has been asked
    assert times_asked("payments/api") == 1


def dead_policy():
    statement = {"Sid": "Build", "Effect": "Allow", "Principal": {"AWS": DEAD}, "Action": PULL}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_all_access_is_repaired_across_services_and_the_rest_is_said(mika, sandbox):
    web, reporting = (sandbox.service(name) for name in ("storefront-web", "reporting"))
    for name, service in (("tools/cli", web), ("shared/base-node", reporting)):
        grant = {"Effect": "Allow", "Principal": {"AWS": service["principalArn"]}, "Action": PULL}
        sandbox.put_policy(name, {"Version": "2012-10-17", "Statement": [grant]})
        refreshed(
            mika,
            lambda name=name: mika.console.get(f"/api/v1/repositories/{REGION}/{name}").json["findings"],
            lambda findings: [each["repair"] for each in findings] == ["repair"],
        )
    page = mika.reads("/findings/repair")
    assert "tools/cli" in page.text
    assert "Not repaired by this batch" in page.text
    assert "edge-production" in page.text
    shown = mika.console.post("/api/v1/findings/repair/preview", {}).json
    assert {"tools/cli", "shared/base-node"} <= {item["repository"] for item in shown["items"]}
    assert "finding.stack_may_deactivate" in {finding["code"] for finding in shown["left"]}
    stale = mika.console.post("/api/v1/findings/repair", {"previewed": "0" * 32})
    assert (stale.status, stale.json["code"]) == (409, "batch.changed")
    assert mika.sends("/findings/repair", seen="0" * 32).status == 409
    button = next(name for name in page.buttons() if name.startswith("Repair"))
    assert mika.follows(page, button).status == 200
    newest = mika.console.get("/api/v1/operations?kind=batch&limit=1").json["operations"][0]
    done = until(
        lambda: mika.console.get(f"/api/v1/batches/{newest['batch']}?limit=500").json, lambda batch: batch["ended_at"]
    )
    assert done["action"] == "repair"
    assert {service["name"] for service in done["services"]} >= {"storefront-web", "reporting"}
    for name, service in (("tools/cli", web), ("shared/base-node", reporting)):
        statement = sandbox.policy(name)["policy"]["Statement"]
        assert service["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"] in str(statement)
        assert service["principalArn"] not in str(statement)
    again = mika.console.post("/api/v1/findings/repair/preview", {}).json
    assert "tools/cli" not in {item["repository"] for item in again["items"]}


def test_dead_principals_are_removed_where_a_region_has_no_services(mika, sandbox):
    sandbox.put_policy("tokyo/scheduler", dead_policy(), TOKYO)
    sandbox.client("lightsail", TOKYO).delete_container_service(serviceName="tokyo-api")
    refreshed(
        mika,
        lambda: mika.console.get("/api/v1/services").json["services"],
        lambda services: all(service["region"] != TOKYO for service in services),
    )
    refreshed(mika, lambda: mika.console.get(f"/api/v1/repositories/{TOKYO}/tokyo/scheduler").json["findings"])
    page = mika.reads("/findings?q=tokyo/scheduler")
    asked = mika.follows(page, "Remove dead principals from tokyo/scheduler")
    ended = mika.ended(operation_of(mika.follows(asked, "Remove dead principals")))
    assert "The dead principals were removed from tokyo/scheduler." in ended.text
    assert sandbox.policy("tokyo/scheduler", TOKYO)["policy"] is None
    assert "/containers/ap-northeast-1/" not in ended.answer.text
    history = mika.reads("/history?kind=prune")
    assert "tokyo/scheduler" in history.text
    assert mika.follows(ended, "Undo").status == 200


def test_a_program_removes_dead_principals_of_a_repository(mika, sandbox):
    sandbox.put_policy("payments/api", dead_policy())
    target = {"region": REGION, "repository": "payments/api"}
    shown = mika.console.post("/api/v1/repositories/prune/preview", target).json
    assert (shown["principals"], shown["service"], shown["after"]) == ([DEAD], "", None)
    refused = mika.console.post("/api/v1/repositories/prune", {**target, "previewed": "0" * 32})
    started = mika.console.post("/api/v1/repositories/prune", {**target, "previewed": shown["previewed"]})
    for answer in (refused, started):
        assert answer.status == 202
        mika.ended(f"/operations/{answer.json['id']}")
    assert sandbox.policy("payments/api")["policy"] is None
    elsewhere = mika.console.post("/api/v1/repositories/prune/preview", {**target, "region": "eu-west-3"})
    assert elsewhere.status == 404
