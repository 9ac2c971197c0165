"""Where programs of many kinds say that they listen, and what is no such line."""

from __future__ import annotations

import pytest

from app.diagnosis.log_evidence import Reason
from tests.diagnosis.test_log_evidence import seen

CASES = [
    (Reason.PORT, ["Serwer nasłuchuje na porcie 3000"]),
    (Reason.QUIET, ["db:5432 - no response", "Postgres is unavailable - sleeping"] * 4),
    (Reason.QUIET, ["POST http://collector:4318/v1/traces 404"] * 2),
    (Reason.PORT, ['time=2026-11-27T03:12:07.120Z level=INFO msg="server started" addr=:4000 env=production']),
    (
        Reason.PORT,
        [
            "[AUDIT   ] CWWKF0011I: The defaultServer server is ready to run a smarter planet. The defaultServer server started in 4.2 seconds.",
            "[AUDIT   ] CWWKT0016I: Web application available (default_host): http://5f1c2d:9080/",
        ],
    ),
    (
        Reason.PORT,
        [
            "MinIO Object Storage Server",
            "API: http://172.26.3.4:9000  http://127.0.0.1:9000",
            "WebUI: http://172.26.3.4:9001 http://127.0.0.1:9001",
        ],
    ),
    (Reason.PORT, ["Servidor escuchando en el puerto 3000"]),
    (Reason.PORT, ["🚀 Servidor rodando na porta 3333"]),
    (Reason.PORT, ["Le serveur écoute sur http://0.0.0.0:5000"]),
    (Reason.PORT, ["サーバーがポート3000で起動しました"]),
    (Reason.PORT, ["服务器已启动 监听端口 3000"]),
    (Reason.PORT, ["Server läuft auf Port 3000"]),
    (
        Reason.LOCALHOST,
        [
            "[I 2026-11-27 03:12:07.120 ServerApp] Serving notebooks from local directory: /home",
            "[I 2026-11-27 03:12:07.120 ServerApp] Jupyter Server 2.14.2 is running at:",
            "[I 2026-11-27 03:12:07.120 ServerApp] http://localhost:80/lab?token=...",
        ],
    ),
    (
        Reason.PORT,
        ["n8n ready on ::, port 5678", "Version: 1.70.1", "Editor is now accessible via:", "http://localhost:5678"],
    ),
    (
        Reason.PORT,
        [
            "2026-11-27 03:12:07.412:INFO:oejs.Server:main: jetty-12.0.14; built: 2024-10-04T01:57:47.431Z; jvm 21.0.5+11-LTS",
            "2026-11-27 03:12:08.001:INFO:oejs.AbstractConnector:main: Started ServerConnector@5e9f23b4{HTTP/1.1, (http/1.1)}{0.0.0.0:8080}",
            "2026-11-27 03:12:08.002:INFO:oejs.Server:main: Started oejs.Server@2b4a2ec7{STARTING}[12.0.14,sto=0] @812ms",
        ],
    ),
    (
        Reason.PORT,
        [
            "2026-11-27 03:12:07,120 INFO     Starting server at tcp:port=8000:interface=0.0.0.0",
            "2026-11-27 03:12:07,121 INFO     HTTP/2 support not enabled (install the http2 and tls Twisted extras)",
            "2026-11-27 03:12:07,121 INFO     Configuring endpoint tcp:port=8000:interface=0.0.0.0",
            "2026-11-27 03:12:07,122 INFO     Listening on TCP address 0.0.0.0:8000",
        ],
    ),
    (
        Reason.PORT,
        [
            "  0.0s     info: Falcon::Command::Serve [oid=0x8] [ec=0x10] [pid=1] [2026-11-27 03:12:07 +0000]",
            "               | Falcon v0.48.3 taking flight! Using Async::Container::Forked {:count=>2}.",
            "               | - Binding to: #<Falcon::Endpoint http://0.0.0.0:9292/ {}>",
            "               | - To terminate: Ctrl-C or kill 1",
        ],
    ),
    (Reason.PORT, ["Connected to PostgreSQL at db:5432", "Connected to redis on port 6379", "API ready on port 4000"]),
    (
        Reason.LOCALHOST,
        [
            "<i> [webpack-dev-server] Project is running at:",
            "<i> [webpack-dev-server] Loopback: http://localhost:80/, http://[::1]:80/",
        ],
    ),
    (
        Reason.LOCALHOST,
        [
            '{"level":30,"time":1764213127000,"pid":1,"hostname":"5f1c","msg":"Server listening at http://[::1]:80"}',
            '{"level":30,"time":1764213127001,"pid":1,"hostname":"5f1c","msg":"Server listening at http://127.0.0.1:80"}',
        ],
    ),
    (Reason.LOCALHOST, ["[1] [INFO] Goin' Fast @ http://127.0.0.1:80", "[1] [INFO] Starting worker [1]"]),
    (Reason.QUIET, ["Prometheus metrics available at http://0.0.0.0:9464/metrics", "Warming up JIT"]),
    (
        Reason.QUIET,
        [
            "Loading checkpoint shards:  33%|███▎      | 1/3 [00:21<00:42, 21.1s/it]",
            "Loading checkpoint shards:  67%|██████▋   | 2/3 [00:43<00:21, 21.9s/it]",
        ],
    ),
    (Reason.QUIET, ["2026-11-27 03:12:07 [*] Waiting for messages. To exit press CTRL+C"]),
    (Reason.QUIET, ["redis:6379 - no response, still waiting ..."] * 6),
    (Reason.LOCALHOST, ["Inference API bind to: http://127.0.0.1:80", "Model server started."]),
    (Reason.PORT, ["binding 172.26.3.4:8080", "ready"]),
    (Reason.QUIET, ["LDAP bind to ldap://172.26.3.4:3890 succeeded", "warming caches"]),
    # Next.js in a container, by the container's own name and address
    (
        Reason.PORT,
        ["   - Local:        http://5f1c2d:3000", "   - Network:      http://172.26.3.4:3000", " ✓ Ready in 2ms"],
    ),
    (Reason.PORT, ["  ➜  Network: http://172.26.3.4:4173/"]),
    (Reason.QUIET, ["  - Local:        http://5f1c2d:80", "  - Network:      http://172.26.3.4:80"]),
    # Of data stores, whose own ports others name as those of what they use
    (
        Reason.PORT,
        ["1:M 29 Nov 2026 09:12:01.005 * Running mode=standalone, port=6379.", "* Ready to accept connections"],
    ),
    (
        Reason.PORT,
        [
            "0 [System] [MY-010931] [Server] mysqld: ready for connections. Version: '8.0.39'  socket: '/run/mysqld.sock'  port: 3306  MySQL Community Server - GPL."
        ],
    ),
    (
        Reason.PORT,
        [
            "mariadbd: ready for connections.",
            "Version: '11.4.3-MariaDB-ubu2404'  socket: '/run/mysqld/mysqld.sock'  port: 3306  mariadb.org binary distribution",
        ],
    ),
    (Reason.QUIET, ["Server started. Storing sessions in redis on port 6379", "warming up"]),
    (
        Reason.LOCALHOST,
        [
            'LOG:  listening on IPv6 address "::1", port 80',
            'LOG:  listening on IPv4 address "127.0.0.1", port 80',
            "LOG:  database system is ready to accept connections",
        ],
    ),
    (
        Reason.QUIET,
        ['LOG:  listening on IPv4 address "0.0.0.0", port 80', 'LOG:  listening on IPv6 address "::", port 80'],
    ),
    (Reason.LOCALHOST, ["publish_address {127.0.0.1:80}, bound_addresses {127.0.0.1:80}, {[::1]:80}", "started"]),
    (Reason.PORT, ["publish_address {172.26.3.4:9200}, bound_addresses {[::]:9200}", "started {x}{172.26.3.4:9300}"]),
    (
        Reason.LOCALHOST,
        ["warn --- config file  - /conf/config.yaml", "warn --- http address - http://localhost:80/ - v5"],
    ),
    (Reason.QUIET, ["tracing: sending to http address http://localhost:4318/v1/traces", "warming up"]),
    # Programs that say by itself that they listen on localhost only
    (
        Reason.LOCALHOST,
        [
            "1733404263: Starting in local only mode. Connections will only be possible from clients running on this machine.",
            "1733404263: Opening ipv4 listen socket on port 80.",
            "1733404263: mosquitto version 2.0.20 running",
        ],
    ),
    (
        Reason.LOCALHOST,
        [
            '{"s":"W","c":"CONTROL","id":22140,"msg":"This server is bound to localhost. Remote systems will be unable to connect to this server."}',
            '{"s":"I","c":"NETWORK","id":23016,"ctx":"listener","msg":"Waiting for connections","attr":{"port":80,"ssl":"off"}}',
        ],
    ),
    (Reason.PORT, ["Setting phasers to stun... (port 3000) (ctrl-c to quit)"]),
]


@pytest.mark.parametrize("reason, lines", CASES, ids=lambda value: value[0][:60] if isinstance(value, list) else None)
def test_lines_show_a_reason(reason, lines):
    assert seen(*lines).reason is reason


def test_the_port_of_a_management_interface_is_not_the_programs():
    lines = ["HTTP listener listening on 0.0.0.0:8080", "Http management interface listening on http://0.0.0.0:9990"]
    assert seen(*lines).detail == "8080"


def test_the_line_that_says_localhost_only_is_quoted():
    said = "Starting in local only mode. Connections will only be possible from clients running on this machine."
    assert seen(said, "Opening ipv4 listen socket on port 80.").line == said


def test_what_else_listens_on_localhost_only_is_no_cause():
    assert seen("metrics are for localhost only", "listening on 0.0.0.0:80").reason is Reason.QUIET


def test_localhost_only_is_no_cause_on_another_port():
    lines = ["Starting in local only mode.", "Opening ipv4 listen socket on port 1883."]
    assert (seen(*lines).reason, seen(*lines).detail) == (Reason.PORT, "1883")
