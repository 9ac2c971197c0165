"""What decides whatever else is logged: a wrong platform, a command that can't be run, a lack of memory; and what only looks so."""

from __future__ import annotations

import pytest

from app.diagnosis.log_evidence import Reason
from tests.diagnosis.test_log_evidence import seen

CASES = [
    (Reason.COMMAND_NOT_FOUND, [' ERR_PNPM_RECURSIVE_EXEC_FIRST_FAIL  Command "tsx" not found'] * 3),
    (
        Reason.COMMAND_NOT_FOUND,
        ["Error: the command daphne could not be found within PATH or Pipfile's [scripts]."] * 3,
    ),
    (Reason.COMMAND_NOT_FOUND, ["bash: line 1: /usr/local/bin/start: cannot execute: required file not found"] * 3),
    (Reason.COMMAND_NOT_FOUND, ["ERROR (catatonit:2): failed to exec pid1: No such file or directory"] * 3),
    (Reason.EXEC_FORMAT, ['error: exec: "redis-server": fork/exec /usr/local/bin/redis-server: exec format error'] * 3),
    (
        Reason.PORT,
        [
            'level=error msg="Could not start plugin backend" pluginId=acme error="fork/exec /plugins/acme/gpx_acme: exec format error"',
            'logger=http.server level=info msg="HTTP Server Listen" address=[::]:3000 protocol=http',
        ],
    ),
    (
        Reason.EXITED,
        [
            'level=error msg="Could not start plugin backend" pluginId=acme error="fork/exec /plugins/acme/gpx_acme: exec format error"',
            'level=error msg="Failed to connect to database" error="dial tcp 10.0.0.9:5432: connect: connection refused"',
        ]
        * 3,
    ),
    (
        Reason.EXITED,
        [
            "INFO  cache: evicting, memory limit 256MB, out of memory pressure: none",
            "Traceback (most recent call last):",
            '  File "/app/worker.py", line 1, in <module>',
            "ModuleNotFoundError: No module named 'celery'",
        ],
    ),
    (
        Reason.COMMAND_NOT_FOUND,
        [
            "s6-applyuidgid: fatal: unable to exec /usr/lib/shop/bin/database: No such file or directory",
            "shopd[171]: INFO: Listening on host 0.0.0.0, port 4822",
        ],
    ),
    (
        Reason.COMMAND_NOT_FOUND,
        ["/app/start.sh: line 84: /app/.venv/bin/uvicorn: cannot execute: required file not found"],
    ),
    (
        Reason.OUT_OF_MEMORY,  # as `rich` wraps a line
        [
            "[11/27/26 03:12:07] ERROR    Worker (pid:9) was sent SIGKILL! Perhaps out of",
            "                             memory?",
            "[11/27/26 03:12:07] INFO     Booting worker with pid: 40",
        ],
    ),
    (
        Reason.QUIET,  # gunicorn itself kills a worker that takes too long
        [
            "[2026-11-27 03:12:07 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:27)",
            "[2026-11-27 03:12:09 +0000] [7] [ERROR] Worker (pid:27) was sent SIGKILL! Perhaps out of memory?",
            "[2026-11-27 03:12:09 +0000] [28] [INFO] Booting worker with pid: 28",
        ]
        * 3,
    ),
    (
        Reason.OUT_OF_MEMORY,
        ["Error occurred during initialization of VM", "Could not reserve enough space for 2097152KB object heap"] * 3,
    ),
    (
        Reason.EXITED,  # at php.ini's `memory_limit`, whatever memory there is
        [
            "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in /var/www/html/vendor/composer/autoload_static.php on line 812"
        ]
        * 3,
    ),
    (
        Reason.OUT_OF_MEMORY,
        [
            "[2026-11-27 03:12:07,120: ERROR/MainProcess] Task handler raised error: WorkerLostError('Worker exited prematurely: signal 9 (SIGKILL) Job: 0.')",
            "billiard.exceptions.WorkerLostError: Worker exited prematurely: signal 9 (SIGKILL) Job: 0.",
        ]
        * 3,
    ),
    (
        Reason.OUT_OF_MEMORY,
        [
            "DAMN ! worker 1 (pid: 12) died, killed by signal 9 :( trying respawn ...",
            "Respawned uWSGI worker 1 (new pid: 21)",
            "DAMN ! worker 1 (pid: 21) died, killed by signal 9 :( trying respawn ...",
        ]
        * 3,
    ),
    (
        Reason.OUT_OF_MEMORY,
        [
            "2026-11-27 03:12:07,412 INFO success: web entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)",
            "2026-11-27 03:12:12,415 WARN exited: web (terminated by SIGKILL; not expected)",
        ]
        * 3,
    ),
    (
        Reason.OUT_OF_MEMORY,
        [
            "   Creating an optimized production build ...",
            "Static worker exited with code: null and signal: SIGKILL",
            " ELIFECYCLE  Command failed.",
        ]
        * 3,
    ),
    (Reason.COMMAND_NOT_FOUND, ["/myapp/start: line 10: bin/rails: No such file or directory"] * 2),
    (Reason.COMMAND_NOT_FOUND, ["/app/run: line 2: ./server: Permission denied"] * 2),
    (Reason.COMMAND_NOT_FOUND, ["/bin/bash: /app/start.sh: No such file or directory"] * 2),
    (Reason.EXITED, ["bash: line 1: /app/settings.ini: No such file or directory"] * 2),
    (Reason.OUT_OF_MEMORY, ["Error: cannot allocate vector of size 1.5 Gb", "Execution halted"] * 2),
    (
        Reason.OUT_OF_MEMORY,
        [
            '{"level":"ERROR","fields":{"message":"Shard process was signaled to shutdown with signal 9"}}',
            "Error: ShardCannotStart",
        ]
        * 3,
    ),
    (
        Reason.OUT_OF_MEMORY,
        ["WARN  app[][o.s.a.p.AbstractManagedProcess] Process exited with exit value [ElasticSearch]: 137"] * 3,
    ),
    (Reason.EXITED, ["master: sending signal 9 to worker 17, which hangs", "fatal: no workers left"] * 3),
    # A program that may not lock its memory has memory.
    (Reason.EXITED, ["Error initializing core: Failed to lock memory: cannot allocate memory"] * 3),
    (
        Reason.EXITED,
        [
            "[WARN ][o.e.b.JNANatives] Unable to lock JVM Memory: error=12, reason=Cannot allocate memory",
            "ERROR: [1] bootstrap checks failed",
        ]
        * 3,
    ),
    (
        Reason.OUT_OF_MEMORY,
        ["sqlservr: This program requires a machine with at least 2000 megabytes of memory."] * 3,
    ),
    (Reason.QUIET, ["WARN search requires 2 GB of memory in production", "warming up"]),
    (Reason.QUIET, ["For large models, at least 4 GB of memory is recommended", "warming up"]),
    (Reason.OUT_OF_MEMORY, ["fork: Cannot allocate memory"] * 3),
]


@pytest.mark.parametrize("reason, lines", CASES, ids=lambda value: value[0][:60] if isinstance(value, list) else None)
def test_lines_show_a_reason(reason, lines):
    assert seen(*lines).reason is reason
