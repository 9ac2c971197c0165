"""How servers of many kinds log the health check's requests."""

from __future__ import annotations

import json
import time

import pytest

from app.diagnosis.log_evidence import Reason
from app.diagnosis.log_requests import requests_in
from tests.diagnosis.test_log_evidence import seen

CASES = [
    (
        Reason.QUIET,  # it isn't available because it still starts
        [
            "2026-11-27 03:12:07,412 INFO db.setup :: Setting up and migrating Metabase DB. Please sit tight, this may take a minute...",
            "2026-11-27 03:12:37,019 ERROR middleware.log :: GET /healthz 503 2.1 ms (0 DB calls)",
            '{:status "initializing", :progress 0.3}',
        ],
    ),
    (
        Reason.HEALTH_STATUS,
        [
            "ERROR db: connection refused: 10.0.0.9:5432",
            "initializing",
            '"GET /healthz HTTP/1.1" 503 12 "ELB-HealthChecker/2.0"',
        ],
    ),
    (Reason.HEALTH_PATH, ["261127/031207.120, [response] http://5f1c:80: get /healthz {} 404 (3ms)"] * 4),
    (
        Reason.HEALTH_PATH,
        [
            '{"ClientAddr":"172.26.8.10:4120","ClientHost":"172.26.8.10","DownstreamStatus":404,"Duration":41210,"RequestMethod":"GET","RequestPath":"/healthz","RequestProtocol":"HTTP/1.1","level":"info","msg":"","time":"2026-11-27T03:12:07Z"}'
        ]
        * 2,
    ),
    (
        Reason.HEALTH_PATH,
        [
            '{"time_local":"27/Nov/2026:03:12:07 +0000","remote_addr":"172.26.8.10","request":"GET /healthz HTTP/1.1","status": "404","body_bytes_sent":"162","http_user_agent":"ELB-HealthChecker/2.0"}'
        ]
        * 2,
    ),
    (
        Reason.HEALTH_PATH,
        [
            '[2026-11-27 03:12:07 +0000] [8] [INFO] 172.26.8.10:41200 - - [27/Nov/2026:03:12:07 +0000] "GET /healthz 1.1" 404 22 "-" "ELB-HealthChecker/2.0"'
        ]
        * 2,
    ),
    (
        Reason.HEALTH_PATH,
        ["2026-11-27 03:12:07 172.26.3.4 GET /healthz - 80 - 172.26.8.10 ELB-HealthChecker/2.0 - 404 0 2 15"] * 2,
    ),
    (
        Reason.HEALTH_PATH,
        [
            '172.26.8.10:41200 [27/Nov/2026:03:12:07.120] http-in app/app1 0/0/1/2/3 404 190 - - ---- 1/1/0/0/0 0/0 "GET /healthz HTTP/1.1"'
        ]
        * 2,
    ),
    (
        Reason.HEALTH_PATH,
        [
            '[2026-11-27T03:12:07.120331+00:00] request.ERROR: Uncaught PHP Exception Symfony\\Component\\HttpKernel\\Exception\\NotFoundHttpException: "No route found for "GET http://172.26.3.4/healthz"" at RouterListener.php line 156 {"exception":"[object]"} []'
        ]
        * 2,
    ),
    (
        Reason.HEALTH_PATH,
        [
            "03:12:07.412 request_id=F8x [info] GET /healthz",
            "03:12:07.413 request_id=F8x [debug] ** (Phoenix.Router.NoRouteError) no route found for GET /healthz (ShopWeb.Router)",
        ],
    ),
    (
        Reason.HEALTH_PATH,
        [
            "   INFO  Server running on [http://0.0.0.0:80].  ",
            "[Fri Nov 27 03:12:07 2026] 172.26.8.10:41200 [404]: GET /healthz - No such file or directory",
        ],
    ),
    (
        Reason.HEALTH_STATUS,
        [
            "2026-11-27T03:12:07.120Z ERROR request{method=GET uri=/healthz version=HTTP/1.1}: tower_http::trace::on_failure: response failed classification=Status code: 500 Internal Server Error latency=2 ms"
        ]
        * 2,
    ),
    (
        Reason.HEALTH_PATH,
        [
            "[pid: 9|app: 0|req: 3/3] 172.26.8.10 () {28 vars in 330 bytes} [Fri Nov 27 03:12:07 2026] GET /healthz => generated 179 bytes in 2 msecs (HTTP/1.1 404) 5 headers in 160 bytes (1 switches on core 0)"
        ]
        * 2,
    ),
    (Reason.HEALTH_PATH, ["[03:12:07 INF] HTTP GET /healthz responded 404 in 0.4123 ms"] * 2),
    (
        Reason.HEALTH_PATH,
        ["[I] router: completed GET /healthz for 172.26.9.1:0, 404 Not Found in 1.2ms @ goget.go"] * 2,
    ),
    (Reason.HEALTH_PATH, ["WARNING:tornado.access:404 GET /healthz (172.26.8.10) 0.41ms"] * 2),
    (
        Reason.HEALTH_PATH,
        ["[2026-11-27 03:12:07 +0000] - (sanic.access)[INFO][172.26.8.10:4120]: GET http://172.26.3.4/healthz  404 733"]
        * 2,
    ),
    (Reason.HEALTH_PATH, ["2026-11-27 03:12:07 INFO  access - GET /healthz took 2ms and returned 404"] * 2),
    (
        Reason.HEALTH_STATUS,
        [
            '{"remote_ip":"172.26.8.10","request_id":"-","response_code":502,"request_method":"GET","request_path":"/healthz","request_querystring":"","response_time":"12ms"}'
        ]
        * 2,
    ),
    (
        Reason.HEALTH_PATH,
        [
            '{"timestamp":"2026-11-27T03:12:07Z","level":"INFO","fields":{"message":"finished processing request","latency":"0 ms","status":404},"target":"tower_http::trace::on_response","span":{"method":"GET","uri":"/healthz","version":"HTTP/1.1","name":"request"}}'
        ]
        * 2,
    ),
    (
        Reason.HEALTH_PATH,
        [
            '[2026-11-27T03:12:07.120Z] "GET /healthz HTTP/1.1" 404 NR route_not_found 0 0 0 - "-" "ELB-HealthChecker/2.0" "6d2f" "172.26.3.4" "-"'
        ]
        * 2,
    ),
    (
        Reason.HEALTH_PATH,
        [
            'level=info ts=2026-11-27T03:12:07Z msg="request complete" http_method=GET http_path=/healthz http_status=404 duration=1.1ms'
        ]
        * 2,
    ),
    (Reason.QUIET, ["listening on 0.0.0.0:80", "GET /metrics 200", "GET /metrics 200"]),
    (Reason.QUIET, ['10.0.0.9 -  27/Nov/2026:03:12:07 +0000 "GET /wp-login.php" 404'] * 2),  # not the health check's
    (Reason.HEALTH_STATUS, ['10.0.0.9 -  27/Nov/2026:03:12:07 +0000 "GET /public/index.php" 500'] * 2),
    (
        Reason.QUIET,
        ['10.0.0.9 - - "GET /healthz HTTP/1.1" 499 0 "-" "ELB-HealthChecker/2.0"'] * 2,
    ),  # it stopped waiting
    (
        Reason.HEALTH_PATH,  # Mojolicious
        [
            '[2026-11-27 03:12:07.10001] [1] [trace] [Qp7x1c4P8wXr] GET "/healthz"',
            '[2026-11-27 03:12:07.10120] [1] [trace] [Qp7x1c4P8wXr] Template "not_found.html.ep" not found',
            "[2026-11-27 03:12:07.10350] [1] [trace] [Qp7x1c4P8wXr] 404 Not Found (0.003345s, 298.954/s)",
        ],
    ),
    (Reason.HEALTH_PATH, ["INFO  ktor.application - 404 Not Found: GET - /healthz in 3ms"] * 2),
    (Reason.HEALTH_STATUS, ["ERROR ktor.application - 500 Internal Server Error: GET - /healthz in 3ms"] * 2),
    (
        Reason.HEALTH_PATH,
        [
            "info <-- 172.26.9.4 requested 'GET /healthz'",
            "http <-- 404, user: null(172.26.9.4), req: 'GET /healthz', error: no such package available",
        ]
        * 2,
    ),
    (
        Reason.HEALTH_STATUS,
        [
            " error--- unexpected error: EACCES: permission denied, open '/verdaccio/storage/.verdaccio-db.json'",
            " http <-- 500, user: null(172.26.9.4), req: 'GET /healthz', error: internal server error",
        ]
        * 2,
    ),
    # Of servers that refuse a request before they look at its path: Django, Play, Symfony, ASP.NET, Sinatra, Jupyter,
    # Nextcloud, whatever they answer; Go
    (
        Reason.HEALTH_HOST,
        [
            "ERROR exception Invalid HTTP_HOST header: '172.26.9.12:80'. You may need to add '172.26.9.12' to ALLOWED_HOSTS."
        ]
        * 2,
    ),
    (Reason.HEALTH_HOST, ["WARN p.f.hosts.AllowedHostsFilter  Host not allowed: 172.26.9.12:9000 in request: /"] * 2),
    (
        Reason.HEALTH_HOST,
        [
            '[error] Uncaught PHP Exception Symfony\\BadRequestHttpException: "Untrusted Host "172.26.3.4"." at HttpKernel.php line 82',
            '172.26.4.8 - - [29/Nov/2026] "GET /healthz HTTP/1.1" 400 6602 "-" "ELB-HealthChecker/2.0"',
        ],
    ),
    (
        Reason.HEALTH_HOST,
        [
            "      The host '172.26.3.4:8080' does not match an allowed host.",
            "      Request finished HTTP/1.1 GET http://172.26.3.4:8080/healthz - 400 334 text/html 1.2ms",
        ],
    ),
    (
        Reason.HEALTH_HOST,
        [
            "W, [2026-11-29 #1]  WARN -- : attack prevented by Rack::Protection::HostAuthorization",
            '172.26.9.1 - - [29/Nov/2026] "GET /healthz HTTP/1.1" 403 18 0.0012',
        ],
    ),
    (
        Reason.HEALTH_HOST,
        [
            "[W ServerApp] Blocking request with non-local 'Host' 172.26.3.4 (172.26.3.4:8888). If the server should be accessible at that name, set ServerApp.local_hostnames to disable the check.",
            "[W ServerApp] 403 GET /healthz (@172.26.9.1) 1.11ms referer=None",
        ],
    ),
    (
        Reason.HEALTH_HOST,
        [
            '{"level":1,"url":"/healthz","message":"Trusted domain error. \\"172.26.9.1\\" tried to access using \\"172.26.3.4\\" as host."}'
        ],
    ),
    # Angular, Spring
    (
        Reason.HEALTH_HOST,
        [
            'ERROR: Bad Request ("http://172.26.3.4:4000/healthz").',
            'URL with hostname "172.26.3.4" is not allowed.',
            '172.26.9.1 - - [29/Nov/2026] "GET /healthz HTTP/1.1" 400 11 "-" "ELB-HealthChecker/2.0"',
        ],
    ),
    (
        Reason.HEALTH_HOST,
        [
            "RequestRejectedException: The request was rejected because the domain 172.26.3.4 is untrusted.",
            '172.26.9.1 - - [29/Nov/2026] "GET /healthz HTTP/1.1" 400 435',
        ],
    ),
    # A scanner was refused, and the health check fails for another reason
    (
        Reason.HEALTH_PATH,
        [
            "Invalid HTTP_HOST header: 'scan.example.com'. You may need to add 'scan.example.com' to ALLOWED_HOSTS.",
            '172.26.9.1 - - [29/Nov/2026] "GET /healthz HTTP/1.1" 404 18 "-" "ELB-HealthChecker/2.0"',
        ],
    ),
    # A database refuses the program
    (Reason.EXITED, ["ERROR 1130 (HY000): Host '172.26.3.4' is not allowed to connect to this MySQL server"] * 3),
    (
        Reason.HEALTH_PATH,
        [
            "http: TLS handshake error from 172.26.3.4:41200: client sent an HTTP request to an HTTPS server",
            "http: TLS handshake error from 172.26.3.4:41202: client sent an HTTP request to an HTTPS server",
        ],
    ),
]


@pytest.mark.parametrize("reason, lines", CASES, ids=lambda value: value[0][:60] if isinstance(value, list) else None)
def test_lines_show_a_reason(reason, lines):
    assert seen(*lines).reason is reason


def test_of_a_request_that_fails_the_line_that_says_why_is_quoted_too():
    failure = (
        "[error] 29#29: *1 connect() failed (111: Connection refused) while connecting to upstream, "
        'request: "GET /healthz HTTP/1.1"'
    )
    request = '"GET /healthz HTTP/1.1" 502 157 "-" "ELB-HealthChecker/2.0"'
    evidence = seen("start worker processes", *[failure, request] * 3)
    assert (evidence.reason, evidence.line, evidence.failure) == (Reason.HEALTH_STATUS, request, failure)
    assert seen("start worker processes", *[request] * 3).failure == ""
    assert seen(failure, *[request.replace("502", "404")] * 3).failure == ""


def test_of_a_request_on_two_lines_its_status_is_not_quoted_twice():
    lines = [
        '[8f2c] Started GET "/healthz" for 172.26.9.1',
        "[8f2c] ActiveRecord::PendingMigrationError (",
        "Migrations are pending. To resolve this issue, run:",
        "[8f2c] Completed 500 Internal Server Error in 9ms",
    ]
    evidence = seen(*lines)
    assert (evidence.line, evidence.failure) == (lines[3], lines[1])


def in_caddys_words(status, **headers):
    request = {"method": "GET", "host": "172.26.3.4", "uri": "/healthz", "headers": headers}
    return json.dumps({"level": "info", "msg": "handled request", "request": request, "status": status})


def test_a_status_behind_many_headers_is_read():
    assert seen(*[in_caddys_words(404, Cookie="x" * 1_000)] * 4).reason is Reason.HEALTH_PATH
    assert seen(*[in_caddys_words(503, Cookie="x" * 3_000)] * 4).reason is Reason.HEALTH_STATUS


def test_requests_whose_status_is_out_of_reach_are_no_restarts():
    assert seen(*[in_caddys_words(404, Cookie="x" * 9_000)] * 4).reason is Reason.QUIET


@pytest.mark.parametrize("text", ["GET /x ", "GET /x HTTP/1.1 ", "a=1 url=/x ", "GET /x status=x ", "404 ", "path"])
def test_a_line_takes_time_linear_in_its_length(text):
    def seconds(length):
        started = time.process_time()
        requests_in([(text * length)[:length]] * 100)
        return time.process_time() - started

    assert min(seconds(4_000) for _ in range(3)) < 5 * min(seconds(2_000) for _ in range(3)) + 0.01


def test_of_a_refused_host_the_line_that_names_it_is_quoted():
    refusal = "Invalid HTTP_HOST header: '172.26.9.12:80'. You may need to add '172.26.9.12' to ALLOWED_HOSTS."
    evidence = seen(refusal, "Bad Request: /healthz")
    assert (evidence.reason, evidence.line) == (Reason.HEALTH_HOST, refusal)


def test_of_a_long_line_the_refused_host_is_quoted():
    path = "/".join(["vendor"] * 20)
    assert (
        'Untrusted Host "172.26.3.4' in seen(f'[error] at {path}: Uncaught "Untrusted Host "172.26.3.4"." {path}').line
    )


def test_a_refused_host_is_no_cause_where_its_answers_count_as_healthy():
    refusal = "[ActionDispatch::HostAuthorization::DefaultResponseApp] Blocked hosts: 172.26.12.7:80"
    assert seen(refusal, health_check_codes="200-499").reason is Reason.QUIET
