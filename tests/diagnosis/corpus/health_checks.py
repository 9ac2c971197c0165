"""What programs of many languages and frameworks log when they run and aren't healthy, as those print it."""

from __future__ import annotations

from tests.diagnosis.corpus.programs import unhealthy

CHECKER = '"-" "ELB-HealthChecker/2.0"'

# The port.
PORT = "health.port"
unhealthy(
    "Next.js on 3000",
    PORT,
    "   ▲ Next.js 14.2.3",
    "   - Local:        http://localhost:3000",
    "   - Network:      http://0.0.0.0:3000",
    " ✓ Ready in 412ms",
)
unhealthy("Go on 8080", PORT, "2026/11/27 03:12:07 listening on :8080")
unhealthy(
    ".NET on 8080",
    PORT,
    "info: Microsoft.Hosting.Lifetime[14]",
    "      Now listening on: http://[::]:8080",
    "info: Microsoft.Hosting.Lifetime[0]",
    "      Application started. Press Ctrl+C to shut down.",
)
unhealthy(
    "Puma on 3000",
    PORT,
    "Puma starting in single mode...",
    '* Puma version: 6.4.2 ("The Eagle of Durin")',
    "*  Min threads: 5",
    "*          PID: 1",
    "* Listening on http://0.0.0.0:3000",
    "Use Ctrl-C to stop",
)
unhealthy(
    "Phoenix on 4000",
    PORT,
    "03:12:07.123 [info] Running ShopWeb.Endpoint with Bandit 1.5.0 at :::4000 (http)",
    "03:12:07.125 [info] Access ShopWeb.Endpoint at https://shop.example.com",
)
unhealthy(
    "Flask's server on all addresses",
    PORT,
    " * Serving Flask app 'app'",
    " * Running on all addresses (0.0.0.0)",
    " * Running on http://127.0.0.1:5000",
    " * Running on http://172.26.8.10:5000",
    "Press CTRL+C to quit",
)
unhealthy(
    "node with its debugger on",
    PORT,
    "Debugger listening on ws://127.0.0.1:9229/0f2c936f-b1cd-4ac9-aab3-f63b0f33d55e",
    "For help, see: https://nodejs.org/en/docs/inspector",
    "Server listening on http://0.0.0.0:3000",
)
unhealthy("gRPC", PORT, "2026/11/27 03:12:07 gRPC server listening at [::]:50051")
unhealthy(
    "Caddy on 80, with its admin endpoint",
    PORT,
    '{"level":"info","ts":1764213127.1,"logger":"admin","msg":"admin endpoint started","address":"localhost:2019"}',
    '{"level":"warn","ts":1764213127.2,"logger":"http.auto_https","msg":"server is listening only on the HTTP port, so'
    ' no automatic HTTPS will be applied to this server","server_name":"srv0","http_port":80}',
    '{"level":"info","ts":1764213127.2,"logger":"http.log","msg":"server running","name":"srv0"}',
    port=8080,
)
unhealthy(
    "uvicorn on 8000",
    PORT,
    "INFO:     Started server process [1]",
    "INFO:     Application startup complete.",
    "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)",
)
# Localhost only.
LOCALHOST = "health.localhost"
unhealthy(
    "gunicorn's own address",
    LOCALHOST,
    "[2026-11-27 03:12:07 +0000] [1] [INFO] Listening at: http://127.0.0.1:8000 (1)",
    port=8000,
)
unhealthy(
    "uvicorn's own address",
    LOCALHOST,
    "INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)",
    port=8000,
)
unhealthy(
    "Vite's own address",
    LOCALHOST,
    "  ➜  Local:   http://localhost:4173/",
    "  ➜  Network: use --host to expose",
    port=4173,
)
unhealthy(
    ".NET's own address",
    LOCALHOST,
    "info: Microsoft.Hosting.Lifetime[14]",
    "      Now listening on: http://localhost:5000",
    port=5000,
)
unhealthy(
    "actix",
    LOCALHOST,
    '[2026-11-27T03:12:07Z INFO  actix_server::server] starting service: "actix-web-service-127.0.0.1:8080",'
    " workers: 1, listening on: 127.0.0.1:8080",
    port=8080,
)
unhealthy("Rocket", LOCALHOST, "🚀 Rocket has launched from http://127.0.0.1:8000", port=8000)
unhealthy("Deno", LOCALHOST, "Listening on http://localhost:8000/", port=8000)
unhealthy(
    "Phoenix in development",
    LOCALHOST,
    "[info] Running ShopWeb.Endpoint with Bandit 1.5.0 at 127.0.0.1:4000 (http)",
    port=4000,
)
# The health check's path, or its codes.
PATH = "health.path"
HOST = "health.host"
unhealthy(
    "uvicorn answers 404",
    PATH,
    "INFO:     Uvicorn running on http://0.0.0.0:80 (Press CTRL+C to quit)",
    *['INFO:     172.26.8.10:51234 - "GET /health HTTP/1.1" 404 Not Found'] * 5,
    path="/health",
)
unhealthy(
    "nginx answers 404",
    PATH,
    *[f'172.26.8.10 - - [27/Nov/2026:03:12:07 +0000] "GET /healthz HTTP/1.1" 404 153 {CHECKER} "-"'] * 5,
    path="/healthz",
)
unhealthy(
    "Rails has no such route",
    PATH,
    "* Listening on http://0.0.0.0:80",
    'I, [2026-11-27T03:12:07.123456 #1]  INFO -- : [5e0f] Started GET "/health" for 172.26.8.10 at 2026-11-27',
    "F, [2026-11-27T03:12:07.125456 #1] FATAL -- : [5e0f] ActionController::RoutingError (No route matches [GET]"
    ' "/health"):',
    path="/health",
)
unhealthy(
    "morgan's 404", PATH, "Server listening on port 80", *["GET /healthz 404 2.153 ms - 147"] * 5, path="/healthz"
)
unhealthy(
    "gin's 404",
    PATH,
    *['[GIN] 2026/11/27 - 03:12:07 | 404 |       1.033µs |     172.26.8.10 | GET      "/health"'] * 5,
    path="/health",
)
unhealthy(
    "Fastify's 404",
    PATH,
    '{"level":30,"time":1764213127000,"pid":1,"msg":"Server listening at http://0.0.0.0:80"}',
    '{"level":30,"time":1764213130000,"pid":1,"reqId":"req-1","msg":"Route GET:/healthz not found"}',
    '{"level":30,"time":1764213130002,"pid":1,"reqId":"req-1","res":{"statusCode":404},"msg":"request completed"}',
    path="/healthz",
)
unhealthy(
    "a redirect to https",
    PATH,
    *[f'172.26.8.10 - - [27/Nov/2026:03:12:07 +0000] "GET / HTTP/1.1" 301 0 {CHECKER}'] * 5,
    codes="200",
)
unhealthy(
    "a sign-in in front of everything",
    PATH,
    *[f'172.26.8.10 - - [27/Nov/2026:03:12:07 +0000] "GET / HTTP/1.1" 401 12 {CHECKER}'] * 5,
)
unhealthy(
    "Django doesn't know the host",
    HOST,
    *[
        "Invalid HTTP_HOST header: '172.26.8.10'. You may need to add '172.26.8.10' to ALLOWED_HOSTS.",
        "Bad Request: /",
        f'172.26.8.10 - - [27/Nov/2026:03:12:07 +0000] "GET / HTTP/1.1" 400 143 {CHECKER}',
    ]
    * 3,
)
unhealthy(
    "Apache forbids",
    PATH,
    "AH00094: Command line: 'apache2 -D FOREGROUND'",
    *[f'172.26.8.10 - - [27/Nov/2026:03:12:07 +0000] "GET / HTTP/1.1" 403 199 {CHECKER}'] * 5,
)
unhealthy("Ktor's 404", PATH, *["INFO  ktor.application - 404 Not Found: GET - /health in 3ms"] * 5, path="/health")
unhealthy(
    "Mojolicious answers 404",
    PATH,
    *[
        '[2026-11-27 03:12:07.10001] [1] [trace] [Qp7x1c4P8wXr] GET "/health"',
        "[2026-11-27 03:12:07.10350] [1] [trace] [Qp7x1c4P8wXr] 404 Not Found (0.003345s, 298.954/s)",
    ]
    * 3,
    path="/health",
)
unhealthy(
    "Play doesn't know the host",
    HOST,
    "INFO  play.core.server.AkkaHttpServer  Listening for HTTP on /[0:0:0:0:0:0:0:0]:80",
    *["WARN  p.filters.hosts.AllowedHostsFilter  Host not allowed: 172.26.9.12:80 in request: /"] * 5,
)
unhealthy(
    "Go expects TLS",
    PATH,
    *["http: TLS handshake error from 172.26.8.10:41200: client sent an HTTP request to an HTTPS server"] * 5,
)
# A failing program.
STATUS = "health.status"
REFUSED = (
    "2026/11/27 03:12:07 [error] 29#29: *1 connect() failed (111: Connection refused) while connecting to upstream,"
    ' client: 172.26.8.10, server: , request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:3000/"'
)
unhealthy(
    "nginx's upstream refuses",
    STATUS,
    *[
        REFUSED,
        f'172.26.8.10 - - [27/Nov/2026:03:12:07 +0000] "GET / HTTP/1.1" 502 157 {CHECKER}',
    ]
    * 3,
)
unhealthy(
    "php-fpm answers 500",
    STATUS,
    "[27-Nov-2026 03:12:01] NOTICE: ready to handle connections",
    *['172.26.8.10 -  27/Nov/2026:03:12:07 +0000 "GET /index.php" 500'] * 5,
)
unhealthy(
    "actuator answers 503",
    STATUS,
    *[f'172.26.8.10 - - [27/Nov/2026:03:12:07 +0000] "GET /actuator/health HTTP/1.1" 503 61 {CHECKER}'] * 5,
    path="/actuator/health",
)
unhealthy(
    "Daphne's own address",
    "health.localhost",
    "2026-11-28 10:01:02,114 INFO     Starting server at tcp:port=8000:interface=127.0.0.1",
    "2026-11-28 10:01:02,116 INFO     Listening on TCP address 127.0.0.1:8000",
    port=8000,
)
unhealthy(
    "Rails doesn't know the host, and logs no request",
    HOST,
    "* Listening on http://0.0.0.0:80",
    "[ActionDispatch::HostAuthorization::DefaultResponseApp] Blocked hosts: 172.26.4.5:80",
)
# Slow, or nothing to be seen.
SLOW = "container.took_too_long"
unhealthy(
    "php-fpm alone, which speaks no HTTP",
    SLOW,
    "[27-Nov-2026 03:12:07] NOTICE: fpm is running, pid 1",
    "[27-Nov-2026 03:12:07] NOTICE: ready to handle connections",
)
unhealthy(
    "Spring is still starting",
    SLOW,
    "2026-11-27T03:12:07.412Z  INFO 1 --- [shop] [main] com.example.ShopApplication : Starting ShopApplication v1.4",
    "2026-11-27T03:12:31.001Z  INFO 1 --- [main] com.zaxxer.hikari.HikariDataSource : HikariPool-1 - Starting...",
    "2026-11-27T03:14:02.907Z  INFO 1 --- [shop] [main] o.h.e.t.j.p.i.JtaPlatformInitiator : HHH000489: No JTA",
)
unhealthy(
    "a migration that takes long",
    SLOW,
    "Running migrations:",
    "  Applying shop.0042_backfill_orders...",
)
unhealthy(
    "it runs, and only warns",
    SLOW,
    "info: Microsoft.Hosting.Lifetime[14]",
    "      Now listening on: http://[::]:80",
    "warn: Microsoft.AspNetCore.HttpsPolicy.HttpsRedirectionMiddleware[3]",
    "      Failed to determine the https port for redirect.",
)
unhealthy(
    "it does without a variable",
    SLOW,
    "level=info msg=listening addr=:80",
    'level=warn msg="tracing disabled: OTEL_EXPORTER_OTLP_ENDPOINT not set"',
)
unhealthy(
    "it tries again, and says so before the error",
    SLOW,
    *[
        "[Nest] 31  - 01/18/2026, 3:42:11 PM   ERROR [TypeOrmModule] Unable to connect to the database. Retrying (2)...",
        "MongoServerSelectionError: connect ECONNREFUSED 127.0.0.1:27017",
        "    at Timeout._onTimeout (/app/node_modules/mongodb/lib/sdam/topology.js:293:38)",
    ]
    * 2,
)
unhealthy(
    "a watcher waits after the program's crash",
    "container.exited",
    "[nodemon] starting `node ./bin/www`",
    "App running on port 3000!",
    "            triggerUncaughtException(err, true /* fromPromise */);",
    "Error: connect ECONNREFUSED 172.22.0.2:5432",
    "[nodemon] app crashed - waiting for file changes before starting...",
)
