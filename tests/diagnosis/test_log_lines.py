"""What supervisors and structured loggers wrap around a program's lines is taken off before they are read."""

from __future__ import annotations

import json

import pytest

from app.diagnosis.log_evidence import Reason
from app.diagnosis.log_lines import unwrapped
from tests.diagnosis.test_log_evidence import seen

CRASH = [
    "Invalid `prisma.user.upsert()` invocation:",
    "",
    "Can't reach database server at `db:5432`",
    "    at Vn.handleRequestError (/app/node_modules/@prisma/client/runtime/library.js:121:7640)",
]
SPRING = {
    "message": "Application run failed",
    "level": "ERROR",
    "stack_trace": "org.acme.BeanCreationException: Error creating bean\n\tat org.acme.Beans.create(Beans.java:515)\n"
    "Caused by: java.lang.IllegalArgumentException: Could not resolve placeholder 'JWT_SECRET' in value \"${JWT_SECRET}\"\n",
    "logger_name": "org.springframework.boot.SpringApplication",
}
PREFIXES = [
    "2026-11-27 03:12:07 ",
    "2026-11-27T03:12:07.412Z ",
    "03:12:07 web.1  | ",
    "web.1  | ",
    "0|app  | ",
    "[api] ",
    "@shop/api:start: ",
]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_prefix_before_each_line_is_taken_off(prefix):
    lines = [prefix + line for line in CRASH]
    assert unwrapped(lines) == CRASH
    assert seen(*lines * 3).line == "Can't reach database server at `db:5432`"


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_list_below_a_heading_is_read_behind_a_prefix(prefix):
    lines = ["❌ Invalid environment variables: [", "  {", "    path: [ 'APP_URL' ],", "  }", "]", "Error: Invalid"]
    evidence = seen(*[prefix + line for line in lines] * 3)
    assert (evidence.reason, evidence.detail) == (Reason.MISSING_VARIABLE, "APP_URL")


@pytest.mark.parametrize(
    "lines",
    [
        ["2026-11-27 03:12:07 ERROR boom", "Traceback (most recent call last):", '  File "/app/a.py", line 1'],
        ["2026-11-27T03:12:07Z  INFO shop: starting", "2026-11-27T03:12:07Z ERROR shop: boom"],
        ["[error] boom", "[error]   at main"],
        ["[ERROR] boom", "[ERROR]   at main"],
        ["id | name", "1  | web", "2  | api", "a line", "another", "a third", "  a fourth"],
    ],
)
def test_what_a_program_writes_itself_stays(lines):
    assert unwrapped(lines) == lines


def test_a_stack_trace_within_json_is_read():
    lines = ['{"message":"Starting OrdersApplication","level":"INFO"}', json.dumps(SPRING)]
    evidence = seen(*lines * 3)
    assert (evidence.reason, evidence.detail) == (Reason.MISSING_VARIABLE, "JWT_SECRET")
    assert evidence.line.startswith("Caused by: java.lang.IllegalArgumentException: Could not resolve placeholder")


def test_quotes_within_json_are_read():
    line = json.dumps({"level": "fatal", "error": 'required environment variable "STRIPE_KEY" is not set'})
    evidence = seen(line)
    assert (evidence.reason, evidence.detail) == (Reason.MISSING_VARIABLE, "STRIPE_KEY")


def test_a_json_line_that_waits_stays_the_last_word():
    line = json.dumps(
        {"level": "error", "msg": "retrying in 5s", "stack": "Error: connect ECONNREFUSED\n    at a.js:1"}
    )
    assert seen(*[line] * 3).reason is Reason.QUIET


def test_a_long_request_is_quoted_up_to_its_status():
    headers = {"host": "172.26.1.9:8080", "user-agent": "ELB-HealthChecker/2.0", "connection": "close"}
    request = {"id": 1, "method": "GET", "url": "/healthz", "headers": headers}
    line = json.dumps({"time": 1714000404123, "hostname": "ip-172-26-1-9", "req": request, "res": {"statusCode": 404}})
    evidence = seen(line)
    assert evidence.reason is Reason.HEALTH_PATH
    assert '"statusCode": 404' in evidence.line
