"""Answers damaged at any byte: no part is accepted, no call hangs, no write is reported as undone without proof."""

from __future__ import annotations

import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.errors import Problem
from campaign.proxy import CERTIFICATE, KINDS, REPLACED, Fault, drawn, fault_proxy
from tests.aws.connections import connection, once, problem_of, problem_or_none
from tests.build import REGION, a_policy, a_statement

__all__ = ["once"]

POLICY = a_policy([a_statement()])
OTHER = a_policy([a_statement(sid="Other")])
NONE = Fault()


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "tls"])
def tls(request):
    return request.param


@pytest.fixture(scope="module")
def shared(running_sandbox, tls):
    """A console's connection through a proxy, made once: the SDK tries once."""
    with fault_proxy(running_sandbox.url, lambda _: NONE, tls=tls) as proxy:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_MAX_ATTEMPTS", "1")
            if tls:
                patch.setenv("AWS_CA_BUNDLE", str(CERTIFICATE))
            made = Proxied(proxy)
        yield made


@pytest.fixture
def proxied(shared, sandbox):
    """With nothing wrong yet."""
    shared.spoil(NONE)
    return shared


class Proxied:
    def __init__(self, proxy) -> None:
        self.proxy = proxy
        self.aws = connection(proxy.url)
        self.hasty = connection(proxy.url, read_timeout=0.2)
        for aws in (self.aws, self.hasty):
            for call in (aws.services(REGION).list_services, aws.repositories(REGION).list_repositories):
                problem_or_none(call)  # the first call of each service makes its client, which takes long

    def spoil(self, fault: Fault, action: str = "", times: int = 10**9) -> None:
        """Play a fault on the next answers to an action, or to any."""
        left = [times]

        def plan(request):
            if action not in ("", request.action) or not left[0]:
                return NONE
            left[0] -= 1
            return fault

        self.proxy.plan = plan

    def size_of(self, call, *args, **kwargs) -> int:
        self.spoil(NONE)
        call(*args, **kwargs)
        return self.proxy.played[-1].size


@pytest.fixture
def web(raw):
    raw("ecr").create_repository(repositoryName="web")
    raw("ecr").set_repository_policy(repositoryName="web", policyText=POLICY)


@pytest.fixture
def shop(raw, sandbox):
    raw("lightsail").create_container_service(serviceName="shop", power="nano", scale=1)
    sandbox.advance(60)


def every(size: int, tls: bool) -> range:
    return range(0, size, 23 if tls else 2)


@pytest.mark.parametrize("kind", ["cut", "abort"])
def test_a_policy_that_was_cut_anywhere_is_no_policy(proxied, web, tls, kind):
    read = proxied.aws.repositories(REGION).get_policy
    for at in every(proxied.size_of(read, "web"), tls):
        proxied.spoil(Fault(kind, at))
        problem = problem_of(read, "web")
        assert problem.retryable, (at, problem)


def test_a_list_that_was_cut_anywhere_is_no_shorter_list(proxied, shop, tls):
    read = proxied.aws.services(REGION).list_services
    for at in every(proxied.size_of(read), tls):
        proxied.spoil(Fault("cut", at))
        assert problem_of(read).retryable, at


def test_a_write_whose_answer_was_cut_anywhere_may_have_been_done(proxied, web, tls, sandbox):
    write = proxied.aws.repositories(REGION).set_policy
    for at in every(proxied.size_of(write, "web", OTHER), tls):
        proxied.spoil(Fault("cut", at))
        assert problem_of(write, "web", OTHER).effect_unknown, at
    assert json.loads(sandbox.client("ecr").get_repository_policy(repositoryName="web")["policyText"]) == json.loads(
        OTHER
    )


@pytest.mark.parametrize("kind", REPLACED)
def test_what_stands_in_for_an_answer_is_none(proxied, web, shop, kind):
    proxied.spoil(Fault(kind))
    repositories, services = proxied.aws.repositories(REGION), proxied.aws.services(REGION)
    for read in (services.list_services, repositories.list_repositories):
        assert problem_of(read).retryable
    assert problem_of(repositories.get_policy, "web").retryable
    assert problem_of(services.get_service, "shop").code != "service.not_found"
    for write, *args in ((repositories.set_policy, "web", OTHER), (repositories.delete_policy, "web")):
        assert problem_of(write, *args).effect_unknown
    assert problem_of(services.set_role_active, "shop", active=True).effect_unknown


def test_what_aws_refused_was_not_done(proxied, web, shop):
    repositories, services = proxied.aws.repositories(REGION), proxied.aws.services(REGION)
    assert not problem_of(repositories.set_policy, "web", "no policy").effect_unknown
    assert not problem_of(repositories.set_policy, "nobody", OTHER).effect_unknown
    assert not problem_of(services.set_role_active, "nobody", active=True).effect_unknown


@pytest.mark.parametrize("kind, status", [("unavailable", 503), ("error", 400)])
def test_what_aws_failed_at_may_have_been_done(proxied, web, sandbox, kind, status):
    code = {"code": "ServerException"} if kind == "error" else {}
    sandbox.fault(kind=kind, action="ecr:SetRepositoryPolicy", status=status, **code)
    assert problem_of(proxied.aws.repositories(REGION).set_policy, "web", OTHER).effect_unknown


def test_a_refusal_after_an_answer_that_was_lost_proves_nothing_of_the_first_try(shop, sandbox, monkeypatch):
    """The SDK retries, and then AWS refuses since the service is already changing."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")

    def plan(request):
        return Fault("abort") if (request.action, request.number) == ("UpdateContainerService", 0) else NONE

    with fault_proxy(sandbox.url, plan) as proxy:
        problem = problem_of(connection(proxy.url).services(REGION).set_role_active, "shop", active=True)
    assert (problem.code, problem.effect_unknown) == ("service.busy", True)
    assert sandbox.service("shop")["privateRegistryAccess"]["ecrImagePullerRole"]["isActive"]


def test_nobody_there_has_done_nothing(once):
    assert not problem_of(connection("http://127.0.0.1:9").repositories(REGION).set_policy, "web", OTHER).effect_unknown


def test_a_request_that_aws_may_yet_carry_out_is_not_called_undone(proxied, web, sandbox):
    proxied.spoil(Fault("late_request", seconds=0.05))
    assert problem_of(proxied.aws.repositories(REGION).set_policy, "web", OTHER).effect_unknown


@pytest.mark.parametrize("at", [0, 300])
def test_a_drip_ends_the_attempt_in_time_however_steadily_it_falls(proxied, web, at):
    """At a byte every 20 ms the whole answer takes many seconds, and each read of the socket almost none."""
    proxied.spoil(Fault("drip", at, seconds=0.02))
    began = time.monotonic()
    problem = problem_of(proxied.hasty.repositories(REGION).get_policy, "web")
    assert (problem.code, problem.retryable, problem.effect_unknown) == ("aws.slow", True, True)
    assert time.monotonic() - began < 3


def test_all_tries_of_a_call_together_end_in_time(sandbox, web, monkeypatch):
    monkeypatch.setattr("app.aws.clients.CALL_TIMEOUT", 0.5)
    with fault_proxy(sandbox.url, lambda _: Fault("delay", seconds=60)) as proxy:
        began = time.monotonic()
        read = connection(proxy.url, read_timeout=0.3).repositories(REGION).list_repositories
        assert problem_of(read).code == "aws.slow"
        assert time.monotonic() - began < 30


@pytest.mark.parametrize("kind", ["twice", "stale"])
def test_an_answer_to_another_call_is_never_taken_for_this_ones(proxied, raw, web, kind):
    raw("ecr").create_repository(repositoryName="api")
    raw("ecr").set_repository_policy(repositoryName="api", policyText=OTHER)
    read = proxied.aws.repositories(REGION).get_policy
    failed = 0
    for number in range(6):
        proxied.spoil(Fault(kind), times=number % 2)
        for name, policy in (("web", POLICY), ("api", OTHER)):
            try:
                assert json.loads(read(name).value) == json.loads(policy)
            except Problem:
                failed += 1
    assert failed <= 3


@pytest.mark.parametrize("kind", ["unavailable_page", "forbidden_page", "corrupt_head"])
def test_an_error_about_another_repository_is_never_taken_for_this_ones(proxied, raw, web, kind):
    """A middlebox answers itself, or damages an answer, and passes the real one to the next call."""
    raw("ecr").create_repository(repositoryName="api")
    read = proxied.hasty.repositories(REGION).get_policy
    for at in range(0, proxied.size_of(read, "api"), 3 if kind == "corrupt_head" else 200):
        proxied.spoil(Fault(kind, at), times=1)
        with contextlib.suppress(Problem):
            assert read("api").value is None
        proxied.spoil(Fault("stale"), times=1)
        with contextlib.suppress(Problem):
            assert read("web").value is not None, at


@pytest.mark.parametrize("kind", ["page", "gzip", "nothing", "forbidden_page", "unavailable_page", "corrupt_head"])
def test_an_answer_that_nobody_saw_never_proves_that_a_later_write_was_not_done(proxied, raw, kind):
    """The real answer to a read (that there is no policy) is damaged, and passed to the write after it."""
    raw("ecr").create_repository(repositoryName="api")
    repositories = proxied.hasty.repositories(REGION)
    for at in range(0, 200, 9 if kind == "corrupt_head" else 200):
        with contextlib.suppress(Problem):
            repositories.delete_policy("api")
        proxied.spoil(Fault(kind, at), times=1)
        with contextlib.suppress(Problem):
            assert repositories.get_policy("api").value is None
        proxied.spoil(Fault("stale"), times=1)
        problem = problem_or_none(repositories.set_policy, "api", OTHER)
        assert problem is None or problem.effect_unknown, (at, problem)
        proxied.spoil(NONE)


def test_a_damaged_tls_record_is_no_certificate_that_is_not_trusted(sandbox, web, once, monkeypatch):
    monkeypatch.setenv("AWS_CA_BUNDLE", str(CERTIFICATE))
    with fault_proxy(sandbox.url, lambda _: Fault("damage", 3), tls=True) as proxy:
        problem = problem_of(connection(proxy.url).repositories(REGION).set_policy, "web", OTHER)
    assert (problem.code, problem.retryable, problem.effect_unknown) == ("aws.unreachable", True, True)


def test_a_certificate_that_is_not_trusted_is_named_and_nothing_is_sent(sandbox, once):
    with fault_proxy(sandbox.url, lambda _: NONE, tls=True) as proxy:
        problem = problem_of(connection(proxy.url).repositories(REGION).set_policy, "web", OTHER)
        assert (problem.code, problem.aws_message) == ("aws.not_trusted", "self-signed certificate")
        assert (problem.effect_unknown, proxy.played) == (False, [])


def test_one_bad_answer_concerns_one_call(proxied, web):
    read = proxied.aws.repositories(REGION).get_policy
    read("web")
    proxied.spoil(Fault("gzip"), times=1)
    with ThreadPoolExecutor(8) as pool:
        outcomes = [pool.submit(read, "web") for _ in range(24)]
    failed = [outcome for outcome in outcomes if outcome.exception()]
    assert len(failed) == 1
    assert json.loads(read("web").value) == json.loads(POLICY)


@pytest.mark.parametrize("first", range(0, 150, 50))
def test_by_seed_nothing_but_the_truth_or_a_problem_comes_back(proxied, web, shop, first, sandbox):
    repositories, services = proxied.aws.repositories(REGION), proxied.aws.services(REGION)
    kinds = tuple(kind for kind in KINDS if kind not in ("corrupt", "late_request"))
    for seed in range(first, first + 50):
        proxied.spoil(drawn(seed, kinds=kinds, seconds=0.0002))
        for read, known in (
            (lambda: [service.name for service in services.list_services().value], ["shop"]),
            (lambda: [repository.name for repository in repositories.list_repositories().value], ["web"]),
            (lambda: json.loads(repositories.get_policy("web").value), json.loads(POLICY)),
        ):
            try:
                assert read() == known, seed
            except Problem as problem:
                assert problem.retryable, (seed, problem)  # noqa: PT017  (either is right)


def test_a_flipped_bit_anywhere_breaks_nothing(proxied, web):
    """In the clear it may change a value, which nothing can show; over TLS, as AWS is called, it cannot."""
    read = proxied.hasty.repositories(REGION).get_policy
    for at in range(0, proxied.size_of(read, "web"), 5):
        proxied.spoil(Fault("corrupt", at))
        try:
            read("web")
        except Problem:
            continue
