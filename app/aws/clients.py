"""The SDK's clients of one connection: made when first needed, kept, shared by all threads; one way to call through them.

Must never write down or show a credential; the SDK's own chain finds and holds them.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.loaders import create_loader
from botocore.parsers import ResponseParserError
from botocore.session import Session

from app.aws.errors import CREDENTIAL_PROBLEMS, Call, TooLate, host_of, problem_of_aws, problem_of_sdk
from app.aws.ports import Answered
from app.errors import Problem

CONNECT_TIMEOUT: Final = 3.0  # seconds
READ_TIMEOUT: Final = 12.0
ATTEMPTS: Final = 3
# No attempt begins later than this after the call began, however long the SDK's rate limiter held it back: with the
# time-outs above a call ends within about a minute.
LAST_ATTEMPT_AFTER: Final = 30.0
# A policy that is written replaces whatever stands there, so what was merged into an older one must not be sent again
# unseen: the SDK tries these once, and no later than this. Whoever writes reads anew before each try.
SENT_ONCE: Final = frozenset({"SetRepositoryPolicy", "DeleteRepositoryPolicy"})
SENT_ONCE_WITHIN: Final = 5.0
# Credentials that failed are read again at most this often.
READ_AGAIN_AFTER: Final = 5.0
# The second and third are what the SDK lets through from outside its own tree: answers that cannot be read, and what
# comes of a broken configuration.
SDK_KINDS: Final = (BotoCoreError, ResponseParserError, ValueError, OSError, TooLate)
# As the AWS CLI and every other SDK read them; botocore alone knows only the second.
_REGION_VARIABLES: Final = {"region": ("region", ["AWS_REGION", "AWS_DEFAULT_REGION"], None, None)}


@dataclass(frozen=True)
class ConnectionSettings:
    """How an account is reached. All but `version` empty: as AWS's own variables and files say.

    `pool_size` is how many threads call through the connection at once. Timeouts are seconds of one attempt;
    `retry_mode` is the SDK's.
    """

    version: str
    profile: str | None = None
    endpoint_url: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    pool_size: int = 16
    connect_timeout: float = CONNECT_TIMEOUT
    read_timeout: float = READ_TIMEOUT
    retry_mode: str = "adaptive"


class CallMade(NamedTuple):
    """One call that was made; the SDK's own retries within it do not count."""

    service: str
    operation: str
    region: str


OnCall = Callable[[CallMade], None]


@dataclass
class _Epoch:
    """A session with its clients, thrown away together once its credentials have failed."""

    session: Session
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    failed_at: float | None = None
    error: Exception | None = None  # what kept us from having credentials at all


class Clients:
    """Clients per service and region.

    Args:
        settings: how the account is reached.
        on_call: told of every call as it is made, in the thread that makes it.
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
        # One for all sessions: it keeps the service models, which are slow to read.
        self._loader = create_loader(os.environ.get("AWS_DATA_PATH"))
        self._lock = threading.RLock()
        self._epoch: _Epoch | None = None
        self._calling = threading.local()

    def answer(self, call: Call, member: str, **arguments: Any) -> Answered[Mapping[str, Any]]:
        """Make one call and return the whole answer.

        Args:
            call: what is called, and what it is about.
            member: one that the answer has; without it and without AWS's request id it came from something else.
            arguments: as the SDK's model names them.

        Raises:
            Problem: for every refusal and failure.
        """
        patience = SENT_ONCE_WITHIN if call.operation in SENT_ONCE else LAST_ATTEMPT_AFTER
        self._calling.until = self._monotonic() + patience
        epoch: _Epoch | None = None
        try:
            epoch = self._current()
            client = self._client(epoch, call.service, call.region)
            answer = getattr(client, xform_name(call.operation))(**arguments)
        except ClientError as error:
            problem = problem_of_aws(error, call)
            self._note_failure(epoch, problem, None)
            raise problem from error
        except SDK_KINDS as error:
            problem = problem_of_sdk(error, call)
            self._note_failure(epoch, problem, error)
            raise problem from error
        request_id = answer.get("ResponseMetadata", {}).get("RequestId", "")
        if member in answer:
            return Answered(answer, request_id)
        if request_id and _is_list(client, call.operation, member):
            return Answered({**answer, member: []}, request_id)
        raise Problem("aws.not_aws", request_id=request_id, endpoint=host_of(client.meta.endpoint_url))

    def make(self, service: str, region: str) -> None:
        """Make a client ahead of its first call: the first of each service costs up to 0.2 s. Raises Problem."""
        try:
            self._client(self._current(), service, region)
        except SDK_KINDS as error:
            raise problem_of_sdk(error, Call(service, "", region)) from error

    def regions(self, service: str) -> tuple[str, ...]:
        """The regions that have a service, as the SDK knows them."""
        return tuple(self._session_only().get_available_regions(service))

    def default_region(self) -> str | None:
        """The region that profile and environment name. Raises Problem when the profile is missing or unreadable."""
        try:
            region = self._session_only().get_config_variable("region")
        except SDK_KINDS as error:
            raise problem_of_sdk(error, Call("", "", "")) from error
        return str(region) if region else None

    def _session_only(self) -> Session:
        with self._lock:
            return self._epoch.session if self._epoch is not None else self._begin().session

    def _current(self) -> _Epoch:
        """The epoch to call with; a new one if the credentials failed a while ago and may have been mended."""
        with self._lock:
            epoch = self._epoch
            if epoch is None or epoch.failed_at is None:
                return epoch or self._begin()
            if self._monotonic() - epoch.failed_at >= READ_AGAIN_AFTER:
                return self._begin()
            if epoch.error is not None:
                raise epoch.error.with_traceback(None)
            return epoch

    def _begin(self) -> _Epoch:
        session = Session(session_vars=_REGION_VARIABLES, profile=self._settings.profile)
        session.register_component("data_loader", self._loader)
        if self._settings.access_key is not None:
            settings = self._settings
            session.set_credentials(settings.access_key, settings.secret_key, settings.session_token)
        self._epoch = _Epoch(session)
        return self._epoch

    def _client(self, epoch: _Epoch, service: str, region: str) -> Any:
        client = epoch.clients.get((service, region))
        if client is None:
            # The SDK's clients are safe in threads, the making of them is not.
            with self._lock:
                client = epoch.clients.get((service, region)) or self._create(epoch, service, region)
                epoch.clients[service, region] = client
        return client

    def _create(self, epoch: _Epoch, service: str, region: str) -> Any:
        # A client made without credentials would never have any.
        if epoch.session.get_credentials() is None:
            raise NoCredentialsError
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
        client = epoch.session.create_client(
            service, region_name=region, endpoint_url=self._settings.endpoint_url, config=config
        )
        client.meta.events.register("before-call", self._count)
        client.meta.events.register_last("before-send", self._end_when_late)
        for operation in SENT_ONCE:
            client.meta.events.register_first(f"needs-retry.{service}.{operation}", _not_again)
        return client

    def _count(self, model: Any, context: Mapping[str, Any], **_: Any) -> None:
        if self._on_call is not None:
            service = model.service_model.service_name
            self._on_call(CallMade(service, model.name, context["client_region"]))

    def _end_when_late(self, **_: Any) -> None:
        if self._monotonic() > self._calling.until:
            raise TooLate

    def _note_failure(self, epoch: _Epoch | None, problem: Problem, error: Exception | None) -> None:
        """Remember that credentials failed, and whether there are none at all (then nobody need ask again soon)."""
        if problem.code in CREDENTIAL_PROBLEMS and epoch is not None and epoch.failed_at is None:
            epoch.failed_at, epoch.error = self._monotonic(), error


def _not_again(**_: Any) -> bool:
    """The SDK's first answer to whether it tries again is the one that counts."""
    return False


def _is_list(client: Any, operation: str, member: str) -> bool:
    """AWS may leave an empty list out of its answer."""
    shape = client.meta.service_model.operation_model(operation).output_shape.members[member]
    return bool(shape.type_name == "list")
