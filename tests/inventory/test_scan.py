import asyncio
from contextlib import asynccontextmanager
from functools import partial
from threading import Event

import pytest

from app.aws.call_pool import AwsCalls
from app.clock import SystemClock
from app.errors import Problem
from app.inventory import queries, sync
from app.inventory.background_sync import Scanner
from app.inventory.policies import remember_policy
from app.inventory.sync_state import What, claim, find_reading
from app.keys import RepositoryKey, ServiceKey
from app.supervisor import Supervisor
from tests.build import REGION, SERVICE, a_policy, a_repository, a_service, an_active_role, puller_arn
from tests.inventory.at import HERE, allow

EUROPE = "eu-central-1"
OFFLINE = Problem("aws.unreachable", retryable=True, endpoint="ecr")


@pytest.fixture
def scanner(sqlite_db, aws, clock):
    calls = AwsCalls()
    scanner = Scanner(sqlite_db, aws, calls, clock, (REGION, EUROPE))
    yield scanner
    scanner.close()
    calls.close()


async def read_all(scanner, region=REGION):
    for what in What:
        while (await scanner.turn(region, what)).more:
            pass


def policy_calls(aws):
    return sum(call.operation == "GetRepositoryPolicy" for call in aws.calls)


async def test_services_repositories_and_policies_are_read_into_the_store(scanner, aws, sqlite_db):
    aws.add_service(a_service(role=an_active_role()))
    aws.add_repository(policy=a_policy([allow(puller_arn())]))
    aws.add_repository(a_repository("search"))
    await read_all(scanner)
    assert queries.find_service(sqlite_db, ServiceKey(*HERE, SERVICE)).can_pull == 1
    assert queries.find_repository(sqlite_db, RepositoryKey(*HERE, "search")).has_policy is False


async def test_a_reading_is_told_with_its_age_and_extent(scanner, aws, clock, sqlite_db):
    aws.add_repository()
    began = clock.now()
    await read_all(scanner)
    reading = find_reading(sqlite_db, *HERE, What.POLICIES)
    assert (reading.succeeded_at, reading.done, reading.total) == (began, 1, 1)


async def test_what_was_just_read_is_left_alone(scanner, aws):
    aws.add_repository()
    await read_all(scanner)
    before = len(aws.calls)
    await read_all(scanner)
    assert len(aws.calls) == before


async def test_old_data_is_read_again_sooner_when_somebody_looks(scanner, aws, clock):
    await scanner.turn(REGION, What.SERVICES)
    clock.advance(10)
    await scanner.turn(REGION, What.SERVICES, on_request=False)
    assert len(aws.calls) == 1
    await scanner.turn(REGION, What.SERVICES, on_request=True)
    assert len(aws.calls) == 2


async def test_what_another_replica_reads_is_left_to_it(scanner, aws, clock, sqlite_db):
    claim(sqlite_db, *HERE, What.SERVICES, now=clock.now())
    await scanner.turn(REGION, What.SERVICES)
    assert aws.calls == []


async def test_a_refused_listing_keeps_what_is_known_and_says_why(scanner, aws, clock, sqlite_db):
    aws.add_repository()
    await read_all(scanner)
    aws.denied.add("ecr:DescribeRepositories")
    clock.advance(60)
    assert (await scanner.turn(REGION, What.REPOSITORIES)).problem.code == "aws.access_denied"
    assert find_reading(sqlite_db, *HERE, What.REPOSITORIES).problem.code == "aws.access_denied"
    assert queries.policy_coverage(sqlite_db, *HERE).total == 1


@pytest.mark.parametrize("code", ["aws.access_denied", "aws.bad_answer", "aws.refused", "aws.unknown"])
async def test_one_refused_policy_spoils_no_other(scanner, aws, sqlite_db, code):
    for name in ("a", "b", "c"):
        aws.add_repository(a_repository(name))
    aws.fail("ecr:GetRepositoryPolicy", Problem(code, action="ecr:GetRepositoryPolicy"))
    await read_all(scanner)
    known = [queries.find_repository(sqlite_db, RepositoryKey(*HERE, name)) for name in ("a", "b", "c")]
    assert sorted(one.problem.code if one.problem else "" for one in known) == ["", "", code]
    assert find_reading(sqlite_db, *HERE, What.POLICIES).problem is None


async def test_policies_that_are_all_refused_are_a_problem_of_the_region(scanner, aws, sqlite_db):
    aws.add_repository()
    aws.denied.add("ecr:GetRepositoryPolicy")
    await read_all(scanner)
    assert find_reading(sqlite_db, *HERE, What.POLICIES).problem.code == "aws.access_denied"


async def test_aws_out_of_reach_stops_the_reading_at_once(scanner, aws, sqlite_db):
    for number in range(50):
        aws.add_repository(a_repository(f"team/{number}"))
    aws.fail("ecr:GetRepositoryPolicy", OFFLINE, times=50)
    await read_all(scanner)
    assert policy_calls(aws) <= sync.SIDE_BY_SIDE
    assert queries.policy_coverage(sqlite_db, *HERE).tried == 0


async def test_a_repository_that_is_gone_when_its_policy_is_read_is_forgotten(scanner, aws, sqlite_db):
    aws.add_repository()
    await scanner.turn(REGION, What.REPOSITORIES)
    aws.known_repositories.clear()
    await scanner.turn(REGION, What.POLICIES)
    assert queries.policy_coverage(sqlite_db, *HERE).total == 0


async def test_a_new_repository_is_read_first_while_the_known_ones_rest(scanner, aws, clock):
    aws.add_repository(a_repository("old"))
    await read_all(scanner)
    aws.add_repository(a_repository("new"))
    clock.advance(60)
    before = policy_calls(aws)
    await read_all(scanner)
    assert policy_calls(aws) == before + 1


async def test_many_policies_are_read_slice_by_slice(scanner, aws, sqlite_db, monkeypatch):
    monkeypatch.setattr(sync, "SLICE", 10)
    for number in range(25):
        aws.add_repository(a_repository(f"team/{number}"))
    await scanner.turn(REGION, What.REPOSITORIES)
    assert (await scanner.turn(REGION, What.POLICIES)).more
    reading = find_reading(sqlite_db, *HERE, What.POLICIES)
    assert (reading.succeeded_at, reading.done, reading.total) == (None, 10, 25)
    await read_all(scanner)
    assert find_reading(sqlite_db, *HERE, What.POLICIES).succeeded_at is not None


async def test_many_policies_are_read_again_no_faster_than_aws_may_like(scanner, aws, clock, monkeypatch):
    monkeypatch.setattr(sync, "POLICIES_PER_SECOND", 0.01)
    for number in range(10):
        aws.add_repository(a_repository(f"team/{number}"))
    await read_all(scanner)
    clock.advance(300)
    await scanner.turn(REGION, What.POLICIES)
    assert policy_calls(aws) == 10
    clock.advance(1_000)
    await scanner.turn(REGION, What.POLICIES)
    assert policy_calls(aws) == 20


async def test_a_policy_that_an_operation_wrote_during_its_reading_stays(scanner, aws, clock, sqlite_db):
    aws.add_repository()
    await scanner.turn(REGION, What.REPOSITORIES)

    def an_operation_ends():
        clock.advance(1)
        remember_policy(sqlite_db, RepositoryKey(*HERE, a_repository().name), a_policy(), clock.now())

    aws.meanwhile("ecr:GetRepositoryPolicy", an_operation_ends)
    await scanner.turn(REGION, What.POLICIES)
    assert queries.find_repository(sqlite_db, RepositoryKey(*HERE, a_repository().name)).policy_text == a_policy()


async def test_one_service_is_read_when_its_page_asks_and_not_at_every_look(scanner, aws, sqlite_db):
    aws.add_service()
    assert await scanner.refresh_service(REGION, SERVICE) is None
    assert await scanner.refresh_service(REGION, SERVICE) is None
    assert queries.find_service(sqlite_db, ServiceKey(*HERE, SERVICE)) is not None
    assert len(aws.calls) == 1


async def test_a_reading_that_is_given_up_goes_on_and_whoever_asks_meanwhile_waits_for_it(scanner, aws, sqlite_db):
    answers = Event()
    aws.add_repository(policy=a_policy())
    aws.meanwhile("ecr:GetRepositoryPolicy", lambda: answers.wait(20))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(scanner.refresh_repository(REGION, a_repository().name), 0.1)
    second = asyncio.create_task(scanner.refresh_repository(REGION, a_repository().name))
    answers.set()
    assert await second is None
    assert queries.find_repository(sqlite_db, RepositoryKey(*HERE, a_repository().name)).policy_text == a_policy()
    assert policy_calls(aws) == 1


async def test_a_service_that_is_gone_is_forgotten(scanner, aws, clock, sqlite_db):
    aws.add_service()
    await scanner.refresh_service(REGION, SERVICE)
    aws.remove_service(REGION, SERVICE)
    clock.advance(60)
    assert (await scanner.refresh_service(REGION, SERVICE)).code == "service.not_found"
    assert queries.find_service(sqlite_db, ServiceKey(*HERE, SERVICE)) is None


async def test_a_service_that_cannot_be_read_stays_as_it_was_known(scanner, aws, clock, sqlite_db):
    aws.add_service()
    await scanner.refresh_service(REGION, SERVICE)
    aws.fail("lightsail:GetContainerServices", OFFLINE)
    clock.advance(60)
    assert (await scanner.refresh_service(REGION, SERVICE)).code == "aws.unreachable"
    assert queries.find_service(sqlite_db, ServiceKey(*HERE, SERVICE)) is not None


async def test_a_repository_that_may_not_be_listed_is_read_by_its_name(scanner, aws, sqlite_db):
    aws.add_repository(policy=a_policy())
    assert await scanner.refresh_repository(REGION, a_repository().name) is None
    assert queries.find_repository(sqlite_db, RepositoryKey(*HERE, a_repository().name)).policy_text == a_policy()


async def test_what_keeps_a_repository_from_being_read_is_kept(scanner, aws, clock, sqlite_db):
    aws.add_repository()
    await scanner.refresh_repository(REGION, a_repository().name)
    aws.denied.add("ecr:GetRepositoryPolicy")
    clock.advance(60)
    assert (await scanner.refresh_repository(REGION, a_repository().name)).code == "aws.access_denied"
    assert (
        queries.find_repository(sqlite_db, RepositoryKey(*HERE, a_repository().name)).problem.code
        == "aws.access_denied"
    )


async def test_a_repository_that_is_gone_is_forgotten(scanner, aws, clock, sqlite_db):
    aws.add_repository()
    await scanner.refresh_repository(REGION, a_repository().name)
    aws.known_repositories.clear()
    clock.advance(60)
    assert (await scanner.refresh_repository(REGION, a_repository().name)).code == "repository.not_found"
    assert queries.find_repository(sqlite_db, RepositoryKey(*HERE, a_repository().name)) is None


async def test_a_region_that_is_not_ours_is_never_asked(scanner, aws):
    assert await scanner.refresh_service("mars-north-1", SERVICE) is None
    scanner.request("mars-north-1", What.SERVICES)
    assert aws.calls == []


@asynccontextmanager
async def running(scanner):
    supervisor = Supervisor(scanner._clock)
    for part in scanner.parts():
        supervisor.run(supervisor.part(part.name, part.hangs_after), partial(part.run, lambda _rest: None))
    try:
        yield
    finally:
        await supervisor.stop()
        scanner.close()
        scanner._sweeper.calls.close()


async def until(fact, db_call, *args):
    """Wait for a fact of the store; the test's own time limit ends what never comes true."""
    while not fact(db_call(*args)):  # noqa: ASYNC110  (the fact is in a database)
        await asyncio.sleep(0.01)


async def test_running_reads_every_region_and_who_we_are(sqlite_db, aws):
    for region in (REGION, EUROPE):
        aws.add_repository(a_repository(region=region), policy=a_policy())
    scanner = Scanner(sqlite_db, aws, AwsCalls(), SystemClock(), (REGION, EUROPE))
    async with running(scanner):
        for region in (REGION, EUROPE):
            await until(lambda found: found.tried == 1, queries.policy_coverage, sqlite_db, "default", region)
        await until(bool, queries.find_caller, sqlite_db, "default")


async def test_a_request_has_old_data_read_again(sqlite_db, aws, clock):
    scanner = Scanner(sqlite_db, aws, AwsCalls(), clock, (REGION,))
    async with running(scanner):
        await until(lambda found: found.succeeded_at, find_reading, sqlite_db, *HERE, What.SERVICES)
        aws.add_service()
        while not queries.list_services(sqlite_db, "default"):
            clock.advance(1)
            scanner.request(REGION, What.SERVICES)
            await asyncio.sleep(0.01)
    assert clock.monotonic() < 60


async def test_what_failed_is_tried_again_by_itself(sqlite_db, aws, clock):
    aws.fail("lightsail:GetContainerServices", OFFLINE)
    aws.add_service()
    scanner = Scanner(sqlite_db, aws, AwsCalls(), clock, (REGION,))
    async with running(scanner):
        await until(lambda found: found.problem, find_reading, sqlite_db, *HERE, What.SERVICES)
        while not queries.list_services(sqlite_db, "default"):
            clock.advance(5)
            await asyncio.sleep(0.01)
    assert clock.monotonic() >= 30


@pytest.mark.parametrize("what", [What.SERVICES, What.REPOSITORIES])
async def test_what_failed_is_tried_again_at_once_for_whoever_looks_once_more(scanner, aws, clock, sqlite_db, what):
    aws.fail("lightsail:GetContainerServices", OFFLINE)
    aws.fail("ecr:DescribeRepositories", OFFLINE)
    await scanner.turn(REGION, what)
    clock.advance(3)
    await asyncio.gather(*(scanner.retry([REGION], 5) for _ in range(20)))
    assert find_reading(sqlite_db, *HERE, what).problem is None
    assert len(aws.calls) == 2


async def test_a_failing_region_is_tried_no_more_often_however_many_look(scanner, aws, clock):
    aws.denied.add("lightsail:GetContainerServices")
    await scanner.turn(REGION, What.SERVICES)
    for _ in range(100):
        clock.advance(0.1)
        await scanner.retry([REGION, EUROPE], 5)
    assert len(aws.calls) <= 1 + 10 / 3


async def test_who_looks_once_more_is_not_kept_waiting(scanner, aws, clock):
    answers = Event()
    aws.fail("lightsail:GetContainerServices", OFFLINE)
    await scanner.turn(REGION, What.SERVICES)
    clock.advance(3)
    aws.meanwhile("lightsail:GetContainerServices", lambda: answers.wait(20))
    await scanner.retry([REGION], 0.05)
    answers.set()


async def test_what_works_is_not_read_again_for_whoever_looks_once_more(scanner, aws, clock):
    await read_all(scanner)
    before = len(aws.calls)
    clock.advance(1)
    await scanner.retry([REGION], 5)
    assert len(aws.calls) == before


@pytest.mark.parametrize("error", [RuntimeError("expired"), EOFError(), KeyError("x"), MemoryError()])
async def test_no_exception_ends_a_watcher(sqlite_db, aws, clock, error):
    """Not in the reading of a region, nor of the caller's identity."""

    def break_off():
        raise error

    for action in ("lightsail:GetContainerServices", "sts:GetCallerIdentity"):
        aws.meanwhile(action, break_off)
    aws.add_service()
    scanner = Scanner(sqlite_db, aws, AwsCalls(), clock, (REGION,))
    async with running(scanner):
        while not (queries.list_services(sqlite_db, "default") and queries.find_caller(sqlite_db, "default")):
            clock.advance(5)
            await asyncio.sleep(0.01)
