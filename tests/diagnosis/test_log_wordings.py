"""What a log shows in the words of many languages, frameworks and images."""

from __future__ import annotations

import pytest

from app.diagnosis.log_evidence import Reason
from tests.diagnosis.test_log_evidence import seen

CASES = [
    (
        Reason.MISSING_VARIABLE,
        ["❌ Invalid environment variables: { DATABASE_URL: [ 'Required' ] }", "Error: Invalid environment variables"]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        [
            "❌ Invalid environment variables: [",
            "  {",
            "    code: 'invalid_type',",
            "    path: [ 'DATABASE_URL' ],",
            "    message: 'Invalid input: expected string, received undefined'",
            "  }",
            "]",
            "Error: Invalid environment variables",
        ],
    ),
    (Reason.MISSING_VARIABLE, ['Error: Config validation error: "DATABASE_URL" is required'] * 3),
    (
        Reason.MISSING_VARIABLE,
        [
            "MissingEnvVarsError: The following variables were defined in .env.example but aren't in the environment:",
            "  DATABASE_URL, API_KEY",
            "Make sure to add them to .env or directly to the environment.",
        ]
        * 3,
    ),
    (Reason.MISSING_VARIABLE, ["2026/11/27 03:12:07 DATABASE_URL environment variable not set", "exit status 1"]),
    (Reason.MISSING_VARIABLE, ['Exception in thread "main" java.lang.IllegalStateException: JWT_SECRET not set'] * 2),
    (
        Reason.EXITED,
        ["SRCFG00014: The config property app.jwt.secret is required but it could not be found in any config source"]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        ["Unhandled exception. System.InvalidOperationException: Environment variable 'JWT_KEY' is not configured."],
    ),
    (
        Reason.MISSING_VARIABLE,
        [
            "Traceback (most recent call last):",
            '  File "<frozen os>", line 679, in __getitem__',
            "KeyError: 'REDIS_URL'",
        ],
    ),
    (
        Reason.MISSING_VARIABLE,
        ["Traceback (most recent call last):", "KeyError: \"Config 'SECRET_KEY' is missing, and has no default.\""],
    ),
    (Reason.MISSING_VARIABLE, ["/start.sh: line 2: DB_HOST: must be set"] * 3),
    (
        Reason.EXITED,
        [
            "ERROR: Failed to start server in (production) mode",
            "ERROR: Strict hostname resolution configured but no hostname setting provided",
        ]
        * 3,
    ),
    (
        Reason.MISSING_VARIABLE,
        ['ERROR Unable to validate credentials: Missing credential environment variable, "MINIO_ROOT_USER"'] * 3,
    ),
    (Reason.MISSING_VARIABLE, ["Error: Missing required env vars: STRIPE_KEY"] * 3),
    (
        Reason.COMMAND_NOT_FOUND,
        ['unable to start container process: exec: "npm": executable file not found in $PATH: unknown'],
    ),
    (Reason.COMMAND_NOT_FOUND, ["/usr/local/bin/docker-entrypoint.sh: line 8: exec: yarn: not found"]),
    (Reason.COMMAND_NOT_FOUND, ["/usr/bin/env: \u2018node\u2019: No such file or directory"]),
    (Reason.COMMAND_NOT_FOUND, ['exec: "/bin/bash": stat /bin/bash: no such file or directory: unknown']),
    (Reason.COMMAND_NOT_FOUND, ["bash: ./start.sh: /bin/sh^M: bad interpreter: No such file or directory"]),
    (Reason.COMMAND_NOT_FOUND, ["/bin/sh: ./run.sh: not found"]),
    (
        Reason.EXITED,
        ["2026-11-27 03:12:07,1 INFO spawned: 'php' with pid 7", "ERROR: can't find command '/usr/bin/php-fpm8'"] * 3,
    ),
    (Reason.OUT_OF_MEMORY, ["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"]),
    (
        Reason.OUT_OF_MEMORY,
        [
            "# There is insufficient memory for the Java Runtime Environment to continue.",
            "# Native memory allocation (mmap) failed to map 262144 bytes for committing reserved memory.",
        ],
    ),
    (
        Reason.OUT_OF_MEMORY,
        ["numpy.core._exceptions._ArrayMemoryError: Unable to allocate 2.98 GiB for an array"],
    ),
    (Reason.OUT_OF_MEMORY, ["[FATAL] failed to allocate memory"]),
    (Reason.OUT_OF_MEMORY, ["config.ru:3:in `initialize': failed to allocate memory (NoMemoryError)"]),
    (Reason.OUT_OF_MEMORY, ["fatal error: runtime: cannot allocate memory"]),
    (Reason.OUT_OF_MEMORY, ["PM2        | App [app:0] exited with code [0] via signal [SIGKILL]"] * 3),
    (Reason.OUT_OF_MEMORY, ["npm error path /app", "npm error command failed", "npm error signal SIGKILL"]),
    (Reason.OUT_OF_MEMORY, ['error Command failed with signal "SIGKILL".']),
    (Reason.OUT_OF_MEMORY, ["Failed to create CoreCLR, HRESULT: 0x8007000E"] * 3),
    (Reason.OUT_OF_MEMORY, ["GC heap initialization failed with error 0x8007000E"] * 3),
    (Reason.EXEC_FORMAT, ["/app/server: /app/server: cannot execute binary file"] * 3),
    (Reason.EXEC_FORMAT, ["bash: /app/server: cannot execute binary file: Exec format error"]),
    (
        Reason.PORT,
        [
            "  You can now view your Streamlit app in your browser.",
            "  Local URL: http://localhost:8501",
            "  Network URL: http://172.26.8.10:8501",
        ],
    ),
    (
        Reason.LOCALHOST,
        ["Running on local URL:  http://127.0.0.1:80", "To create a public link, set `share=True` in `launch()`."],
    ),
    (Reason.PORT, ["shop 1.0 on JVM (powered by Quarkus 3.9.3) started in 1.2s. Listening on: http://0.0.0.0:8080"]),
    (Reason.PORT, ["[info] p.c.s.AkkaHttpServer - Listening for HTTP on /0.0.0.0:9000"]),
    (Reason.PORT, ["WFLYUT0006: Undertow HTTP listener default listening on 0.0.0.0:8080"]),
    (Reason.PORT, ["== Sinatra (v4.0.0) has taken the stage on 4567 for production with backup from Puma"]),
    (
        Reason.QUIET,
        ["[Nest] 1  - 11/27/2026, 3:12:07 AM     LOG [NestApplication] Nest application successfully started"],
    ),
    (Reason.PORT, ["🦊 Elysia is running at localhost:3000"]),
    (Reason.PORT, ["Started development server: http://localhost:3000"]),
    (Reason.PORT, ["Listening on http://[::]:3000"]),
    (Reason.LOCALHOST, ["2026-11-27T03:12:07Z  INFO shop: listening on 127.0.0.1:80"]),
    (
        Reason.PORT,
        [
            "Django version 5.0.6, using settings 'shop.settings'",
            "Starting development server at http://127.0.0.1:8000/",
            "Quit the server with CONTROL-C.",
        ],
    ),
    (Reason.PORT, ["[2026-11-27 03:12:07 +0000] [1] [INFO] Running on http://0.0.0.0:8000 (CTRL + C to quit)"]),
    (Reason.PORT, ["INFO:waitress:Serving on http://0.0.0.0:8080"]),
    (Reason.PORT, ['INFO [main] org.apache.coyote.AbstractProtocol.start Starting ProtocolHandler ["http-nio-8080"]']),
    (Reason.PORT, ["[Fri Nov 27 03:12:07 2026] PHP 8.3.1 Development Server (http://0.0.0.0:8000) started"]),
    (Reason.PORT, ["   INFO  Server running on [http://127.0.0.1:8000].", "  Press Ctrl+C to stop the server"]),
    (Reason.PORT, ["Serving at http://0.0.0.0:8080"]),
    (Reason.LOCALHOST, ["[ NOTICE ] Server starting on http://127.0.0.1:80"]),
    (Reason.PORT, ["[production] Kemal is ready to lead at http://0.0.0.0:3000"]),
    (
        Reason.PORT,
        [
            " ┌───────────────────────────────────────────────────┐",
            " │                   Fiber v2.52.4                   │",
            " │               http://127.0.0.1:3000               │",
            " │       (bound on host 0.0.0.0 and port 3000)       │",
        ],
    ),
    (Reason.PORT, ["⇨ http server started on [::]:1323"]),
    (
        Reason.HEALTH_PATH,
        [
            "      Request starting HTTP/1.1 GET http://172.26.8.10:80/healthz - - -",
            "      Request finished HTTP/1.1 GET http://172.26.8.10:80/healthz - 404 0 - 0.33ms",
        ]
        * 3,
    ),
    (Reason.HEALTH_PATH, ["03:12:07.1 [info] GET /healthz", "03:12:07.2 [info] Sent 404 in 12ms"] * 3),
    (
        Reason.HEALTH_STATUS,
        [
            'Started GET "/healthz" for 172.26.8.10 at 2026-11-27 03:12:07 +0000',
            "Processing by HealthController#show as */*",
            "Completed 500 Internal Server Error in 12ms (ActiveRecord: 0.0ms)",
        ]
        * 3,
    ),
    (
        Reason.HEALTH_STATUS,
        ["method=GET path=/healthz format=*/* controller=HealthController action=show status=503 duration=3.1"] * 3,
    ),
    (
        Reason.HEALTH_PATH,
        ['{"time":"2026-11-27T03:12:07Z","level":"INFO","msg":"request","method":"GET","path":"/healthz","status":404}']
        * 3,
    ),
    (
        Reason.HEALTH_PATH,
        ['{"remote_ip":"172.26.8.10","method":"GET","uri":"/healthz","status":404,"error":""}'] * 3,
    ),
    (Reason.HEALTH_PATH, ["03:12:07 | 404 |       10µs |     172.26.8.10 | GET     | /healthz       | -"] * 3),
    (
        Reason.HEALTH_PATH,
        ['{"level":"info","msg":"handled request","request":{"method":"GET","uri":"/healthz"},"status":404}'] * 3,
    ),
    (Reason.HEALTH_PATH, ["WARN 1 --- [nio-80-exec-1] o.s.web.servlet.PageNotFound : No mapping for GET /healthz"] * 3),
    (
        Reason.HEALTH_PATH,
        [".DefaultHandlerExceptionResolver : Resolved [NoResourceFoundException: No static resource healthz.]"] * 3,
    ),
    (
        Reason.HEALTH_PATH,
        ["INFO request{method=GET uri=/healthz version=HTTP/1.1}: finished processing request latency=0 ms status=404"]
        * 3,
    ),
    (Reason.HEALTH_PATH, ["  <-- GET /healthz", "  --> GET /healthz 404 3ms -"] * 3),
    (
        Reason.QUIET,
        ["GET http://config:8888/shop/prod 503", "GET http://config:8888/shop/prod 503", "waiting for config"],
    ),
    (Reason.HEALTH_PATH, ['172.26.8.10 - - [27/Nov/2026 03:12:07] "GET /healthz HTTP/1.1" 404 -'] * 3),
    (Reason.HEALTH_PATH, ["Not Found: /healthz"] * 4),
    (
        Reason.HEALTH_STATUS,
        [
            "Internal Server Error: /healthz",
            "Traceback (most recent call last):",
            "django.db.utils.OperationalError: no such table: auth_user",
        ]
        * 3,
    ),
    (Reason.EXITED, ["Segmentation fault (core dumped)"]),
    (
        Reason.EXITED,
        [
            "INFO exited: app (exit status 1; not expected)",
            "INFO gave up: app entered FATAL state, too many start retries too quickly",
        ],
    ),
    (Reason.EXITED, ["npm error code ENOENT", "npm error syscall open", "npm error path /app/package.json"]),
    (Reason.MISSING_VARIABLE, ["thread 'main' panicked at src/config.rs:9:10:", "missing env REDIS_URL: NotPresent"]),
    (Reason.MISSING_VARIABLE, ["koa:error Missing env: MONGO_URI"] * 3),
    (Reason.EXITED, ["  throw err;", "Error: Cannot find module '/app/dist/main.js'", "Node.js v20.11.0"]),
    (Reason.COMMAND_NOT_FOUND, ["runuser: failed to execute /app/start: No such file or directory"] * 3),
    (Reason.PORT, ['{"severity":"INFO","message":"listening","port":8080}']),
    (Reason.QUIET, ['{"severity":"INFO","message":"listening","port":80}']),
    (Reason.QUIET, ["INFO Downloading model weights 12%", "INFO Downloading model weights 48%"]),
    (Reason.EXITED, ["2026-01-31 11:01:07 bye", "2026-01-31 11:01:18 bye"]),
    (Reason.EXITED, ["Certificate missing, HTTPS disabled", "Error: boom"] * 3),
    (Reason.EXITED, ["app.py: 12: ERROR: no such table"] * 3),
    (Reason.QUIET, ["stopping idle worker, sending signal SIGKILL", "warming caches"]),
    (Reason.QUIET, ["GET /v1/config 503", "GET /v1/config 503", "warming caches"]),
    (Reason.QUIET, ["ready to connect to http://10.0.0.9:3000", "warming caches"]),
    (
        Reason.HEALTH_STATUS,
        ["NOTICE: ready to handle connections", '10.0.0.9 -  27/Nov/2026:03:12:07 +0000 "GET /index.php" 500'],
    ),
]


@pytest.mark.parametrize("reason, lines", CASES, ids=lambda value: value[0][:60] if isinstance(value, list) else None)
def test_lines_show_a_reason(reason, lines):
    assert seen(*lines).reason is reason


def test_a_field_of_settings_is_named_as_its_variable_and_without_values():
    lines = [
        "Traceback (most recent call last):",
        "ValidationError: 1 validation error for Settings",
        "db_url",
        "  Field required [input_value={'a': 'b'}]",
    ]
    evidence = seen(*lines)
    assert (evidence.reason, evidence.detail, evidence.line) == (
        Reason.MISSING_VARIABLE,
        "DB_URL",
        "db_url: field required",
    )
