"""Which line of a log is quoted: the one that says what failed and why."""

from __future__ import annotations

import pytest

from app.diagnosis.log_evidence import LONGEST_QUOTE
from tests.diagnosis.test_log_evidence import seen

QUOTES = [
    (
        "SyntaxError: Cannot use import",
        ["import x", "SyntaxError: Cannot use import", "    at a (b:1:2)", "Node.js v20.18.0"],
    ),
    (
        "Error: could not bind to port 80",
        [
            "thread 'main' panicked at src/main.rs:48:10:",
            "Error: could not bind to port 80",
            "stack backtrace:",
            "   1: core",
        ],
    ),
    (
        "ImportError: cannot import name 'Base'",
        [
            "[INFO] Listening at: http://0.0.0.0:80 (1)",
            "Traceback (most recent call last):",
            "ImportError: cannot import name 'Base'",
            "[ERROR] Worker (pid:8) exited with code 3",
            "[ERROR] Reason: Worker failed to boot.",
        ],
    ),
    (
        "Caused by: java.net.ConnectException: Connection refused",
        [
            'Exception in thread "main" org.shop.Failure: no data',
            "\tat org.shop.Main.main(Main.java:3)",
            "Caused by: java.net.ConnectException: Connection refused",
            "\t... 18 more",
        ],
    ),
    (
        "Trace: [Error: SQLITE_CANTOPEN: unable to open database file] {",
        [
            "Trace: [Error: SQLITE_CANTOPEN: unable to open database file] {",
            "  errno: 14,",
            "  code: 'SQLITE_CANTOPEN'",
            "}",
            "    at process.unexpectedErrorHandler (server/server.js:1905:13)",
        ],
    ),
    (
        'error: password authentication failed for user "shop"',
        [
            'error: password authentication failed for user "shop"',
            "    at Parser.parseErrorMessage (/app/node_modules/pg-protocol/dist/parser.js:283:98) {",
            "  length: 101,",
            "  severity: 'FATAL',",
            "  routine: 'auth_failed'",
            "}",
        ],
    ),
    (
        "ModuleNotFoundError: No module named 'shop.wsgi'",
        [
            "ModuleNotFoundError: No module named 'shop.wsgi'",
            "unable to load app 0 (mountpoint='') (callable not found or import error)",
            "fatal: no app loaded, exiting",
        ],
    ),
    (
        'npm error Missing script: "start"',
        [
            'npm error Missing script: "start"',
            "npm error",
            "npm error Did you mean one of these?",
            "npm error   npm star # Mark your favorite packages",
            "npm error A complete log of this run can be found in: /root/.npm/_logs/1.log",
        ],
    ),
    (
        "Unrecognized VM option 'MaxPermSize=512m'",
        [
            "Unrecognized VM option 'MaxPermSize=512m'",
            "Error: Could not create the Java Virtual Machine.",
            "Error: A fatal exception has occurred. Program will exit.",
        ],
    ),
    (
        "level=error msg=\"Configuration: validation error: session: option 'secret' is required when using the 'redis' provider\"",
        [
            "level=error msg=\"Configuration: validation error: session: option 'secret' is required when using the 'redis' provider\"",
            'level=fatal msg="Can\'t continue due to the errors loading the configuration"',
        ],
    ),
    # With the line below that it announces
    (
        "[main.go:60] invalid configuration: missing setting: cookie-secret",
        ["[main.go:60] invalid configuration:", "  missing setting: cookie-secret", "  missing setting: client-id"] * 3,
    ),
    (
        "FATAL settings are missing: - smtp.host",
        ["FATAL settings are missing:", "- smtp.host", "- smtp.port"] * 3,
    ),
    ("FATAL cannot parse /etc/shop.yml:", ["FATAL cannot parse /etc/shop.yml:", "goodbye"] * 3),
    (
        "Error: connect to the queue",
        [
            "Error: connect to the queue",
            "npm ERR! command failed",
            "npm ERR! command sh -c node server.js",
        ],
    ),
    (
        "A server is already running. Check /app/tmp/pids/server.pid.",
        ["=> Booting Puma", "A server is already running. Check /app/tmp/pids/server.pid.", "Exiting"],
    ),
    (
        "You must install or update .NET to run this application.",
        [
            "You must install or update .NET to run this application.",
            "Framework: 'Microsoft.AspNetCore.App', version '8.0.0' (x64)",
            "https://aka.ms/dotnet/app-launch-failed",
        ],
    ),
    (
        "Failed to find attribute 'app' in 'wsgi'.",
        [
            "Failed to find attribute 'app' in 'wsgi'.",
            "[7] [INFO] Worker exiting (pid: 7)",
            "[1] [INFO] Reason: App failed to load.",
        ],
    ),
    (
        "SQLSTATE[HY000] [2002] Connection refused (Connection: mysql)",
        [
            "Illuminate\\Database\\QueryException",
            "SQLSTATE[HY000] [2002] Connection refused (Connection: mysql)",
            "at vendor/laravel/framework/src/Illuminate/Database/Connection.php:829",
        ],
    ),
    (
        "[ERROR] connect ECONNREFUSED ::1:3306",
        ["[ERROR] connect ECONNREFUSED ::1:3306", '"Unknown database error"', "[WARN] Ghost has shut down"],
    ),
    (
        "bootstrap check failure [1] of [1]: max virtual memory areas vm.max_map_count [65530] is too low",
        [
            "bootstrap check failure [1] of [1]: max virtual memory areas vm.max_map_count [65530] is too low",
            "ERROR: Elasticsearch did not exit normally - check the logs at /usr/share/elasticsearch/logs/docker.log",
        ],
    ),
    ("running migrations", ["STARTING DJANGO ENTRYPOINT", "running migrations"]),
    (
        "Invalid command 'RewriteEngine', perhaps misspelled",
        [
            "AH00526: Syntax error on line 12 of /etc/apache2/sites-enabled/000-default.conf:",
            "Invalid command 'RewriteEngine', perhaps misspelled",
            "Action '-D FOREGROUND' failed.",
        ],
    ),
    (
        "The application 'Api.dll' does not exist.",
        [
            "The command could not be loaded, possibly because:",
            "  * You intended to execute a .NET application:",
            "      The application 'Api.dll' does not exist.",
        ],
    ),
    (
        "config.edn (No such file or directory)",
        [
            "Execution error (FileNotFoundException) at shop.core/load-config (core.clj:12).",
            "config.edn (No such file or directory)",
        ],
    ),
    (
        "django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.",
        [
            "Traceback (most recent call last):",
            '  File "/app/manage.py", line 22, in <module>',
            "    main()",
            "django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.",
        ],
    ),
    (
        "Error loading shared library libssl.so.1.1: No such file or directory (needed by /app/server)",
        [
            "Error loading shared library libssl.so.1.1: No such file or directory (needed by /app/server)",
            "Error relocating /app/server: SSL_CTX_new: symbol not found",
        ],
    ),
    (
        "Caused by: java.net.ConnectException: Connection refused",
        [
            "WARN Exception encountered during context initialization - cancelling refresh attempt: org.acme.Failure: no data",
            "ERROR Application run failed",
            "Caused by: java.net.ConnectException: Connection refused",
            "\t... 58 common frames omitted",
        ],
    ),
    (
        "(13)Permission denied: AH00072: make_sock: could not bind to address 0.0.0.0:80",
        [
            "(13)Permission denied: AH00072: make_sock: could not bind to address 0.0.0.0:80",
            "no listening sockets available, shutting down",
            "AH00015: Unable to open logs",
        ],
    ),
    (
        "2: dns error: failed to lookup address information: Temporary failure in name resolution",
        [
            "error: Import 'https://deno.land/std/http/server.ts' failed.",
            "    0: error sending request for url (https://deno.land/std/http/server.ts)",
            "    2: dns error: failed to lookup address information: Temporary failure in name resolution",
            "    at file:///app/main.ts:1:23",
        ],
    ),
    (
        "0: failed to read /etc/shop/config.toml",
        [
            "Error: failed to load configuration",
            "",
            "Caused by:",
            "    0: failed to read /etc/shop/config.toml",
            "    1: No such file or directory (os error 2)",
        ],
    ),
    (
        'npm error Missing script: "start:prod"',
        [
            'npm error Missing script: "start:prod"',
            "npm error",
            "npm error To see a list of scripts, run:",
            "npm error   npm run",
            "npm error A complete log of this run can be found in: /home/node/.npm/_logs/debug-0.log",
        ],
    ),
    (
        "Can't locate Mojolicious/Lite.pm in @INC at app.pl line 2.",
        [
            "Can't locate Mojolicious/Lite.pm in @INC at app.pl line 2.",
            "BEGIN failed--compilation aborted at app.pl line 2.",
        ],
    ),
    (
        "[error] <0.131.0> error:{{shutdown,{failed_to_start_child,auth,{\"Failed to create '/data/.erlang.cookie': eacces\",[]}}}}",
        [
            "[error] <0.131.0> BOOT FAILED",
            "[error] <0.131.0> error:{{shutdown,{failed_to_start_child,auth,{\"Failed to create '/data/.erlang.cookie': eacces\",[]}}}}",
            "[error] <0.131.0>     rabbit_prelaunch_dist:setup/1, line 32",
            "Kernel pid terminated (application_controller) ({application_start_failure,rabbitmq_prelaunch,...})",
        ],
    ),
    (
        "nginx: [error] init_by_lua error: migrations.lua:16: Database needs bootstrapping or is older than Kong 1.0.",
        [
            "nginx: [error] init_by_lua error: migrations.lua:16: Database needs bootstrapping or is older than Kong 1.0.",
            "To start a new installation from scratch, run 'kong migrations bootstrap'.",
            "stack traceback:",
            "\t[C]: in function 'error'",
            "\tinit_by_lua:3: in main chunk",
        ],
    ),
    (
        "LuajitError: /opt/tarantool/config.lua:12: '}' expected near 'listen'",
        [
            "LuajitError: /opt/tarantool/config.lua:12: '}' expected near 'listen'",
            "fatal error, exiting the event loop",
        ],
    ),
    (
        "WARN  app[][o.s.a.p.AbstractManagedProcess] Process exited with exit value [ElasticSearch]: 78",
        [
            "WARN  app[][o.s.a.p.AbstractManagedProcess] Process exited with exit value [ElasticSearch]: 78",
            "INFO  app[][o.s.a.SchedulerImpl] Process[ElasticSearch] is stopped",
            "INFO  app[][o.s.a.SchedulerImpl] SonarQube is stopped",
        ],
    ),
    (
        "Null check operator used on a null value",
        [
            "Unhandled exception:",
            "Null check operator used on a null value",
            "#0      main (file:///app/bin/server.dart:14:52)",
        ],
    ),
    (
        "invalid 'port' argument",
        ["Error in httpuv::startServer(host, port, app) : ", "  invalid 'port' argument", "Execution halted"],
    ),
    (
        "Could not locate ring/adapter/jetty__init.class on classpath.",
        [
            "Syntax error (FileNotFoundException) compiling at (shop/core.clj:1:1).",
            "Could not locate ring/adapter/jetty__init.class on classpath.",
        ],
    ),
    (
        "pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on 'db' ([Errno -2] Name or service not known)\")",
        [
            "pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on 'db' ([Errno -2] Name or service not known)\")",
            "s6-rc: warning: unable to start service init-migrations: command exited 1",
            "/run/s6/basedir/scripts/rc.init: fatal: stopping the container.",
        ],
    ),
]


@pytest.mark.parametrize("quoted, lines", QUOTES, ids=[quoted for quoted, _ in QUOTES])
def test_the_line_that_says_what_failed_and_why_is_quoted(quoted, lines):
    assert seen(*lines * 3).line == quoted


def test_of_a_long_line_of_node_the_reason_of_the_rejection_is_quoted():
    line = f'[UnhandledPromiseRejection: {"This error originated elsewhere. " * 6}The promise rejected with the reason "vault sealed".] {{'
    assert '"vault sealed"' in seen(*[line, "Node.js v18.20.4"] * 2).line


def test_a_reason_is_quoted_whole():
    line = seen(f"panic: opening the store at {'/data' * 40}: no such file or directory (db)", "exit status 2").line
    assert line.endswith(": no such file or directory…")


def test_of_a_long_line_its_start_and_its_reason_are_quoted():
    line = seen(f"panic: opening the store at {'/data' * 40}: connection refused (db)", "exit status 2").line
    assert line.startswith("panic: opening the store")
    assert line.endswith(": connection refused…")
    assert len(line) <= LONGEST_QUOTE + 2
