"""Every failing source of credentials is reported by its kind of failure, and none of its output is kept."""

from __future__ import annotations

import json
import logging
import os
import resource
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.aws.clients import OF_THE_SESSION, ConnectionSettings
from app.aws.session import BotoAws
from app.errors import Problem
from tests.aws.home import CANARY, KEYS, SETTINGS, home, problem_of
from tests.build import REGION

__all__ = ["home"]

ROLE = "arn:aws:iam::123456789012:role/deployer"


class Watch:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def sts(home):
    """What answers for AWS STS: a status and a body, both to be chosen."""
    answers = {"status": 403, "code": "AccessDenied", "message": "no", "asked": []}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answers["asked"].append(self.rfile.read(int(self.headers["content-length"])).decode())
            body = (
                f"<ErrorResponse><Error><Type>Sender</Type><Code>{answers['code']}</Code>"
                f"<Message>{answers['message']}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
            ).encode()
            self.send_response(answers["status"])
            self.send_header("content-type", "text/xml")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        home.set("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
        yield answers
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def everything_logged(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


def expiring(hours: int) -> str:
    at = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys = {
        "Version": 1,
        "AccessKeyId": "AKID123456789012",
        "SecretAccessKey": "x",
        "SessionToken": "t",
        "Expiration": at,
    }
    return f"echo '{json.dumps(keys)}'"


def assumes(more: str = "") -> str:
    return f"[default]\nregion=us-east-1\nrole_arn={ROLE}\nsource_profile=base\n{more}"


SOURCES = {
    "a program that fails": lambda home: home.process(f"echo {CANARY}; echo {CANARY} >&2; exit 3"),
    "a program that says nothing useful": lambda home: home.process(f"echo {CANARY}"),
    "a program that says half of it": lambda home: home.process(f"echo '{{\"Version\": 1, \"AccessKeyId\": \"{CANARY}\"}}'"),
    "a program of another version": lambda home: home.process(f"echo '{{\"Version\": \"{CANARY}\"}}'"),
    "a program with an odd date": lambda home: home.process(
        f"echo '{{\"Version\": 1, \"AccessKeyId\": \"a\", \"SecretAccessKey\": \"b\", \"Expiration\": \"{CANARY}\"}}'"
    ),
    "a program that is missing": lambda home: home.config(f"[default]\ncredential_process=/nowhere/{CANARY}\n"),
    "an SSO cache that is broken": lambda home: (
        home.config(
            "[default]\nsso_start_url=https://example.awsapps.com/start\nsso_region=us-east-1\n"
            "sso_account_id=123456789012\nsso_role_name=reader\n"
        ),
        (home.path / ".aws/sso/cache/e8be5486177c5b5392bd9aa76563515b29358e6e.json").write_text(CANARY),
    ),
    "a web identity's token file": lambda home: (
        (home.path / "token").write_text(f"{CANARY}\n{CANARY}"),
        home.set("AWS_WEB_IDENTITY_TOKEN_FILE", str(home.path / "token")),
        home.set("AWS_ROLE_ARN", ROLE),
    ),
    "a container's address": lambda home: home.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:9/{CANARY}"),
    "half a key in the environment": lambda home: home.set("AWS_ACCESS_KEY_ID", CANARY),
    "half a key in a profile": lambda home: home.credentials(f"[default]\naws_access_key_id={CANARY}\n"),
    "a file without a section": lambda home: home.credentials(f"aws_secret_access_key={CANARY}\n"),
    "a file with a stray line": lambda home: home.config(f"[default]\n{CANARY}\n"),
    "a profile that is its own source": lambda home: home.config(f"[default]\nrole_arn={CANARY}\nsource_profile=default\n"),
    "a source profile without keys": lambda home: home.config(assumes("[profile base]\nregion=us-east-1\n")),
    "a number that is none": lambda home: (home.credentials(f"[default]\n{KEYS}"), home.set("AWS_MAX_ATTEMPTS", CANARY)),
    "an address that is none": lambda home: (home.credentials(f"[default]\n{KEYS}"), home.set("AWS_ENDPOINT_URL", CANARY)),
    "a token with a line break": lambda home: (
        home.credentials(f"[default]\n{KEYS}aws_session_token={CANARY}\n  {CANARY}\n"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_of_a_source_is_kept_logged_or_led_to(home, source, everything_logged, capfd):
    SOURCES[source](home)
    assert problem_of().code in OF_THE_SESSION
    assert CANARY not in everything_logged.text
    assert CANARY not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "source, code",
    [
        ("a program that fails", "aws.credentials_unavailable"),
        ("a program that is missing", "aws.credentials_unavailable"),
        ("an SSO cache that is broken", "aws.sign_in_expired"),
        ("half a key in the environment", "aws.partial_credentials"),
        ("a file without a section", "aws.bad_config_file"),
        ("a number that is none", "aws.bad_setting"),
        ("an address that is none", "aws.bad_config"),
        ("a source profile without keys", "aws.bad_config"),
        ("a token with a line break", "aws.malformed_credentials"),
    ],
)
def test_a_source_that_fails_is_named_for_what_it_is(home, source, code):
    SOURCES[source](home)
    assert problem_of().code == code


@pytest.mark.parametrize(
    "name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"]
)
@pytest.mark.parametrize("value", [f"{CANARY}\n{CANARY}", f"{CANARY} ", f"{CANARY}\t", f"é{CANARY}"])
def test_a_variable_that_cannot_be_sent_is_named(home, name, value):
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        home.set(variable, "AKID123456789012")
    home.set(name, value)
    problem = problem_of()
    assert (problem.code, problem.params["source"]) == ("aws.malformed_credentials", name)


def test_keys_that_have_expired_are_called_expired_and_new_ones_are_taken_at_once(home, sandbox):
    home.process(expiring(hours=-3))
    aws = BotoAws(SETTINGS, monotonic=(watch := Watch()))
    assert problem_of(aws).code == "aws.expired_token"
    home.process(expiring(hours=3))
    watch.seconds = 3
    assert aws.services(REGION).list_services().value == ()


def test_a_source_is_asked_no_more_often_than_every_few_seconds(home):
    home.process(f"echo x >> {home.path}/runs; exit 1")
    aws = BotoAws(SETTINGS, monotonic=(watch := Watch()))
    for _ in range(20):
        problem_of(aws)
        watch.seconds += 0.5
    assert len((home.path / "runs").read_text().split()) <= 4


def test_a_program_that_hangs_is_ended(home, monkeypatch):
    monkeypatch.setattr("app.aws.credentials.PROCESS_SECONDS", 0.2)
    home.process("sleep 60")
    problem = problem_of()
    assert (problem.code, problem.retryable) == ("aws.credentials_slow", True)


def test_a_source_profiles_program_is_ended_too(home, monkeypatch):
    monkeypatch.setattr("app.aws.credentials.PROCESS_SECONDS", 0.2)
    program = home.program("keys", "sleep 60")
    home.config(assumes(f"[profile base]\ncredential_process={program}\n"))
    assert problem_of().code == "aws.credentials_slow"


def test_while_one_asks_a_source_that_hangs_the_others_wait_only_so_long(home, monkeypatch):
    monkeypatch.setattr("app.aws.credentials.PROCESS_SECONDS", 1)
    home.process("sleep 60")
    aws = BotoAws(ConnectionSettings("1", read_timeout=0.2))
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(problem_of, aws) for _ in range(2)]
    assert [each.result().code for each in both] == ["aws.credentials_slow"] * 2
    assert sorted(each.result().params["seconds"] for each in both) == [0, 1]


@pytest.mark.parametrize("more", ["mfa_serial = arn:aws:iam::123456789012:mfa/a\n"])
def test_nobody_is_asked_for_an_mfa_code(home, sts, more, monkeypatch):
    def ask(*_):
        raise AssertionError("a server has nobody to ask")

    monkeypatch.setattr("getpass.getpass", ask)
    home.credentials(f"[base]\n{KEYS}")
    home.config(assumes(more))
    problem = problem_of()
    assert (problem.code, problem.params["profile"], sts["asked"]) == ("aws.mfa_needed", "default", [])


def test_a_role_that_is_refused_is_named_and_not_the_call_it_was_for(home, sts):
    home.credentials(f"[base]\n{KEYS}")
    home.config(assumes())
    problem = problem_of()
    assert (problem.code, problem.params["role"], problem.params["action"]) == (
        "aws.role_refused",
        ROLE,
        "sts:AssumeRole",
    )
    assert not problem.effect_unknown
    probe = BotoAws(SETTINGS).probe("ecr:SetRepositoryPolicy", REGION)
    assert (probe.allowed, probe.problem.code) == (None, "aws.role_refused")


def test_a_session_that_is_too_long_for_its_role_is_told(home, sts):
    sts |= {"status": 400, "code": "ValidationError"}
    sts["message"] = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    home.credentials(f"[base]\n{KEYS}")
    home.config(assumes("duration_seconds=43200\n"))
    assert problem_of().code == "aws.role_duration"


@pytest.mark.parametrize(
    "status, code, ours",
    [(403, "ExpiredToken", "aws.expired_token"), (403, "InvalidClientTokenId", "aws.bad_credentials")],
)
def test_what_is_wrong_with_the_keys_of_a_role_is_told_as_such(home, sts, status, code, ours):
    sts |= {"status": status, "code": code, "message": CANARY}
    home.credentials(f"[base]\n{KEYS}")
    home.config(assumes())
    assert problem_of().code == ours


def test_sts_out_of_reach_is_no_failure_of_the_credentials(home):
    home.set("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    home.credentials(f"[base]\n{KEYS}")
    home.config(assumes())
    problem = problem_of()
    assert (problem.code, problem.retryable, problem.params["endpoint"]) == ("aws.unreachable", True, "127.0.0.1:9")


def test_a_web_identity_that_is_refused_is_a_role_that_is_refused(home, sts):
    SOURCES["a web identity's token file"](home)
    problem = problem_of()
    assert (problem.code, problem.params["action"]) == ("aws.role_refused", "sts:AssumeRoleWithWebIdentity")


def test_refused_keys_that_were_renewed_meanwhile_are_tried_at_once(home, sandbox):
    home.credentials("[default]\naws_access_key_id=AKID444455556666\naws_secret_access_key=x\n")
    aws = BotoAws(SETTINGS, monotonic=Watch())
    assert aws.services(REGION).list_services().value == ()
    sandbox.fault(kind="expired_token", match={"account": "444455556666"})
    home.credentials("[default]\naws_access_key_id=AKID777788889999\naws_secret_access_key=x\n")
    assert aws.identity().caller().value.account == "777788889999"


def test_a_machine_out_of_descriptors_is_never_one_without_credentials(home, monkeypatch):
    """A file that cannot be opened for want of one reads as an empty one to the SDK."""
    home.credentials(f"[default]\n{KEYS}")
    aws = BotoAws(SETTINGS)
    aws.regions()  # reads the SDK's data
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 4, hard))
    try:
        try:
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            with pytest.raises(Problem) as raised:
                aws.services(REGION).list_services()
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (raised.value.code, raised.value.retryable) == ("host.out_of_files", True)
    assert aws.services(REGION).list_services().value == ()
