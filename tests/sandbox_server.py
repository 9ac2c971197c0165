"""Starts the sandbox for tests: in a thread of this process (fast), or as a process of its own (to be killed).

with start_sandbox(activation_seconds=0.2) as sandbox:
    boto3.client("ecr", endpoint_url=sandbox.url, …)
    sandbox.fault(action="ecr:SetRepositoryPolicy", kind="throttle", times=2)
    sandbox.calls("ecr:*")
"""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote, urlsplit

from app.sandbox.options import SandboxOptions
from app.sandbox.run import bind, server_for, url_of
from tests.fork_server import Process

ACCOUNT = "123456789012"
# What boto3 and the AWS client need, and nothing of the machine they run on.
AWS_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIDSANDBOX",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_PAGER": "",
}


@dataclass
class RunningSandbox:
    """A sandbox that serves at `url`; `process` is set when it is one of its own."""

    url: str
    process: subprocess.Popen[str] | None = None

    def control(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON answer of the control route; `path` is what follows `/_sandbox/`."""
        status, answer = self.try_control(method, path, body, **headers)
        assert status == 200, answer
        return answer

    def try_control(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        with contextlib.closing(connection):
            payload = None if body is None else json.dumps(body)
            connection.request(method, f"/_sandbox/{path}", payload, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null")

    def options(self, **changes: Any) -> dict[str, Any]:
        """Change options such as `activation_seconds`, `rate_limit`, `latency_ms`."""
        return self.control("PATCH", "options", changes)

    def advance(self, seconds: float) -> None:
        """Let time pass at once: what is activating or deploying gets on."""
        self.control("POST", "clock", {"advance": seconds})

    def reset(self, seed: str = "demo", **numbers: int) -> None:
        """Everything as at the start: data, faults, log; options stay."""
        self.control("POST", "reset", {"seed": seed, **numbers})

    def fault(self, **rule: Any) -> dict[str, Any]:
        """Put a fault in force: `kind`, `action`, `match`, `after`, `times`, …"""
        return self.control("POST", "faults", rule)

    def clear_faults(self) -> None:
        self.control("DELETE", "faults")

    def calls(self, action: str = "*", since: int = 0) -> list[dict[str, Any]]:
        """The logged calls of an action (with `*`), oldest first."""
        return [
            call for call in self.control("GET", f"calls?since={since}")["calls"] if fnmatchcase(call["action"], action)
        ]

    def clear_calls(self) -> None:
        self.control("DELETE", "calls")

    def policy(self, repository: str, region: str = "us-east-1", account: str = ACCOUNT) -> dict[str, Any]:
        """`policy` as it is kept (None: none), `writes` and `revisions`."""
        return self.control("GET", f"policies/{region}/{quote(repository)}?account={account}")

    def put_policy(self, repository: str, policy: Any, region: str = "us-east-1", account: str = ACCOUNT) -> None:
        """Write a policy unchecked as another writer: a document, any text, or None to delete."""
        body = {"policyText": policy} if isinstance(policy, str) else {"policy": policy}
        self.control("PUT", f"policies/{region}/{quote(repository)}?account={account}", body)

    def service(self, name: str, region: str = "us-east-1", account: str = ACCOUNT) -> dict[str, Any]:
        """The service as the API describes it, read past the API and so not logged."""
        every = self.control("GET", "services")["services"]
        where = (name, region, account)
        return next(s for s in every if (s["containerServiceName"], s["region"], s["account"]) == where)

    def change_service(self, name: str, region: str = "us-east-1", account: str = ACCOUNT, **changes: Any) -> None:
        """Force `state` (for `seconds`, or for good), or `privateRegistryAccess=False`."""
        self.control("PATCH", f"services/{region}/{name}?account={account}", changes)

    def kill_principal(self, arn: str) -> None:
        """From now on ECR finds no such principal, and policies that name it read back as its unique id."""
        self.control("POST", "principals", {"arn": arn, "exists": False})

    def close_account(self, account: str) -> None:
        """Close an account: ECR finds none of its principals any more, and policies still name it."""
        self.control("POST", "accounts", {"account": account, "exists": False})

    def organization(self, name: str, accounts: Any = (ACCOUNT,), policies: Any = (), manager: str = "") -> None:
        """Put accounts into an organization with these resource control policies on its root."""
        body = {"accounts": list(accounts), "policies": list(policies), "managementAccount": manager}
        self.control("PUT", f"organizations/{name}", body)

    def change_registry(self, region: str = "us-east-1", account: str = ACCOUNT, **changes: Any) -> dict[str, Any]:
        """Write a registry's `policy` unchecked as another writer (None deletes), or its `settings`."""
        return self.control("PATCH", f"registries/{region}?account={account}", changes)

    def add_behavior(self, **behavior: Any) -> None:
        """Say how containers run: `image`, `exit_code`, `lines`, `listens`, `paths`, …"""
        self.control("POST", "behaviors", behavior)

    def add_image(self, repository: str, region: str = "us-east-1", **image: Any) -> dict[str, Any]:
        """Push an image (`tags`, `platforms`), or an artifact `about` one."""
        return self.control("POST", f"images/{region}/{quote(repository)}", image)

    def store_image(self, service: str, label: str, region: str = "us-east-1") -> str:
        """Push an image to a service itself; return its name, as `:service.label.1`."""
        return self.control("POST", f"services/{region}/{service}/images", {"label": label})["image"]

    def break_key(self, repository: str, region: str = "us-east-1") -> None:
        """Disable the repository's KMS key, or revoke ECR's grant on it: nothing in it can be pulled or pushed."""
        self.control("PATCH", f"keys/{region}/{quote(repository)}", {"usable": False})

    def deployments(self, service: str, region: str = "us-east-1") -> list[dict[str, Any]]:
        """Return a service's deployments, newest first, each with the `cause` that no API returns."""
        return self.control("GET", f"services/{region}/{service}/deployments")["deployments"]

    def update_stack(self, service: str, properties: Any, region: str = "us-east-1", stack: str = "web") -> None:
        """Play a CloudFormation stack's update of the service."""
        body = {"stack": stack, "properties": properties}
        self.control("POST", f"services/{region}/{service}/stack-update", body)

    def client_as(self, principal: str, service: str = "ecr", region: str = "us-east-1", **context: Any) -> Any:
        """A boto3 client that calls as a user or role, whatever account that is of.

        `context` changes condition keys of its requests, with `__` for the colon: `aws__SourceIp="192.0.2.1"`.
        """
        import boto3  # noqa: PLC0415  (as in `client`)
        from botocore.config import Config  # noqa: PLC0415  (as above)

        values = {name.replace("__", ":"): value for name, value in context.items()}
        keys = self.control("POST", "credentials", {"principal": principal, "context": values})
        session = boto3.session.Session(
            keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"], region_name=region
        )
        return session.client(service, endpoint_url=self.url, config=Config(retries={"total_max_attempts": 1}))

    def client(self, service: str, region: str = "us-east-1", account: str = ACCOUNT, **config: Any) -> Any:
        """A boto3 client with fake keys that calls this sandbox; `config` is botocore's."""
        import boto3  # noqa: PLC0415  (a test that needs no client does not wait for it)
        from botocore.config import Config  # noqa: PLC0415  (as above)

        session = boto3.session.Session(f"AKID{account}", "sandbox", region_name=region)
        return session.client(
            service, endpoint_url=self.url, config=Config(**{"retries": {"total_max_attempts": 1}, **config})
        )


@contextlib.contextmanager
def start_sandbox(**options: Any) -> Iterator[RunningSandbox]:
    """A sandbox on a free port in a thread of this process; options are those of SandboxOptions."""
    quick = {"activation_seconds": 0.05, "principal_seconds": 0.05, "deployment_seconds": 0.05, "port": 0}
    listener = bind("127.0.0.1", 0)
    ready = threading.Event()
    server = server_for(SandboxOptions(**{**quick, **options}), ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        assert ready.wait(10), "the sandbox did not get ready"
        yield RunningSandbox(url_of(listener))
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


PROCESS = """
import json, pathlib, sys
from app.sandbox.options import SandboxOptions
from app.sandbox.run import run
options = json.loads(sys.argv[1])
if options.get("state_file"):
    options["state_file"] = pathlib.Path(options["state_file"])
sys.exit(run(SandboxOptions(**options)))
"""


@contextlib.contextmanager
def start_sandbox_process(**options: Any) -> Iterator[RunningSandbox]:
    """Yield a sandbox in a separate process, which ends with this one in any case."""
    wanted = {"activation_seconds": 0.2, "principal_seconds": 0.05, "deployment_seconds": 0.2, "port": 0, **options}
    command = [sys.executable, "-c", PROCESS, json.dumps({**wanted, "exit_with_parent": True}, default=str)]
    with Process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("Sandbox is ready: "), line
            yield RunningSandbox(line.removeprefix("Sandbox is ready: ").strip(), process)
        finally:
            process.terminate()
            process.wait(10)
