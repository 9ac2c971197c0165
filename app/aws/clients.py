"""The SDK's clients of one connection: created when first needed, kept, shared by all threads; one way to call them.

Writes and shows no credential; the SDK's own chain finds and holds them.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import boto3.session
from botocore import xform_name
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError
from botocore.loaders import create_loader
from botocore.session import Session

from app.aws.credentials import CredentialSource, SessionCredentials
from app.aws.errors import Call, problem_of_aws
from app.aws.exchange import Exchange, bound_connections, carrying, clean_request_id, send
from app.aws.local_setup import broken_setting, check_certificates, configured_endpoint, missing_endpoint
from app.aws.ports import Answered
from app.aws.regions import region_problem
from app.aws.unanswered import host_of, problem_of_sdk
from app.errors import Problem

CONNECT_TIMEOUT: Final = 3.0  # seconds
READ_TIMEOUT: Final = 12.0  # from an attempt's first byte to the answer's last
ATTEMPTS: Final = 3
# A call ends within this time, whatever happens to its attempts.
CALL_TIMEOUT: Final = 30.0
# A policy that is written replaces whatever stands there, so what was merged into an older one must not be sent again
# unseen; a deployment that is sent again is another deployment. The SDK tries these once, and sends nothing later than
# this. Callers read the current state before each try.
SENT_ONCE: Final = frozenset({"SetRepositoryPolicy", "DeleteRepositoryPolicy", "CreateContainerServiceDeployment"})
SENT_ONCE_WITHIN: Final = 5.0
# Failed credentials are reloaded at most this often.
READ_AGAIN_AFTER: Final = 3.0
# In the order of the AWS CLI and the other SDKs; botocore reads only the second.
_REGION_VARIABLES: Final = {"region": ("region", ["AWS_REGION", "AWS_DEFAULT_REGION"], None, None)}
# AWS refused these credentials: they may have been renewed since they were loaded.
_REFUSED: Final = frozenset({"aws.expired_token", "aws.bad_credentials"})
# Problems with settings or credentials: no call is made again before they may have been fixed.
OF_THE_SESSION: Final = frozenset(
    {
        *_REFUSED,
        "aws.bad_config",
        "aws.bad_config_file",
        "aws.bad_setting",
        "aws.ca_missing",
        "aws.ca_unusable",
        "aws.credentials_refused",
        "aws.credentials_unavailable",
        "aws.malformed_credentials",
        "aws.mfa_needed",
        "aws.no_credentials",
        "aws.no_profile",
        "aws.partial_credentials",
        "aws.role_duration",
        "aws.role_refused",
        "aws.sign_in_expired",
    }
)
# What an endpoint's name that does not exist may resolve to.
_OF_THE_ENDPOINT: Final = frozenset({"aws.unreachable", "aws.unknown_region"})


@dataclass(frozen=True)
class ConnectionSettings:
    """How an account is reached. Empty values (all but `version` may be): AWS's own variables and files apply.

    `pool_size` is how many threads call through the connection at once. Timeouts are seconds: of connecting, and of
    one attempt from its first byte to the answer's last; `retry_mode` is the SDK's.
    """

    version: str
    profile: str | None = None
    endpoint_url: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    pool_size: int = 20
    connect_timeout: float = CONNECT_TIMEOUT
    read_timeout: float = READ_TIMEOUT
    retry_mode: str = "adaptive"


class CallMade(NamedTuple):
    """One call; the SDK's own retries within it do not count."""

    service: str
    operation: str
    region: str


OnCall = Callable[[CallMade], None]


@dataclass
class _Epoch:
    """A session with its credentials and clients, discarded together once its settings or credentials have failed."""

    session: Session
    credentials: SessionCredentials
    sdk: boto3.session.Session | None = None
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    failed_at: float | None = None
    failure: Problem | None = None  # why no call can be made at all
    compared_at: float = float("-inf")  # when its credentials were last compared with their source's


class Clients:
    """Clients per service and region.

    Args:
        settings: how the account is reached.
        on_call: called for every call, in the thread that makes it.
        monotonic: seconds, never set back.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        on_call: OnCall | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._on_call = on_call
        self._monotonic = monotonic
        # Shared by all sessions: it keeps the service models, which are slow to read.
        self._loader = create_loader(os.environ.get("AWS_DATA_PATH"))
        self._lock = threading.RLock()
        self._epoch: _Epoch | None = None

    def answer(self, call: Call, member: str, **arguments: Any) -> Answered[Mapping[str, Any]]:
        """Make one call and return the whole answer.

        Args:
            call: what is called, and what it is about.
            member: a required member of the answer; without it the answer came from something else.
            arguments: as the SDK's model names them.

        Raises:
            Problem: for every refusal and failure; its `effect_unknown` says whether the call may have taken effect.
        """
        until = self._monotonic() + (SENT_ONCE_WITHIN if call.operation in SENT_ONCE else CALL_TIMEOUT)
        epoch = self._current()
        ready = self._ready(epoch, call)
        try:
            return self._answer(epoch, ready, call, member, arguments, until)
        except Problem as problem:
            if problem.code not in _REFUSED or not self._renewed(epoch, call):
                raise
        return self._answer(epoch, self._ready(epoch, call), call, member, arguments, until)

    def regions(self, service: str) -> tuple[str, ...]:
        """Return the regions that have a service, according to the SDK."""
        return tuple(self._any_session().get_available_regions(service))

    def region_problem(self, region: str) -> Problem | None:
        """Return why a region cannot be used, according to the SDK's data; None if Lightsail is offered there."""
        return region_problem(region, self._loader.load_data("endpoints"))

    def default_region(self) -> str | None:
        """Return the region from profile and environment. Raises Problem when the profile is missing or unreadable."""
        return self._setting(lambda session: session.get_config_variable("region")) or None

    def endpoint(self, service: str) -> str:
        """Return the endpoint URL in the settings for a service, "" for AWS's own. Raises Problem."""
        return self._settings.endpoint_url or self._setting(lambda session: configured_endpoint(session, service))

    def credential_source(self, region: str) -> CredentialSource:
        """Return where the credentials come from. Raises Problem if there are none."""
        return self._current().credentials.source(region)

    def _setting(self, read: Callable[[Session], Any]) -> str:
        try:
            return str(read(self._any_session()) or "")
        except Exception as error:  # noqa: BLE001  (settings come from outside; no Problem may hold their text)
            problem = problem_of_sdk(error, Call("", "", ""), unforeseen="aws.bad_config")
        raise problem

    def _answer(  # noqa: PLR0917  (a call, and what it is made with)
        self,
        epoch: _Epoch,
        ready: tuple[Any, ReadOnlyCredentials],
        call: Call,
        member: str,
        arguments: Mapping[str, Any],
        until: float,
    ) -> Answered[Mapping[str, Any]]:
        client, frozen = ready
        exchange = Exchange(self._monotonic, until, self._monotonic() + CALL_TIMEOUT, self._settings.read_timeout)
        with carrying(exchange):
            answer, problem = self._call(client, call, arguments, secrets=[value for value in frozen[:3] if value])
        if problem is None and member not in answer:
            problem = _unusable(call, answer)
        if problem is not None:
            problem.params["endpoint"] = _host(problem, call, client)
            problem = self._explained(epoch, call, problem)
            problem.effect_unknown = exchange.effect_unknown
            raise problem
        return Answered(answer, clean_request_id(answer["ResponseMetadata"].get("RequestId")))

    def _ready(self, epoch: _Epoch, call: Call) -> tuple[Any, ReadOnlyCredentials]:
        """Return a client, and the credentials that it uses in this thread. Raises Problem."""
        frozen = self._load(epoch, call)
        try:
            return self._client(epoch, call), frozen
        except Problem as problem:
            self._give_up(epoch, problem)
            raise

    def _call(
        self, client: Any, call: Call, arguments: Mapping[str, Any], secrets: list[str]
    ) -> tuple[Any, Problem | None]:
        """Return the SDK's answer or the problem; never raise, so that no traceback leads to the SDK's text."""
        try:
            return getattr(client, xform_name(call.operation))(**arguments), None
        except ClientError as error:
            return None, problem_of_aws(error, call, secrets)
        except Exception as error:  # noqa: BLE001  (the SDK may raise anything; it ends here)
            return None, problem_of_sdk(error, call)

    def _explained(self, epoch: _Epoch, call: Call, problem: Problem) -> Problem:
        """Return the problem, or its cause if that is an endpoint that AWS does not have."""
        if problem.code not in _OF_THE_ENDPOINT:
            return problem
        if not (self._settings.endpoint_url or configured_endpoint(epoch.session, call.service)):
            reason = missing_endpoint(epoch.session, call.service, call.region) or self.region_problem(call.region)
            if reason is not None and (call.service == "lightsail" or reason.code != "aws.no_lightsail"):
                return reason
        return (
            Problem("aws.bad_config", aws_code=problem.aws_code, answer=problem.aws_code)
            if problem.code == "aws.unknown_region"
            else problem
        )

    def _any_session(self) -> Session:
        with self._lock:
            return (self._epoch or self._begin()).session

    def _current(self) -> _Epoch:
        """Return the epoch to call with; a new one if settings or credentials failed a while ago and may work now."""
        with self._lock:
            epoch = self._epoch
            if epoch is None or epoch.failed_at is None:
                return epoch or self._begin()
            if self._monotonic() - epoch.failed_at >= READ_AGAIN_AFTER:
                return self._begin()
            if epoch.failure is not None:
                raise Problem.from_json(epoch.failure.to_json())
            return epoch

    def _renewed(self, epoch: _Epoch, call: Call) -> bool:
        """Return whether the credentials differ by now from those that AWS refused in this thread.

        Raises:
            Problem: why the source gives none.
        """
        refused, now = epoch.credentials.present()[:3], self._monotonic()
        with self._lock:
            due = now - epoch.compared_at >= READ_AGAIN_AFTER
            epoch.compared_at = now if due else epoch.compared_at
        if due:
            other = self._new_epoch()
            try:
                fresh = self._load(other, call)
            except Problem as problem:
                self._give_up(epoch, problem)
                raise
            if fresh[:3] != refused:
                epoch.credentials.adopt(other.credentials)
        return bool(self._load(epoch, call)[:3] != refused)

    def _load(self, epoch: _Epoch, call: Call) -> ReadOnlyCredentials:
        """Return the credentials for this thread's calls. Raises Problem; one that affects every call is remembered."""
        try:
            return epoch.credentials.load(call.region)
        except Problem as problem:
            self._give_up(epoch, problem)
            raise

    def _begin(self) -> _Epoch:
        self._epoch = self._new_epoch()
        return self._epoch

    def _new_epoch(self) -> _Epoch:
        settings = self._settings
        session = Session(session_vars=_REGION_VARIABLES, profile=settings.profile)
        session.register_component("data_loader", self._loader)
        # For the calls that sources of credentials make themselves.
        timeouts = {"connect_timeout": settings.connect_timeout, "read_timeout": settings.read_timeout}
        session.set_default_client_config(Config(**timeouts, retries={"mode": "standard", "total_max_attempts": 2}))
        credentials = SessionCredentials(session, settings.read_timeout)
        if settings.access_key is not None:
            credentials.use(settings.access_key, settings.secret_key, settings.session_token)
        session.register_component("credential_provider", credentials.provider())
        return _Epoch(session, credentials)

    def _client(self, epoch: _Epoch, call: Call) -> Any:
        client = epoch.clients.get((call.service, call.region))
        if client is not None:
            return client
        problem = None
        # The SDK's clients are thread-safe, creating them is not.
        with self._lock:
            try:
                client = epoch.clients.get((call.service, call.region)) or self._create(epoch, call)
                epoch.clients[call.service, call.region] = client
            except Problem:
                raise
            except Exception as error:  # noqa: BLE001  (as in _setting)
                problem = problem_of_sdk(error, call, unforeseen="aws.bad_config")
        if problem is None:
            return client
        if problem.code == "aws.bad_config":
            problem = broken_setting(epoch.session) or problem
        raise self._explained(epoch, call, problem)

    def _create(self, epoch: _Epoch, call: Call) -> Any:
        check_certificates(epoch.session)
        config = Config(
            connect_timeout=self._settings.connect_timeout,
            read_timeout=self._settings.read_timeout,
            max_pool_connections=self._settings.pool_size,
            retries={
                "mode": self._settings.retry_mode,
                "total_max_attempts": epoch.session.get_config_variable("max_attempts") or ATTEMPTS,
            },
            user_agent_extra=f"sailpass/{self._settings.version}",
        )
        client = self._sdk(epoch).client(
            call.service, region_name=call.region, endpoint_url=self._settings.endpoint_url, config=config
        )
        client.meta.events.register("before-call", self._count)
        for operation in SENT_ONCE:
            client.meta.events.register_first(f"needs-retry.{call.service}.{operation}", _not_again)
        _send_by_ourselves(client)
        return client

    def _sdk(self, epoch: _Epoch) -> boto3.session.Session:
        if epoch.sdk is None:
            # boto3 adds its own folder to the loader it gets: the shared one would grow with every epoch.
            epoch.session.register_component("data_loader", create_loader())
            epoch.sdk = boto3.session.Session(botocore_session=epoch.session)
            epoch.session.register_component("data_loader", self._loader)
        return epoch.sdk

    def _count(self, model: Any, context: Mapping[str, Any], **_: Any) -> None:
        if self._on_call is not None:
            service = model.service_model.service_name
            self._on_call(CallMade(service, model.name, context["client_region"]))

    def _give_up(self, epoch: _Epoch, problem: Problem) -> None:
        """After a problem that affects every call, reload settings and credentials soon, and call nothing before."""
        if problem.code not in OF_THE_SESSION and problem.code != "aws.credentials_slow":
            return
        with self._lock:
            if epoch.failed_at is None:
                # A slow source may hang forever, or have answered by the next call.
                epoch.failure = problem if problem.code in OF_THE_SESSION else None
                epoch.failed_at = self._monotonic()


def _send_by_ourselves(client: Any) -> None:
    """Send each attempt of a client with `app.aws.exchange`, after the SDK's other handlers."""
    http = client._endpoint.http_session  # noqa: SLF001  (there is no public access)
    bound_connections(http)

    def attempt(request: Any, event_name: str, **_: Any) -> Any:
        return send(http, request, client.meta.service_model.operation_model(event_name.rpartition(".")[2]))

    client.meta.events.register_last("before-send", attempt)


def _host(problem: Problem, call: Call, client: Any) -> str:
    """Return which host answered or should have: the endpoint's, if no proxy is named."""
    named = str(problem.params.get("endpoint", ""))
    return host_of(client.meta.endpoint_url) if named in ("", call.service) else named


def _unusable(call: Call, answer: Mapping[str, Any]) -> Problem:
    request_id = clean_request_id(answer.get("ResponseMetadata", {}).get("RequestId"))
    return Problem("aws.bad_answer", retryable=True, request_id=request_id, action=call.action, region=call.region)


def _not_again(**_: Any) -> bool:
    """Return False: the SDK takes the first handler's answer to whether it retries."""
    return False
