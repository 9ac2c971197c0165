"""How the connection is made, kept, identified, and closed."""

from __future__ import annotations

import http.server
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from app.aws.clients import CallMade, ConnectionSettings
from app.aws.session import BotoAws
from app.errors import Problem
from tests.aws.conftest import connected
from tests.build import REGION, a_policy

SETTINGS = ConnectionSettings("1.2.3")


@dataclass
class Stub:
    """Answers whatever the test sets, and is not AWS."""

    status: int = 200
    body: bytes = b"{}"
    request_id: str = ""
    agents: list[str] = field(default_factory=list)


@pytest.fixture
def stub(monkeypatch):
    answers = Stub()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            answers.agents.append(self.headers["user-agent"])
            self.send_response(answers.status)
            if answers.request_id:
                self.send_header("x-amzn-RequestId", answers.request_id)
            self.end_headers()
            self.wfile.write(answers.body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        yield answers
        server.shutdown()
        thread.join()


@pytest.fixture
def credentials_file(tmp_path, monkeypatch, sandbox):
    """Writes a profile, as a new sign-in does; `work` is the one in use."""
    path = tmp_path / "credentials"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)

    def write(account: str, profile: str = "work") -> None:
        path.write_text(f"[{profile}]\naws_access_key_id = AKID{account}\naws_secret_access_key = x\n")

    return write


class Watch:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def code_of(call, *args) -> str:
    with pytest.raises(Problem) as raised:
        call(*args)
    return raised.value.code


def test_a_call_says_which_program_it_is_from(stub):
    code_of(BotoAws(SETTINGS).services(REGION).list_services)
    assert "sailpass/1.2.3" in stub.agents[0]


@pytest.mark.parametrize(
    "status, body, code",
    [
        (200, b"{}", "aws.bad_answer"),
        (200, b"", "aws.bad_answer"),
        (200, b'{"containerServices": [', "aws.bad_answer"),
        (200, b"[]", "aws.bad_answer"),
        (200, b'{"containerServices": {}}', "aws.bad_answer"),
        (200, b'{"containerServices": [{"state": "READY"}]}', "aws.bad_answer"),
        (200, b'{"containerServices": [null]}', "aws.bad_answer"),
        (200, b"\x1f\x8b\x08\x00\xff\xfe", "aws.bad_answer"),
        (200, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}', "aws.bad_answer"),
        (200, b"[" * 100_000, "aws.bad_answer"),
        (200, b"<html>Welcome</html>", "aws.not_aws"),
        (204, b"", "aws.not_aws"),
        (300, b'{"containerServices": []}', "aws.not_aws"),
        (302, b"", "aws.not_aws"),
        (404, b"<html>Not here</html>", "aws.not_aws"),
        (403, b"\xff\xfe", "aws.not_aws"),
        (400, b'{"__type": 7}', "aws.not_aws"),
        (400, b'{"__type": "NotFoundException", "message": {"a": 1}}', "aws.not_aws"),
        (500, b"\xff\xfe", "aws.failed"),
        (503, b"<html>Busy</html>", "aws.failed"),
        (429, b"", "aws.throttled"),
        (400, b'{"__type": "ThrottlingException"}', "aws.throttled"),
    ],
)
def test_an_answer_that_is_not_awss_is_never_an_empty_list(stub, status, body, code):
    stub.status, stub.body = status, body
    assert code_of(BotoAws(SETTINGS).services(REGION).list_services) == code


@pytest.mark.parametrize("event, lines", [(b'{"message": ""}', [""]), (b"{}", None), (b'{"message": null}', None)])
def test_an_empty_line_of_a_log_is_a_line_and_one_that_is_left_out_is_not(stub, event, lines):
    stub.status, stub.body, stub.request_id = 200, b'{"logEvents": [' + event + b"]}", "r-1"
    log = BotoAws(SETTINGS).pull_reads(REGION).container_log
    if lines is None:
        assert code_of(log, "shop", "app", None) == "aws.bad_answer"
    else:
        assert [line.text for line in log("shop", "app", None).value] == lines


def test_a_list_that_is_left_out_is_no_empty_list(stub):
    stub.request_id = "r-1"
    assert code_of(BotoAws(SETTINGS).services(REGION).list_services) == "aws.bad_answer"


def test_a_text_that_is_left_out_is_not_invented(stub):
    stub.request_id = "r-1"
    assert code_of(BotoAws(SETTINGS).repositories(REGION).get_policy, "web") == "aws.bad_answer"


def test_pages_that_lead_round_in_a_circle_are_not_followed_for_ever(stub):
    stub.body = b'{"repositories": [], "nextToken": "again"}'
    assert code_of(BotoAws(SETTINGS).repositories(REGION).list_repositories) == "aws.not_aws"
    assert len(stub.agents) == 2


def test_nobody_there_is_unreachable(stub, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(Problem) as raised:
        BotoAws(SETTINGS).services(REGION).list_services()
    assert (raised.value.code, raised.value.params["endpoint"]) == ("aws.unreachable", "127.0.0.1:1")


def test_an_address_that_is_none_is_said(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nowhere")
    assert code_of(BotoAws(SETTINGS).services(REGION).list_services) == "aws.bad_config"


def test_a_call_that_took_too_long_makes_no_further_attempt(stub):
    aws = BotoAws(SETTINGS, monotonic=itertools.count(step=31).__next__)
    assert code_of(aws.services(REGION).list_services) == "aws.slow"
    assert stub.agents == []


def test_a_call_is_tried_again_but_not_for_ever(aws, sandbox):
    sandbox.fault(kind="unavailable", action="ecr:*")
    assert code_of(aws.repositories(REGION).list_repositories) == "aws.failed"
    assert len(sandbox.calls("ecr:*")) == 3


@pytest.mark.parametrize("kind", ["unavailable", "throttle", "lost_response", "reset"])
@pytest.mark.parametrize("change", [("set_policy", "web", a_policy()), ("delete_policy", "web")])
def test_a_policy_is_sent_once_since_what_stands_there_may_have_changed(aws, sandbox, raw, kind, change):
    name, *asked = change
    raw("ecr").create_repository(repositoryName="web")
    raw("ecr").set_repository_policy(repositoryName="web", policyText=a_policy())
    sandbox.clear_calls()
    sandbox.fault(kind=kind, action="ecr:*RepositoryPolicy")
    code_of(getattr(aws.repositories(REGION), name), *asked)
    assert len(sandbox.calls("ecr:*RepositoryPolicy")) == 1


def test_a_policy_that_was_held_up_is_not_sent(stub):
    aws = BotoAws(SETTINGS, monotonic=itertools.count(step=6).__next__)
    assert code_of(aws.repositories(REGION).set_policy, "web", a_policy()) == "aws.slow"
    assert stub.agents == []


def test_a_lost_answer_is_asked_for_again(aws, sandbox, calls_made):
    sandbox.fault(kind="lost_response", action="ecr:*", times=1)
    assert aws.repositories(REGION).list_repositories().value == ()
    assert calls_made == [CallMade("ecr", "DescribeRepositories", REGION)]


def test_many_threads_may_call_from_the_start(sandbox):
    calls_made: list[CallMade] = []
    aws = connected(sandbox, on_call=calls_made.append)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: aws.services(REGION).list_services().value, range(32)))
    assert answers == [()] * 32
    assert len(calls_made) == 32


def test_awss_variables_and_profile_are_honoured(credentials_file):
    credentials_file("444455556666")
    assert BotoAws(SETTINGS).identity().caller().value.account == "444455556666"


def test_settings_go_before_awss_variables(credentials_file, sandbox):
    credentials_file("444455556666")
    keys = {"access_key": "AKID777788889999", "secret_key": "x", "profile": "work"}
    assert BotoAws(ConnectionSettings("1", **keys)).identity().caller().value.account == "777788889999"


def test_a_profile_that_does_not_exist_is_named(credentials_file):
    credentials_file("444455556666")
    aws = BotoAws(ConnectionSettings("1", profile="other"))
    assert code_of(aws.identity().caller) == code_of(aws.services(REGION).list_services) == "aws.no_profile"
    assert "us-east-1" in aws.regions()


def test_credentials_are_found_after_somebody_signs_in(credentials_file, monkeypatch):
    monkeypatch.delenv("AWS_PROFILE")
    watch = Watch()
    aws = BotoAws(SETTINGS, monotonic=watch)
    assert code_of(aws.services(REGION).list_services) == "aws.no_credentials"
    credentials_file("444455556666", "default")
    assert code_of(aws.services(REGION).list_services) == "aws.no_credentials"
    watch.seconds = 5
    assert aws.services(REGION).list_services().value == ()


def test_expired_credentials_are_read_anew(credentials_file, sandbox):
    watch = Watch()
    credentials_file("444455556666")
    aws = BotoAws(SETTINGS, monotonic=watch)
    sandbox.fault(kind="expired_token", match={"account": "444455556666"})
    assert code_of(aws.identity().caller) == "aws.expired_token"
    credentials_file("777788889999")
    watch.seconds = 5
    assert aws.identity().caller().value.account == "777788889999"


def test_the_region_is_awss(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert BotoAws(SETTINGS).default_region() == "us-east-1"
    monkeypatch.delenv("AWS_REGION")
    assert BotoAws(SETTINGS).default_region() == "eu-west-1"


def test_no_region_is_none(monkeypatch):
    monkeypatch.delenv("AWS_REGION")
    assert BotoAws(SETTINGS).default_region() is None


def test_regions_are_those_with_lightsail():
    regions = BotoAws(SETTINGS).regions()
    assert {"us-east-1", "ap-northeast-1"} <= set(regions)
    assert "cn-north-1" not in regions


def test_settings_show_no_secret():
    assert "hush" not in repr(ConnectionSettings("1", access_key="hush", secret_key="hush", session_token="hush"))


def test_a_region_that_takes_no_credentials_costs_the_others_no_client(credentials_file, sandbox):
    """A region that is not enabled in the account answers as if the key were wrong."""
    credentials_file("444455556666")
    sandbox.fault(kind="invalid_token", match={"region": "eu-west-1"})
    aws = BotoAws(SETTINGS, monotonic=(watch := Watch()))
    aws.services(REGION).list_services()
    epoch = aws._clients._epoch
    for _ in range(5):
        assert code_of(aws.services("eu-west-1").list_services) == "aws.bad_credentials"
        aws.services(REGION).list_services()
        watch.seconds += 30
    assert aws._clients._epoch is epoch
    assert len(sandbox.calls("lightsail:*")) == 11
