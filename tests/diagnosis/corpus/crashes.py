"""What programs of many languages and frameworks log when they end, as those print it."""

from __future__ import annotations

from tests.diagnosis.corpus.programs import crash

# A variable that isn't set.
VARIABLE = "container.missing_variable"
crash(
    "envalid's report",
    VARIABLE,
    "================================",
    " Missing environment variables:",
    '    DATABASE_URL: The Postgres connection string (eg. "postgres://user@host/db")',
    "================================",
    "",
    " Exiting with error code 1",
)
crash(
    "django-environ",
    VARIABLE,
    '  File "/usr/local/lib/python3.12/site-packages/environ/environ.py", line 409, in get_value',
    "    raise ImproperlyConfigured(error_msg) from exc",
    "django.core.exceptions.ImproperlyConfigured: Set the SECRET_KEY environment variable",
)
crash(
    "pydantic's settings",
    VARIABLE,
    "    settings = Settings()",
    "pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings",
    "database_url",
    "  Field required [type=missing, input_value={}, input_type=dict]",
    "    For further information visit https://errors.pydantic.dev/2.8/v/missing",
)
crash(
    "ENV.fetch of Ruby",
    VARIABLE,
    '/app/config/puma.rb:4:in `fetch\': key not found: "RAILS_MAX_THREADS" (KeyError)',
    "\tfrom /app/config/puma.rb:4:in `_load_from'",
)
crash(
    "Rails' credentials without their key",
    VARIABLE,
    "=> Rails 7.1.3 application starting in production",
    "Exiting",
    "/usr/local/bundle/gems/activesupport-7.1.3/lib/active_support/encrypted_file.rb:118:in `handle_missing_key': Missing"
    " encryption key to decrypt file with. Ask your team for your master key and write it to /rails/config/master.key or"
    " put it in the ENV['RAILS_MASTER_KEY']. (ActiveSupport::EncryptedFile::MissingKeyError)",
)
crash(
    "Spring's placeholder",
    VARIABLE,
    "2026-11-27T03:12:07.412Z ERROR 1 --- [shop] [main] o.s.boot.SpringApplication : Application run failed",
    "java.lang.IllegalArgumentException: Could not resolve placeholder 'DB_URL' in value \"${DB_URL}\"",
    "\tat org.springframework.util.PropertyPlaceholderHelper.parseStringValue(PropertyPlaceholderHelper.java:180)",
)
crash(
    "Phoenix's runtime.exs",
    VARIABLE,
    "ERROR! Config provider Config.Reader failed with:",
    "** (RuntimeError) environment variable DATABASE_URL is missing.",
    "For example: ecto://USER:PASS@HOST/DATABASE",
    "    /app/releases/0.1.0/runtime.exs:24: (file)",
)
crash(
    "System.fetch_env! of Elixir",
    VARIABLE,
    '** (System.EnvError) could not fetch environment variable "SECRET_KEY_BASE" because it is not set',
    "    (elixir 1.16.2) lib/system.ex:707: System.fetch_env!/1",
)
crash(
    "expect of Rust",
    VARIABLE,
    "thread 'main' panicked at src/main.rs:12:43:",
    "DATABASE_URL must be set: NotPresent",
    "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
    status=101,
)
crash("envconfig of Go", VARIABLE, "2026/11/27 03:12:07 required key STRIPE_API_KEY missing value")
crash("caarlos0/env of Go", VARIABLE, '2026/11/27 03:12:07 env: required environment variable "API_KEY" is not set')
crash(
    "Postgres' image",
    VARIABLE,
    "Error: Database is uninitialized and superuser password is not specified.",
    "       You must specify POSTGRES_PASSWORD to a non-empty value for the",
    '       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".',
)
crash(
    "Prisma's schema",
    VARIABLE,
    "Prisma schema loaded from prisma/schema.prisma",
    "Error: Prisma schema validation - (get-config wasm)",
    "Error code: P1012",
    "error: Environment variable not found: DATABASE_URL.",
    "  -->  prisma/schema.prisma:7",
)
# It ended for another reason.
EXITED = "container.exited"
crash(
    "a panic of Rust, which names RUST_BACKTRACE",
    EXITED,
    "thread 'main' panicked at src/db.rs:31:10:",
    "called `Result::unwrap()` on an `Err` value: Io(Os { code: 111, kind: ConnectionRefused })",
    "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
    status=101,
)
crash(
    "Deno without a permission",
    EXITED,
    'error: Uncaught (in promise) NotCapable: Requires net access to "0.0.0.0:8000", run again with --allow-net',
)
crash(
    "nginx's upstream doesn't resolve",
    EXITED,
    '2026/11/27 03:12:07 [emerg] 1#1: host not found in upstream "api" in /etc/nginx/conf.d/default.conf:12',
    'nginx: [emerg] host not found in upstream "api" in /etc/nginx/conf.d/default.conf:12',
)
crash(
    "nginx as a user without port 80",
    EXITED,
    "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)",
)
crash(
    "node as a user without port 80",
    EXITED,
    "node:events:497",
    "      throw er; // Unhandled 'error' event",
    "Error: listen EACCES: permission denied 0.0.0.0:80",
    "    at Server.setupListenHandle [as _listen2] (node:net:1855:21)",
    "  code: 'EACCES', errno: -13, syscall: 'listen', address: '0.0.0.0', port: 80",
    "Node.js v22.4.0",
)
crash(
    "a port that is in use",
    EXITED,
    "Error: listen EADDRINUSE: address already in use :::3000",
    "    at Server.setupListenHandle [as _listen2] (node:net:1898:16)",
    "Emitted 'error' event on Server instance at:",
    "Node.js v20.11.1",
)
crash(
    "gunicorn's worker fails to boot",
    EXITED,
    "[2026-11-27 03:12:07 +0000] [1] [INFO] Starting gunicorn 22.0.0",
    "[2026-11-27 03:12:07 +0000] [1] [INFO] Listening at: http://0.0.0.0:8000 (1)",
    "[2026-11-27 03:12:07 +0000] [7] [ERROR] Exception in worker process",
    "ModuleNotFoundError: No module named 'shop.wsgi'",
    "[2026-11-27 03:12:07 +0000] [1] [ERROR] Worker (pid:7) exited with code 3",
    "[2026-11-27 03:12:07 +0000] [1] [ERROR] Shutting down: Master",
    "[2026-11-27 03:12:07 +0000] [1] [ERROR] Reason: Worker failed to boot.",
    status=3,
)
crash(
    "Bundler lacks a gem",
    EXITED,
    "Could not find rails-7.1.3.4, puma-6.4.2 in locally installed gems (Bundler::GemNotFound)",
    "Run `bundle install` to install missing gems.",
)
crash("a jar that isn't there", EXITED, "Error: Unable to access jarfile /app/app.jar")
crash(
    "a settings file that isn't there",
    EXITED,
    "Error: ENOENT: no such file or directory, open '/app/config/production.json'",
    "    at Object.openSync (node:fs:573:18)",
    "Node.js v22.4.0",
)
crash("a folder that can't be written", EXITED, "PermissionError: [Errno 13] Permission denied: '/app/logs/app.log'")
crash(
    "another version of glibc",
    EXITED,
    "/app/server: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /app/server)",
)
crash(
    "an assembly of .NET that isn't there",
    EXITED,
    "The command could not be loaded, possibly because:",
    "  * You intended to execute a .NET application:",
    "      The application 'Api.dll' does not exist.",
    "  * You intended to execute a .NET SDK command:",
    "      No .NET SDKs were found.",
    status=145,
)
crash(
    "a migration of Alembic can't sign in",
    EXITED,
    "INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.",
    'sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection to server at "10.0.0.5", port 5432 failed:'
    ' FATAL:  password authentication failed for user "app"',
    "(Background on this error at: https://sqlalche.me/e/20/e3q8)",
)
crash(
    "a migration of Flyway fails",
    EXITED,
    "Caused by: org.flywaydb.core.internal.command.DbMigrate$FlywayMigrateException: Migration V7__add.sql failed",
    "SQL State  : 42501",
    "Message    : ERROR: permission denied for schema public",
)
crash("a dirty database of golang-migrate", EXITED, "error: Dirty database version 16. Fix and force version.")
crash(
    "the program itself is denied a secret",
    EXITED,
    "botocore.exceptions.ClientError: An error occurred (AccessDeniedException) when calling the GetSecretValue"
    " operation: User: arn:aws:iam::123456789012:user/app is not authorized to perform: secretsmanager:GetSecretValue"
    " on resource: prod/db because no identity-based policy allows the secretsmanager:GetSecretValue action",
)
crash(
    "npm has no such script",
    EXITED,
    'npm error Missing script: "start"',
    "npm error",
    "npm error To see a list of scripts, run:",
    "npm error   npm run",
)
crash("a job that is done", EXITED, "Compiled 214 modules", "Done in 1.72s.", status=0)
crash(
    "a native module for another platform",
    EXITED,
    "Error: /app/node_modules/better-sqlite3/build/Release/better_sqlite3.node: invalid ELF header",
    "  code: 'ERR_DLOPEN_FAILED'",
)
# The command.
COMMAND = "container.command_not_found"
crash("a shell that doesn't find the command", COMMAND, "/bin/sh: 1: gunicorn: not found", status=127)
crash("npm start without its program", COMMAND, "> shop@1.4.0 start", "> next start", "sh: next: not found", status=127)
crash(
    "an entry point that isn't executable",
    COMMAND,
    "exec /app/docker-entrypoint.sh: permission denied",
    status=126,
)
crash("no shell in a distroless image", COMMAND, "exec /bin/sh: no such file or directory", status=127)
crash("an entry point's last line", COMMAND, "/docker-entrypoint.sh: exec: line 47: nginx-debug: not found", status=127)
crash(
    "a script calls a program that isn't in the image",
    COMMAND,
    "* MIGRATING DATABASE (if needed):",
    "/myapp/start: line 10: bin/rails: No such file or directory",
    status=127,
)
crash(
    "memory that can't be locked",
    "container.exited",
    "Error initializing core: Failed to lock memory: cannot allocate memory",
    "This usually means that the mlock syscall is not available.",
)
# The platform and memory.
crash("an arm64 program under Docker", "platform.exec_format", "exec /usr/local/bin/node: exec format error", status=1)
MEMORY = "size.out_of_memory"
crash("Java's heap", MEMORY, 'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space', status=3)
crash(
    "gunicorn's workers are killed",
    MEMORY,
    "[2026-11-27 03:12:07 +0000] [1] [ERROR] Worker (pid:9) was sent SIGKILL! Perhaps out of memory?",
)
crash("Go's heap", MEMORY, "fatal error: runtime: out of memory", "runtime stack:", "goroutine 1 [running]:", status=2)
crash("Erlang's heap", MEMORY, 'eheap_alloc: Cannot allocate 2147483648 bytes of memory (of type "heap").')
crash(
    "a shell whose program is killed",
    MEMORY,
    "/app/run.sh: line 3:     7 Killed                  node server.js",
    status=137,
)
crash(
    ".NET is out of memory",
    MEMORY,
    "Out of memory.",
    "Unhandled exception. System.OutOfMemoryException: Exception of type 'System.OutOfMemoryException' was thrown.",
    status=134,
)
crash(
    "the last line of a log that is longer than a page",
    "container.exited",
    *[f"Compiled {first}{second}.blade.php" for first in "abcdefghijkl" for second in "mnopqrstuv"],
    "dial tcp 172.26.9.13:5432: connect: connection refused",
)
