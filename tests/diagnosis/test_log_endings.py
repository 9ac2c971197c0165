"""How programs of many kinds end, in their own words: why, also where other trouble is logged before or around it."""

from __future__ import annotations

import pytest

from app.diagnosis.log_evidence import Reason
from tests.diagnosis.test_log_evidence import seen

CASES = [
    (
        Reason.EXITED,
        [
            "***************************",
            "APPLICATION FAILED TO START",
            "***************************",
            "Description:",
            "Failed to configure a DataSource: 'url' attribute is not specified and no embedded datasource could be configured.",
            "Reason: Failed to determine a suitable driver class",
            "Action:",
            "Consider the following:",
            "\tIf you want an embedded database (H2, HSQL or Derby), please put it on the classpath.",
        ]
        * 3,
    ),
    (
        Reason.EXITED,
        [
            "[ioredis] Unhandled error event: Error: connect ECONNREFUSED 127.0.0.1:6379",
            "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)",
            "/app/node_modules/ioredis/built/redis/event_handler.js:182",
            'MaxRetriesPerRequestError: Reached the max retries per request limit (which is 20). Refer to "maxRetriesPerRequest" option for details.',
        ]
        * 3,
    ),
    (Reason.EXITED, ["sqlite3.OperationalError: attempt to write a readonly database"] * 3),
    (
        Reason.EXITED,
        [
            "WARN SENTRY_DSN is not set, error reporting disabled",
            "INFO connecting to redis",
            "FATAL Redis connection to redis:6379 failed - connect ETIMEDOUT",
        ]
        * 3,
    ),
    (
        Reason.EXITED,
        [
            "npm warn config production Use `--omit=dev` instead.",
            "[dotenv@17.2.1] injecting env (0) from .env -- tip: run anywhere with `dotenvx run -- yourcommand`",
            "STRIPE_WEBHOOK_SECRET not set, webhooks disabled",
            "node:internal/modules/cjs/loader:1228",
            "  throw err;",
            "Error: Cannot find module 'winston'",
            "Require stack:",
            "- /app/server.js",
        ]
        * 3,
    ),
    (
        Reason.EXITED,
        [
            'The "FOO" variable is not set. Defaulting to a blank string.',
            "Traceback (most recent call last):",
            '  File "/app/run.py", line 2, in <module>',
            "    import flask",
            "ModuleNotFoundError: No module named 'flask'",
        ]
        * 3,
    ),
    (
        Reason.EXITED,
        [
            "2026-11-27 03:12:07,412 INFO supervisord started with pid 1",
            "2026-11-27 03:12:08,415 INFO spawnerr: can't find command '/usr/sbin/php-fpm8.2'",
            "2026-11-27 03:12:11,420 INFO gave up: php-fpm entered FATAL state, too many start retries too quickly",
        ]
        * 3,
    ),
    (
        Reason.EXITED,
        [
            "DEBUG: NEW_RELIC_LICENSE_KEY not set, agent disabled",
            "INFO: using config /etc/app.toml",
            "thread 'main' panicked at src/db.rs:14:9:",
            "Error connecting to postgres: Connection refused (os error 111)",
        ]
        * 3,
    ),
    (
        Reason.EXITED,
        [
            "[Nest] 1  - 11/27/2026, 3:12:07 AM   ERROR [TypeOrmModule] Unable to connect to the database. Retrying (9)...",
            "Error: connect ETIMEDOUT",
            "[Nest] 1  - 11/27/2026, 3:12:37 AM   ERROR [ExceptionHandler] connect ETIMEDOUT",
            "Error: connect ETIMEDOUT",
            "    at Connection._handleTimeoutError (/app/node_modules/mysql2/lib/connection.js:205:17)",
            "Node.js v20.18.1",
        ]
        * 3,
    ),
    (
        Reason.EXITED,
        [
            "[03:12:07] Démarrage du service…",
            "[03:12:08] ERREUR : impossible de se connecter à la base de données (10.0.0.5:5432) : connexion refusée",
            "[03:12:08] Arrêt.",
        ]
        * 3,
    ),
    (
        Reason.EXITED,
        [
            '(node:1) Warning: To load an ES module, set "type": "module" in the package.json or use the .mjs extension.',
            "(Use `node --trace-warnings ...` to show where the warning was created)",
            "/app/dist/index.js:1",
            "import express from 'express';",
            "^^^^^^",
            "SyntaxError: Cannot use import statement outside a module",
            "    at wrapSafe (node:internal/modules/cjs/loader:1378:20)",
            "Node.js v20.18.0",
        ]
        * 3,
    ),
    (
        Reason.EXITED,
        [
            "WARNING: MongoDB 5.0+ requires a CPU with AVX support, and your current system does not appear to have that!",
            '/usr/local/bin/docker-entrypoint.sh: line 416:    29 Illegal instruction     (core dumped) "${mongodHackedArgs[@]}" --fork',
        ]
        * 3,
    ),
    (
        Reason.EXITED,
        [
            '27-Nov-2026 03:12:07.412 SEVERE [main] org.apache.catalina.util.LifecycleBase.handleSubClassException Failed to initialize component [Connector["http-nio-80"]]',
            "\torg.apache.catalina.LifecycleException: Protocol handler initialization failed",
            "\t\tat org.apache.catalina.connector.Connector.initInternal(Connector.java:1054)",
            "\tCaused by: java.net.SocketException: Permission denied",
        ]
        * 3,
    ),
    (Reason.EXITED, ["bundles generated", "[nodemon] clean exit - waiting for changes before restart"]),
    (
        Reason.QUIET,
        [
            "[Nest] 31  - 01/18/2026, 3:42:11 PM   ERROR [TypeOrmModule] Unable to connect to the database. Retrying (2)...",
            "MongoServerSelectionError: connect ECONNREFUSED 127.0.0.1:27017",
            "    at Timeout._onTimeout (/app/node_modules/mongodb/lib/sdam/topology.js:293:38)",
        ]
        * 2,
    ),
    (
        Reason.EXITED,
        [
            *["ERROR [TypeOrmModule] Unable to connect to the database. Retrying (8)...", "Error: connect ECONNREFUSED"]
            * 2,
            "ERROR [ExceptionHandler] connect ECONNREFUSED",
            "Error: connect ECONNREFUSED",
        ],
    ),
    (Reason.EXITED, ["could not connect, retrying", "connected", "Error: relation users doesn't exist"] * 3),
    (
        Reason.QUIET,
        [
            "[ioredis] Unhandled error event: Error: getaddrinfo EAI_AGAIN redis",
            "    at GetAddrInfoReqWrap.onlookup [as oncomplete] (node:dns:107:26)",
            " Error: Connection is closed.",
            "- Initializing models",
            "[ioredis] Unhandled error event: Error: getaddrinfo EAI_AGAIN redis",
            "    at GetAddrInfoReqWrap.onlookup [as oncomplete] (node:dns:107:26)",
        ],
    ),
    (
        Reason.EXITED,
        [
            "App running on port 3000!",
            "            triggerUncaughtException(err, true /* fromPromise */);",
            "Error: connect ECONNREFUSED 172.22.0.2:5432",
            "[nodemon] app crashed - waiting for file changes before starting...",
        ],
    ),
    (Reason.EXITED, ["compiling views", "dial tcp 10.0.0.9:5432: connect: connection refused"]),
    (Reason.EXITED, ["/app/run: line 2: ./.env: No such file or directory"] * 2),
    (Reason.EXITED, ["/app/run: line 2: /run/secrets/password: No such file or directory"] * 2),
    (
        Reason.QUIET,
        [
            f"%3|1701166862.114|FAIL|rdkafka#producer-1| [thrd:kafka:9092/bootstrap]: Failed to resolve 'kafka:9092'{more}"
            for more in (" (after 3ms)", " (after 2ms, 1 identical error(s) suppressed)", " (after 2ms, 30 identical)")
        ],
    ),
    # Several lines that differ in their numbers, and the same ones again: no progress
    (
        Reason.EXITED,
        [
            "/app/server: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /app/server)",
            "/app/server: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.32' not found (required by /app/server)",
        ]
        * 3,
    ),
    (Reason.QUIET, ["loading 12%", "loading 34%", "loading 57%", "loading 90%"]),
    (Reason.QUIET, ["2026-11-29T09:12:01Z queue length 3", "2026-11-29T09:12:31Z queue length 4"] * 2),
    # What has waited in vain waits no longer
    (Reason.EXITED, ["wait-for-it.sh: timeout occurred after waiting 15 seconds for db:5432"] * 3),
    (
        Reason.EXITED,
        [
            "Waiting for: tcp://db:5432",
            "Problem with dial: dial tcp: lookup db on 10.0.0.2:53: no such host. Sleeping 1s",
            "Timeout after 10s waiting on dependencies to become available: [tcp://db:5432]",
        ]
        * 3,
    ),
    (Reason.EXITED, ["Waiting for redis:6379", "Error: timed out after 30 seconds waiting for redis:6379"] * 3),
    (Reason.QUIET, ["ERROR pool: timed out waiting for a connection, retrying"] * 3),
    (Reason.QUIET, ["ERROR pool: timed out after 5s waiting for a connection, retrying"] * 3),
    (Reason.QUIET, ["15s waiting for db:5432"] * 3),
    (
        Reason.QUIET,
        [
            "WARN  Connection to node -1 (kafka/10.0.0.9:9092) could not be established. Node may not be available.",
            "WARN  Bootstrap broker kafka:9092 (id: -1 rack: null) disconnected",
        ]
        * 3,
    ),
    # Stopped from outside, as Lightsail does when the deployment has failed: the program didn't end by itself
    (Reason.PORT, ["$ node server.js", "listening on 8080", "error Command failed with exit code 143."]),
    (Reason.PORT, ["listening on 8080", " ELIFECYCLE  Command failed with exit code 143."]),
    (
        Reason.QUIET,
        [
            "warming caches",
            "npm ERR! path /app",
            "npm ERR! command failed",
            "npm ERR! signal SIGTERM",
            "npm ERR! command sh -c node server.js",
            "npm ERR! A complete log of this run can be found in:",
        ],
    ),
    (Reason.QUIET, ["go run ./cmd/api", "loading embeddings", "make: *** [Makefile:3: run] Error 143"]),
    (Reason.QUIET, ["loading embeddings", "Terminated"]),
    (Reason.EXITED, ["Error: connect ECONNREFUSED 10.0.0.9:5432", "npm ERR! code 1", "npm ERR! command failed"] * 3),
    (Reason.EXITED, ["fatal: no such table: users", "supervisor: sent SIGTERM to worker", "exit code 1"] * 3),
]


@pytest.mark.parametrize("reason, lines", CASES, ids=lambda value: value[0][:60] if isinstance(value, list) else None)
def test_lines_show_a_reason(reason, lines):
    assert seen(*lines).reason is reason


def test_a_program_that_goes_on_after_an_error_has_not_ended():
    lines = [
        "INFO:     Uvicorn running on http://0.0.0.0:80 (Press CTRL+C to quit)",
        'ERROR:apscheduler:Job "sync" raised an exception',
        "Traceback (most recent call last):",
        '  File "/app/jobs.py", line 7, in sync',
        "requests.exceptions.ConnectTimeout: api.example.com: timed out",
        'INFO:apscheduler:Running job "sync" (scheduled at 2026-11-27 03:12:07)',
    ]
    evidence = seen(*lines)
    assert (evidence.reason, evidence.line) == (Reason.QUIET, lines[4])
    assert seen(*lines[:5]).reason is Reason.EXITED
    assert seen(*lines[:5], "INFO:     Application shutdown complete.").reason is Reason.EXITED
    assert seen(*lines[:5], "For more info see https://example.com").reason is Reason.EXITED
    assert seen(lines[0].replace(":80", ":8000"), *lines[1:]).reason is Reason.PORT


def test_advice_to_try_again_is_no_attempt():
    line = "Process terminated. Couldn't find a valid ICU package. Please install libicu and try again."
    assert seen(*[line, "   at System.Environment.FailFast(System.String)"] * 3).reason is Reason.EXITED


def test_a_supervisor_that_has_stopped_a_program_says_how_it_ended():
    lines = [
        "PM2 log: App [api:0] exited with code [1] via signal [SIGINT]",
        "PM2 log: Script /app/main.js had too many unstable restarts (16). Stopped.",
    ]
    assert seen("PM2 log: App [api:0] online", *lines).reason is Reason.EXITED


def test_of_a_program_that_tries_again_the_line_that_says_why_is_quoted():
    lines = [
        "[03:12:07: ERROR] consumer: Cannot connect to redis://10.0.0.9:6379//: Error 111 Connection refused.",
        "Trying again in 6.00 seconds... (3/100)",
    ]
    evidence = seen("starting", *lines)
    assert (evidence.reason, evidence.line) == (Reason.QUIET, lines[0])


def test_a_program_that_starts_anew_after_its_attempts_has_ended():
    attempt = "error: Failed to ping DB, dial tcp: lookup postgres: no such host, retrying in 10 seconds"
    lines = ["info: Server is initializing", attempt, "Error: cannot create store: failed to ping DB"]
    assert seen(*lines * 3).reason is Reason.EXITED
    assert seen(lines[0], *lines[1:] * 3).reason is Reason.QUIET


@pytest.mark.parametrize(
    "lines",
    [
        [
            "info: Microsoft.Hosting.Lifetime[14]",
            "      Now listening on: http://[::]:80",
            "warn: Microsoft.AspNetCore.HttpsPolicy.HttpsRedirectionMiddleware[3]",
            "      Failed to determine the https port for redirect.",
        ],
        ["level=info msg=listening addr=:80", 'level=warn msg="tracing disabled: OTEL_EXPORTER_OTLP_ENDPOINT not set"'],
        ["listening on 0.0.0.0:80", *["[WARNING] Invalid request from 10.0.0.9: [SSL: HTTP_REQUEST] http request"] * 3],
        ["listening on 0.0.0.0:80", "SENTRY_DSN is missing, error reporting disabled"],
        ["(node:1) Warning: could not load the .env file", "    at Object.<anonymous> (/app/server.js:3:1)"],
        [
            f"03:12:0{at}.93{at} [error] Postgrex.Protocol (#PID<0.{273 + at % 2}.0>) failed to connect: "
            "** (DBConnection.ConnectionError) tcp connect (db:5432): connection refused - :econnrefused"
            for at in range(4)
        ],
    ],
    ids=lambda lines: lines[-1][:60],
)
def test_a_warning_or_what_a_program_does_without_is_no_end(lines):
    assert seen(*lines).reason is Reason.QUIET
