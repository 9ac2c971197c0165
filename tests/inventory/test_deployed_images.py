"""Whether ECR has the images that services deploy: which calls are made for it, how often, and what each answer means."""

import asyncio

import pytest
from sqlalchemy import select

from app.aws.call_pool import AwsCalls
from app.errors import Problem
from app.inventory.background_sync import Scanner
from app.inventory.models import DeployedImage
from app.inventory.sync_state import What, find_reading
from tests.build import ACCOUNT, REGION, a_deployment, a_policy, a_repository, a_service, an_image
from tests.inventory.at import HERE
from tests.inventory.test_scan import OFFLINE

REPOSITORY = a_repository().name


@pytest.fixture
def scanner(sqlite_db, aws, clock):
    calls = AwsCalls()
    scanner = Scanner(sqlite_db, aws, calls, clock, (REGION,))
    yield scanner
    scanner.close()
    calls.close()


def deploy(aws, tag, service="storefront", repository=REPOSITORY):
    image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{repository}:{tag}"
    aws.add_service(a_service(service, current_deployment=a_deployment(image=image)))


async def read(scanner):
    await scanner.turn(REGION, What.SERVICES)
    while (await scanner.turn(REGION, What.IMAGES)).more:
        pass


def states(db):
    with db.read() as session:
        rows = session.scalars(select(DeployedImage).order_by(DeployedImage.service))
        return [(row.service, row.state, row.problem["code"] if row.problem else "") for row in rows]


def image_calls(aws):
    return sum(call.operation == "DescribeImages" for call in aws.calls)


async def test_each_deployed_image_is_asked_for_once_and_again_when_it_is_old(scanner, aws, clock, sqlite_db):
    aws.add_repository(images=[an_image("1.0")])
    for service, tag in (("a", "1.0"), ("b", "1.0"), ("c", "2.0")):
        deploy(aws, tag, service)
    await read(scanner)
    assert states(sqlite_db) == [("a", "found", ""), ("b", "found", ""), ("c", "gone", "")]
    assert image_calls(aws) == 2
    clock.advance(299)
    await read(scanner)
    assert image_calls(aws) == 2
    clock.advance(1)
    await read(scanner)
    assert image_calls(aws) == 4


async def test_what_ecr_refuses_stays_unknown_and_is_told(scanner, aws, sqlite_db):
    aws.add_repository(images=[an_image("1.0")])
    deploy(aws, "1.0")
    aws.denied.add("ecr:DescribeImages")
    await read(scanner)
    assert states(sqlite_db) == [("storefront", "", "aws.access_denied")]
    assert find_reading(sqlite_db, *HERE, What.IMAGES).problem.code == "aws.access_denied"


async def test_one_refused_image_spoils_no_other_and_keeps_what_was_known(scanner, aws, clock, sqlite_db):
    aws.add_repository(images=[an_image("1.0")])
    deploy(aws, "0.9", "a")
    deploy(aws, "1.0", "b")
    await read(scanner)
    clock.advance(300)
    aws.fail("ecr:DescribeImages", Problem("aws.access_denied", action="ecr:DescribeImages"))
    await read(scanner)
    assert states(sqlite_db) == [("a", "gone", "aws.access_denied"), ("b", "found", "")]
    assert find_reading(sqlite_db, *HERE, What.IMAGES).problem is None


async def test_aws_out_of_reach_stops_the_reading_at_once(scanner, aws, sqlite_db):
    aws.add_repository()
    for number in range(9):
        deploy(aws, str(number), f"s{number}")
    aws.fail("ecr:DescribeImages", OFFLINE, times=9)
    await read(scanner)
    assert image_calls(aws) == 1
    assert find_reading(sqlite_db, *HERE, What.IMAGES).problem.code == "aws.unreachable"


async def test_an_image_that_could_not_be_reached_is_asked_for_again_at_once(scanner, aws, clock, sqlite_db):
    aws.add_repository(images=[an_image("1.0")])
    deploy(aws, "1.0")
    aws.fail("ecr:DescribeImages", OFFLINE)
    await read(scanner)
    clock.advance(3)
    await scanner.retry([REGION], 5)
    assert find_reading(sqlite_db, *HERE, What.IMAGES).problem is None
    assert states(sqlite_db) == [("storefront", "found", "")]


async def test_a_repository_that_is_gone_is_no_missing_permission(scanner, aws, sqlite_db):
    deploy(aws, "1.0")
    await read(scanner)
    assert states(sqlite_db) == [("storefront", "no_repository", "")]


async def asleep(clock, parts):
    """Wait until every part of the scanner sleeps, and stays asleep while the loop turns."""
    calm = 0
    while calm < 50:
        sleeping = sum(not future.done() for _, _, future in clock._sleepers)
        calm = calm + 1 if sleeping == parts else 0
        await asyncio.sleep(0.001 if calm == 0 else 0)


async def test_an_idle_hour_asks_for_each_policy_and_image_twice(scanner, aws, clock):
    """README says what an idle console costs."""
    for number in range(40):
        aws.add_repository(a_repository(f"team/{number}"), policy=a_policy(), images=[an_image("1.0")])
    for number in range(5):
        deploy(aws, "1.0", f"s{number}", f"team/{number}")
    tasks = [asyncio.create_task(part.run(lambda _rest: None)) for part in scanner.parts()]
    await asleep(clock, len(tasks))
    aws.calls.clear()
    for _ in range(60):
        clock.advance(60)
        await asleep(clock, len(tasks))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    counted = {}
    for call in aws.calls:
        counted[call.operation] = counted.get(call.operation, 0) + 1
    assert counted == {
        "GetContainerServices": 60,
        "DescribeRepositories": 6,
        "GetRepositoryPolicy": 2 * 40,
        "DescribeImages": 2 * 5,
        "GetRegistryPolicy": 6,
        "GetCallerIdentity": 6,
    }
