"""What a container's lines show, by typical examples; and that every log takes linear time."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.aws.ports import Container, Deployment
from app.aws.pull_ports import LogLine
from app.diagnosis.log_evidence import TELLING, Ending, Reason, read_log
from app.sandbox.container_log import is_wanted
from tests.slowness import slowness

NOW = datetime(2026, 1, 31, tzinfo=UTC)
DEPLOYMENT = Deployment(
    4,
    "FAILED",
    NOW,
    (Container("app", "x", environment={"LOG_LEVEL": ""}),),
    public_container="app",
    public_port=80,
    health_check_path="/healthz",
    health_check_codes="200-399",
)


def seen(*lines, ending="Took too long", **deployed):
    texts = ["[deployment:4] Creating your deployment", *lines, f"[deployment:4] {ending}"]
    return read_log([LogLine(NOW, text) for text in texts], replace(DEPLOYMENT, **deployed))


@pytest.mark.parametrize(
    "line",
    [
        "ERROR 2002 (HY000): Can't connect to MySQL server on 'db'",
        'error: relation "users" does not exist',
        "npm error code ENOENT",
        "nginx: [emerg] host not found in upstream",
        "[CRITICAL] WORKER TIMEOUT (pid:9)",
        "Process 'web' exited with signal SIGKILL",
        "Segmentation fault (core dumped)",
        "dial tcp 10.0.0.9:5432: connect: connection refused",
        "Missing required environment variable: TOKEN",
        "config.yml: permission denied",
        "/entrypoint.sh: line 3: TOKEN: unbound variable",
        "FAILED: Can't locate revision",
        "Cannot find module 'express'",
        "Could not open jarfile: No such file or directory",
        "Listening at: http://0.0.0.0:8000 (1)",
        '"GET / HTTP/1.1" 404 "ELB-HealthChecker/2.0"',
    ],
)
def test_the_filter_for_long_logs_returns_telling_lines(line):
    assert is_wanted(line, TELLING)


@pytest.mark.parametrize("line", ["loading 12%", "Applying migration 0012_users", "INFO booting"])
def test_the_filter_for_long_logs_leaves_other_lines_out(line):
    assert not is_wanted(line, TELLING)


def test_the_filter_for_long_logs_is_no_longer_than_cloudwatch_takes():
    assert len(TELLING) <= 1024


@pytest.mark.parametrize(
    "reason, lines",
    [
        (Reason.EXEC_FORMAT, ["exec /usr/local/bin/start: exec format error"]),
        (Reason.EXEC_FORMAT, ["standard_init_linux.go:228: exec user process caused: exec format error"]),
        (Reason.COMMAND_NOT_FOUND, ["/bin/sh: 1: nodejs: not found"]),
        (Reason.COMMAND_NOT_FOUND, ["exec /app/start.sh: no such file or directory"]),
        (Reason.COMMAND_NOT_FOUND, ["/entrypoint.sh: line 3: gunicorn: command not found"]),
        (Reason.COMMAND_NOT_FOUND, ['exec: "/app/run": permission denied']),
        (Reason.COMMAND_NOT_FOUND, ["/bin/sh: /app/start.sh: Permission denied"]),
        (Reason.EXITED, ["/bin/sh: can't create /data/x: Permission denied", "exit status 2"]),
        (Reason.OUT_OF_MEMORY, ["memory allocation of 536870912 bytes failed"]),
        (Reason.OUT_OF_MEMORY, ["terminate called after throwing an instance of 'std::bad_alloc'"]),
        (Reason.COMMAND_NOT_FOUND, ["[FATAL tini (7)] exec /app/run.sh failed: No such file or directory"]),
        (Reason.COMMAND_NOT_FOUND, ["[dumb-init] /usr/src/app/run: No such file or directory"]),
        (Reason.COMMAND_NOT_FOUND, ["standard_init_linux.go:228: exec user process caused: no such file or directory"]),
        (Reason.COMMAND_NOT_FOUND, ['standard_init_linux.go:190: exec user process caused "permission denied"']),
        (Reason.COMMAND_NOT_FOUND, ["/usr/bin/env: 'bash\\r': No such file or directory"]),
        (Reason.COMMAND_NOT_FOUND, ["env: can't execute 'python3': No such file or directory"]),
        (Reason.COMMAND_NOT_FOUND, ["exec /entrypoint.sh: permission denied"]),
        (Reason.COMMAND_NOT_FOUND, ["/entrypoint.sh: 3: gunicorn: not found"]),
        (Reason.EXEC_FORMAT, ["qemu-aarch64: Could not open '/lib/ld-linux-aarch64.so.1': No such file or directory"]),
        (Reason.OUT_OF_MEMORY, ["loading model", "Killed"]),
        (Reason.OUT_OF_MEMORY, ["java.lang.OutOfMemoryError: Java heap space"]),
        (Reason.OUT_OF_MEMORY, ["worker exited with code 137"]),
        (Reason.MISSING_VARIABLE, ["Error: Missing required environment variable: API_KEY"] * 3),
        (Reason.MISSING_VARIABLE, ["DATABASE_URL must be set", "exit status 1"]),
        (Reason.MISSING_VARIABLE, ["panic: env var REDIS_URL not set"]),
        (Reason.MISSING_VARIABLE, ["fatal: environment variable db_url is not set"]),
        (Reason.MISSING_VARIABLE, ["Error: required env var 'token' not found"] * 3),
        (Reason.EXITED, ["fatal: environment variable missing"]),
        (Reason.MISSING_VARIABLE, ["Traceback (most recent call last):", "KeyError: 'SECRET_KEY'"]),
        (Reason.MISSING_VARIABLE, ["boot", "fatal: environment variable 'JWT_SECRET' is required"]),
        (Reason.MISSING_VARIABLE, ["Error: superuser password", "You must specify POSTGRES_PASSWORD to a value", "Error"]),
        (Reason.MISSING_VARIABLE, ["IllegalArgumentException: Could not resolve placeholder 'DB_HOST' in value \"x\""] * 3),
        (Reason.MISSING_VARIABLE, ["/code/entrypoint.sh: line 8: POSTGRES_HOST: unbound variable"]),
        (Reason.MISSING_VARIABLE, ["/entrypoint.sh: 3: API_KEY: parameter not set"]),
        (Reason.MISSING_VARIABLE, ["required key DATABASE_URL missing value"] * 3),
        (Reason.MISSING_VARIABLE, ["error: Environment variable not found: DATABASE_URL.", "  -->  schema.prisma:7"] * 3),
        (Reason.MISSING_VARIABLE, ["config.rb:3:in `fetch': key not found: \"STRIPE_KEY\" (KeyError)"] * 3),
        (Reason.MISSING_VARIABLE, ['PHP Warning:  Undefined array key "DB_HOST" in /app/index.php on line 3'] * 3),
        (Reason.MISSING_VARIABLE, ["decouple.UndefinedValueError: SECRET_KEY not found. Declare it as envvar or …"] * 3),
        (Reason.MISSING_VARIABLE, ["Missing required environment variables: API_KEY, API_URL"] * 3),
        (Reason.MISSING_VARIABLE, ["[ERROR] You need to specify one of the following as an environment variable:", "    - MYSQL_ROOT_PASSWORD", "    - MYSQL_ALLOW_EMPTY_PASSWORD"] * 3),
        (Reason.MISSING_VARIABLE, ["You need to specify one of MARIADB_ROOT_PASSWORD, MARIADB_ROOT_PASSWORD_HASH"] * 3),
        (Reason.MISSING_VARIABLE, ['Figaro::MissingKeys: Missing required configuration keys: ["PUSHER_APP_ID"]'] * 3),
        (Reason.MISSING_VARIABLE, ['ERROR: "DB_CLIENT" Environment Variable is missing.'] * 3),
        (Reason.MISSING_VARIABLE, ["error: Uncaught (in promise) Error: Missing DISCORD_TOKEN in environment"]),
        (Reason.EXITED, ["Error: Missing CSRF token"] * 3),
        (Reason.MISSING_VARIABLE, [" Missing environment variables:", "    API_KEY: undefined", "Exiting with error code 1"]),
        (Reason.EXITED, ["Environment variables: NODE_ENV=production, PORT=80", "Error: connect ECONNREFUSED"] * 3),
        (Reason.EXITED, ["Environment variables:", "  NODE_ENV=production", "Error: boom"] * 3),
        (Reason.EXITED, ["Traceback (most recent call last):", "    rows = reply['items']", "KeyError: 'items'"]),
        (Reason.EXITED, ["Starting with no SSL", "Configure HTTPS redirect", "set UTF8 locale", "Error: boom"] * 3),
        (Reason.EXITED, ["listen tcp :80: bind: permission denied"] * 3),
        (Reason.EXITED, ["Error response from daemon: pull access denied for shop/web"] * 3),
        (Reason.EXITED, ["ClientError: AccessDeniedException: not authorized to perform: secretsmanager:GetSecretValue"] * 3),
        (Reason.QUIET, ["ERROR could not connect to db:5432, retrying in 5s (attempt 1)"] * 3),
        (Reason.QUIET, ["Waiting for database..."] * 4),
        (Reason.EXITED, ["2026-01-31T00:00:01 starting", "2026-01-31T00:00:02 Error: connect ECONNREFUSED 10.0.0.5:5432"]),
        (Reason.EXITED, ["[11:01:07] starting pid 17", "[11:01:08] bye", "[11:01:17] starting pid 23", "[11:01:18] bye"]),
        (Reason.EXITED, ["Error: listen EADDRINUSE: address already in use :::80"] * 3),
        (Reason.EXITED, ["python: can't open file '/app/main.py': [Errno 2] No such file or directory"] * 3),
        (Reason.EXITED, ["done", "process exited with code 0"] * 3),
        (Reason.HEALTH_PATH, ['10.0.0.9 - - [31/Jan/2026] "GET /healthz HTTP/1.1" 404 153 "-" "ELB-HealthChecker/2.0"']),
        (Reason.HEALTH_PATH, ['INFO:     10.0.0.9:3312 - "GET /healthz HTTP/1.1" 404 Not Found']),
        (Reason.HEALTH_PATH, ["\x1b[0mGET /healthz \x1b[33m404\x1b[0m 2.1 ms"]),
        (Reason.HEALTH_STATUS, ['"GET /healthz HTTP/1.1" 503 "ELB-HealthChecker/2.0"']),
        (Reason.PORT, ["Server listening on port 3000"]),
        (Reason.PORT, ["Listening on 3000"]),
        (Reason.PORT, ["INFO: Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)"]),
        (Reason.PORT, ["Tomcat started on port(s): 8080 (http)"]),
        (Reason.PORT, ["Now listening on: http://[::]:8080"]),
        # Words that begin like a code of an error: EADDRINUSE, ENOENT.
        (Reason.PORT, ["o.s.b.w.embedded.tomcat.TomcatWebServer  : Tomcat started on port 8080 (http)"]),
        (Reason.PORT, ["Example app listening on port 3000!"]),
        (Reason.PORT, ["  You can now view your app in your browser.", "  URL: http://0.0.0.0:8501"]),
        (Reason.PORT, ["[GIN-debug] Listening and serving HTTP on :8080"]),
        (Reason.PORT, ["[info] Running MyAppWeb.Endpoint with Bandit 1.5 at :::4000 (http)"]),
        (Reason.PORT, ["INFO  Micronaut - Startup completed in 512ms. Server Running: http://5f1c:8080"]),
        (Reason.PORT, ["INFO  WEBrick::HTTPServer#start: pid=1 port=4567"]),
        (Reason.PORT, ["[remix-serve] http://localhost:3000 (http://172.26.0.4:3000)"]),
        (Reason.QUIET, ["HikariPool-1 - Start completed.", "Running migrations on 10.0.3.4:5432"]),
        (Reason.QUIET, ["started at 12:30", "running on 16 cores"]),
        (Reason.PORT, ["To manage your project, go to:", "│ http://0.0.0.0:1337/admin            │"]),
        (Reason.PORT, ["INFO  Accepting connections at http://localhost:3000"]),
        (Reason.PORT, ["INFO  ktor.application - Responding at http://0.0.0.0:8080"]),
        (Reason.QUIET, ["Starting statsd client for 10.0.0.9:8125"]),
        (Reason.QUIET, ["API URL: http://10.0.0.5:3000", "warming caches"]),
        (Reason.PORT, ["   - Local:        http://localhost:3000"]),
        (Reason.PORT, ['{"level":"info","msg":"http server started","addr":":8081"}']),
        (Reason.PORT, ["Rocket has launched from http://0.0.0.0:8000"]),
        (Reason.PORT, ["Running with upstream http://127.0.0.1:9000", "Listening on 0.0.0.0:3000"]),
        (Reason.QUIET, ["Starting exporter to http://localhost:4318"]),
        (Reason.QUIET, ["worker starting, broker redis://localhost:6379/0"]),
        (Reason.QUIET, ["Connected to Postgres server at 10.0.0.5:5432", "warming caches"]),
        (Reason.LOCALHOST, ["* Running on http://127.0.0.1:80"]),
        (Reason.QUIET, ["listening on 0.0.0.0:80"]),
        (Reason.QUIET, ["started on 2026-01-31", "warming caches"]),
        # What speaks of an end, of a lack or of a code, and isn't the end.
        (Reason.PORT, ["Picked up JAVA_TOOL_OPTIONS: -XX:+ExitOnOutOfMemoryError", "Tomcat started on port(s): 8080"]),
        (Reason.PORT, ["If you run out of memory, lower WORKERS", "Server listening on port 3000"]),
        (Reason.PORT, ["Killed 3 stale sessions", "status: 137 items", "Server listening on port 3000"]),
        (Reason.OUT_OF_MEMORY, ["/start.sh: line 3:    17 Killed                  node server.js"]),
        (Reason.PORT, ["Server listening on port 3000", "GET /orders status_code=200", "upstream: status code 204"]),
        (Reason.PORT, ["country code: 49", "Server listening on port 3000"]),
        (Reason.PORT, ["job exited with code 1", "Server listening on port 3000"]),
        (Reason.PORT, ["sh: 1: nvidia-smi: not found", "Server listening on port 3000"]),
        (Reason.PORT, ["/entrypoint.sh: line 7: jq: command not found", "Server listening on port 3000"]),
        (Reason.PORT, ["DeprecationWarning: Unhandled rejections are deprecated", "Server listening on port 3000"]),
        (Reason.PORT, ["Server listening on port 3000", "WARN error while loading the avatar"]),
        (Reason.EXITED, ["Server listening on port 3000", "FATAL: password authentication failed"]),
        (Reason.EXITED, ["Server listening on port 3000", "process terminated with code 3"]),
        (Reason.COMMAND_NOT_FOUND, ["listening on port 3000", "/entrypoint.sh: 3: gunicorn: not found"] * 3),
        (Reason.QUIET, ["Debugger listening on ws://127.0.0.1:9229/ab", "App up"]),
        (Reason.QUIET, ["metrics server listening on port 9090", "warming caches"]),
        (Reason.QUIET, ['10.0.0.9 - "GET /healthz HTTP/1.1" 200 "ELB-HealthChecker/2.0"'] * 3),
        (Reason.EXITED, ["boot", "Error: listen EADDRINUSE: address already in use 0.0.0.0:3000"]),
        (Reason.NOTHING, []),
    ],
)  # fmt: skip
def test_lines_show_a_reason(reason, lines):
    assert seen(*lines).reason is reason


def test_a_variable_that_is_set_is_not_missing():
    assert seen("fatal: LOG_LEVEL must be set to a number").reason is Reason.EXITED


def test_what_the_version_before_writes_is_not_the_canceled_ones():
    evidence = seen('"GET / HTTP/1.1" 200', "served 17 requests", ending="Canceled")
    assert (evidence.ending, evidence.started) == (Ending.CANCELED, False)


def test_lines_of_a_later_deployment_are_left_out():
    lines = ["[deployment:4] Creating your deployment", "[deployment:4] Canceled", "[deployment:5] Creating", "Killed"]
    assert read_log([LogLine(NOW, line) for line in lines], DEPLOYMENT).reason is Reason.NOTHING


def test_a_version_with_thousands_of_digits_is_no_line_of_lightsails():
    assert seen(f"[deployment:{'9' * 5_000}] Canceled", "Killed").reason is Reason.OUT_OF_MEMORY


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "GET " * 50_000,
        "exec: " * 40_000,
        "listening on " * 20_000,
        "A_B " * 50_000,
        "server to " * 20_000,
        "x: 1: " * 30_000,
    ],
)
def test_long_lines_take_no_time(text):
    started = time.thread_time()
    seen(*[text] * 200)
    assert time.thread_time() - started < 2 * slowness(time.thread_time)
