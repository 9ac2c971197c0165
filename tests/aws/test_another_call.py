"""A whole answer of AWS to another call than this one is not believed, and its connection is not used again."""

from __future__ import annotations

import http.server
import json
import threading

import pytest

from app.aws.session import BotoAws
from tests.aws.connections import connection, once, problem_of, problem_or_none
from tests.build import REGION, a_policy, a_statement
from tests.sandbox_server import ACCOUNT

__all__ = ["once"]

POLICY = a_policy([a_statement()])
OTHER = a_policy([a_statement(sid="Other")])


class Scripted:
    """Answers each request with the next of its bodies, and counts the connections that it was asked on."""

    def __init__(self) -> None:
        self.bodies: list[dict] = []
        self.connections: set[tuple] = set()


@pytest.fixture
def scripted(once):
    script = Scripted()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            script.connections.add(self.client_address)
            body = json.dumps(script.bodies.pop(0)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        script.aws = connection(f"http://127.0.0.1:{server.server_port}")
        yield script
        server.shutdown()
        thread.join()


OF_WEB = {"registryId": ACCOUNT, "repositoryName": "web", "policyText": POLICY}
OF_API = {**OF_WEB, "repositoryName": "api", "policyText": OTHER}
OF_REGISTRY = {"registryId": ACCOUNT, "policyText": OTHER}
WEB = {"repositoryName": "web", "repositoryArn": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/web"}
SHOP = {"containerServiceName": "shop", "state": "READY"}
BLOG = {"containerServiceName": "blog", "state": "READY"}
# Whole answers of AWS to another call than this one, and the true one.
OF_ANOTHER_CALL = {
    "the policy of another repository": ("get_policy", ["web"], OF_API, OF_WEB),
    "the registry's policy": ("get_policy", ["web"], OF_REGISTRY, OF_WEB),
    "a write of another repository": ("set_policy", ["web", POLICY], OF_API, OF_WEB),
    "a deletion of another policy": ("delete_policy", ["web"], OF_API, OF_WEB),
    "another repository": ("get_repository", ["api"], {"repositories": [WEB]}, {"repositories": []}),
    "images of another repository": (
        "images_page",
        ["", "web"],
        {"imageDetails": [{"repositoryName": "api", "imageDigest": "sha256:1"}]},
        {"imageDetails": [{"repositoryName": "web", "imageDigest": "sha256:1"}]},
    ),
    "services": ("get_service", ["shop"], {"containerServices": [BLOG]}, {"containerServices": [SHOP]}),
    "a repository's policy": ("registry", [], OF_WEB, OF_REGISTRY),
    "another setting": (
        "scope",
        [],
        {"name": "BASIC_SCAN_TYPE_VERSION", "value": "AWS_NATIVE"},
        {"name": "REGISTRY_POLICY_SCOPE", "value": "V2"},
    ),
}


def method(aws: BotoAws, name: str):
    if name in ("registry", "scope"):
        registry = aws.registry(REGION)
        return registry.get_policy if name == "registry" else registry.get_policy_scope
    holders = {"get_service": aws.services, "images_page": aws.pull_reads}
    holder = holders.get(name, aws.repositories)(REGION)
    return getattr(holder, name)


@pytest.mark.parametrize("case", OF_ANOTHER_CALL)
def test_a_whole_answer_to_another_call_is_not_believed_and_ends_its_connection(scripted, case):
    """What is in step again comes on a new connection: the old one may owe every answer that follows."""
    name, args, anothers, true = OF_ANOTHER_CALL[case]
    call = method(scripted.aws, name)
    scripted.bodies = [true, anothers, true]
    problem_or_none(call, *args)
    problem = problem_of(call, *args)
    assert (problem.code, problem.retryable, problem.effect_unknown) == ("aws.bad_answer", True, True)
    problem_or_none(call, *args)
    assert len(scripted.connections) == 2


def test_a_member_that_aws_adds_to_its_answers_is_no_other_call(scripted):
    scripted.bodies = [{**OF_WEB, "policyRevision": "7"}]
    assert json.loads(scripted.aws.repositories(REGION).get_policy("web").value) == json.loads(POLICY)
