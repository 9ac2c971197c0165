"""Credentials, loaded before each call from the configured source, so that a source's failure never looks like AWS's.

Sources are foreign code: programs, plug-ins, token files. Their output is not kept, logged or shown; only the kind of
failure is reported. Any exception they raise ends here.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.credentials import (
    CredentialResolver,
    Credentials,
    ProcessProvider,
    ProfileProviderBuilder,
    ReadOnlyCredentials,
    create_credential_resolver,
)
from botocore.exceptions import ClientError
from botocore.session import Session

from app.aws.causes import exhausted
from app.aws.errors import Call, problem_of_aws
from app.aws.unanswered import problem_of_sdk
from app.errors import Problem

PROCESS_SECONDS: Final = 20.0  # for a credential_process to print its keys
# Characters allowed in a request header, as in AWS's keys and tokens.
_SENDABLE: Final = re.compile(r"[!-~]+")
_ENVIRONMENT: Final = {
    "access_key": ("AWS_ACCESS_KEY_ID",),
    "secret_key": ("AWS_SECRET_ACCESS_KEY",),
    "token": ("AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"),
}
_IN_FILES: Final = {
    "access_key": "aws_access_key_id",
    "secret_key": "aws_secret_access_key",
    "token": "aws_session_token",
}
_ROLE_CALLS: Final = frozenset({"AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"})
# Refusals of the keys that are used to assume a role.
_OF_THE_KEYS: Final = frozenset({"aws.expired_token", "aws.bad_credentials", "aws.clock_wrong", "aws.region_disabled"})
_MISSING: Final = frozenset({"aws.no_credentials", "aws.no_profile", "aws.partial_credentials", "aws.bad_config"})
_TOO_LONG: Final = re.compile(r"DurationSeconds exceeds", re.IGNORECASE)

# They log a failing source's or a foreign answer's text, as warnings with tracebacks.
logging.getLogger("botocore").setLevel(logging.CRITICAL + 1)
logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)


class MfaPromptedError(Exception):
    """A source asked for an MFA code, which cannot be typed at a server."""


# The SDK's names of the sources in its chain, and their names for people.
_SOURCES: Final = {
    "env": "environment variables",
    "shared-credentials-file": "the shared credentials file",
    "config-file": "the configuration file",
    "assume-role": "an IAM role that the profile assumes",
    "assume-role-with-web-identity": "an IAM role, by a web identity token",
    "sso": "IAM Identity Center",
    "login": "AWS sign-in",
    "custom-process": "the profile's credential_process",
    "container-role": "the container's role",
    "iam-role": "the instance's role",
}


@dataclass(frozen=True)
class CredentialSource:
    """Where credentials came from. Holds none of them.

    `method` is the SDK's name of the source, `origin` its name for people, with variable or profile.
    """

    method: str
    origin: str
    profile: str


@dataclass
class SessionCredentials:
    """The credentials of one SDK session. Thread-safe: only one thread at a time queries the source.

    Args:
        session: the SDK's, with its settings.
        patience: seconds that a caller waits while another one queries the source.
    """

    session: Session
    patience: float
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _source: Credentials | None = None
    _frozen: threading.local = field(default_factory=threading.local)

    def use(self, access_key: str, secret_key: str | None, token: str | None) -> None:
        """Use these, and query no source."""
        self._source = Credentials(access_key, secret_key, token)

    def adopt(self, other: SessionCredentials) -> None:
        """Use the source of another session, which has read the settings since."""
        with self._lock:
            self.session, self._source = other.session, other._source

    def present(self) -> ReadOnlyCredentials:
        """Return what `load` returned last in this thread."""
        frozen: ReadOnlyCredentials = self._frozen.present
        return frozen

    def load(self, region: str) -> ReadOnlyCredentials:
        """Return the current credentials, renewed if due; this thread's calls use them from now on.

        Args:
            region: where STS is called for a role, unless the settings name a region.

        Raises:
            Problem: the kind of failure.
        """
        call = Call("sts", "", region)
        if not self._lock.acquire(timeout=self.patience):
            raise Problem("aws.credentials_slow", retryable=True, seconds=round(self.patience))
        try:
            frozen, failure = self._ask(region), None
        except Exception as error:  # noqa: BLE001  (a source may raise anything; nothing of it may appear further up)
            frozen, failure = None, self._problem_of(error, call)
        finally:
            self._lock.release()
        if frozen is None:
            # Raised here, so that the traceback does not lead to the source's exception and its text.
            raise failure or exhausted() or Problem("aws.no_credentials")
        self._refuse_unusable(frozen)
        self._frozen.present = frozen
        return frozen

    def source(self, region: str) -> CredentialSource:
        """Return where the current credentials come from. Raises Problem, as `load`."""
        self.load(region)
        method = str(self._source.method) if self._source is not None else ""
        origin = _SOURCES.get(method, method)
        if method == "env":
            origin = f"{origin} ({self._name_of('access_key')})"
        elif method not in ("container-role", "iam-role"):
            origin = f"{origin} (profile {self._profile()})"
        return CredentialSource(method, origin, self._profile())

    def provider(self) -> CredentialResolver:
        """Return the resolver for the SDK's clients. It returns what `load` got last in their thread."""
        return CredentialResolver([_Loaded(self._frozen)])

    def _ask(self, region: str) -> ReadOnlyCredentials | None:
        if self._source is None:
            where = self.session.get_config_variable("region") or region
            self._source = _resolver(self.session, where).load_credentials()
        return self._source.get_frozen_credentials() if self._source is not None else None

    def _problem_of(self, error: Exception, call: Call) -> Problem:
        profile = self._profile()
        if isinstance(error, MfaPromptedError):
            return Problem("aws.mfa_needed", profile=profile)
        if isinstance(error, ClientError):
            return _refused_by_aws(error, self._role(), call)
        if isinstance(error, subprocess.TimeoutExpired):
            return Problem("aws.credentials_slow", retryable=True, seconds=round(PROCESS_SECONDS))
        if isinstance(error, RuntimeError) and self._source is not None and self._has_expired():
            return Problem("aws.expired_token")
        problem = problem_of_sdk(error, call, unforeseen="aws.credentials_unavailable")
        problem.params.setdefault("profile", profile)
        # A file that cannot be opened because no descriptor is free reads as an empty one.
        return (exhausted() if problem.code in _MISSING else None) or problem

    def _has_expired(self) -> bool:
        needed: Callable[..., bool] | None = getattr(self._source, "refresh_needed", None)
        return needed is not None and needed(refresh_in=0)

    def _refuse_unusable(self, frozen: ReadOnlyCredentials) -> None:
        for member, value in zip(("access_key", "secret_key", "token"), frozen[:3], strict=True):
            if not value and member != "token":
                raise Problem("aws.partial_credentials")
            if value and not (isinstance(value, str) and _SENDABLE.fullmatch(value)):
                raise Problem("aws.malformed_credentials", source=self._name_of(member))

    def _name_of(self, member: str) -> str:
        """Return the variable, or the key in a file, that a part of the credentials came from."""
        method = self._source.method if self._source is not None else ""
        if method == "env":
            return next(name for name in _ENVIRONMENT[member] if os.environ.get(name))
        return f"{_IN_FILES[member]} ({self._profile()})"

    def _profile(self) -> str:
        return self.session.get_config_variable("profile") or "default"

    def _role(self) -> str:
        """Return the role in the settings, "" if there is none."""
        profiles: Mapping[str, Any] = self.session.full_config.get("profiles", {})
        return str(os.environ.get("AWS_ROLE_ARN") or profiles.get(self._profile(), {}).get("role_arn", ""))


class _Loaded:
    """The SDK's interface of a source, over already loaded credentials."""

    METHOD = "sailpass"

    def __init__(self, frozen: threading.local) -> None:
        self._held = _Held(frozen)

    def load(self) -> _Held:
        return self._held


class _Held(Credentials):  # type: ignore[misc]
    """The SDK's interface of credentials, over those of the current thread."""

    def __init__(self, frozen: threading.local) -> None:
        self._frozen = frozen
        self.method = "sailpass"

    @property
    def access_key(self) -> str:
        return self._frozen.present.access_key  # type: ignore[no-any-return]

    @property
    def secret_key(self) -> str:
        return self._frozen.present.secret_key  # type: ignore[no-any-return]

    @property
    def token(self) -> str | None:
        return self._frozen.present.token  # type: ignore[no-any-return]

    @property
    def account_id(self) -> str | None:
        return self._frozen.present.account_id  # type: ignore[no-any-return]

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return self._frozen.present


def _resolver(session: Session, region: str) -> CredentialResolver:
    """Return the SDK's own chain of sources, without prompts and with a time limit for programs."""
    resolver = create_credential_resolver(session, region_name=region)
    _bound(resolver.providers)
    role = resolver.get_provider("assume-role")
    role._prompter = _refuse_prompt  # noqa: SLF001  (the chain passes in no other)
    role._profile_provider_builder = _Builder(session, cache={}, region_name=region)  # noqa: SLF001  (as above)
    return resolver


class _Builder(ProfileProviderBuilder):  # type: ignore[misc]
    """Makes the sources of a `source_profile`."""

    def providers(self, profile_name: str, disable_env_vars: bool = False) -> list[Any]:
        chain: list[Any] = super().providers(profile_name, disable_env_vars)
        _bound(chain)
        return chain


def _bound(providers: list[Any]) -> None:
    for provider in providers:
        if isinstance(provider, ProcessProvider):
            provider._popen = _Program  # noqa: SLF001  (as above)


class _Program(subprocess.Popen[bytes]):
    """A program that is killed, with all that it has started, when it takes too long."""

    def __init__(self, arguments: list[str], **more: Any) -> None:
        super().__init__(arguments, start_new_session=True, **more)

    def communicate(self, input: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:  # noqa: A002
        try:
            return super().communicate(input, timeout or PROCESS_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            for stream in (self.stdout, self.stderr):
                if stream is not None:
                    stream.close()
            self.wait()
            raise


def _refuse_prompt(_: str) -> str:
    raise MfaPromptedError


def _refused_by_aws(error: ClientError, role: str, call: Call) -> Problem:
    """Return the problem for AWS's answer to a call made to get credentials, not to the call that needs them."""
    operation = str(error.operation_name)
    problem = problem_of_aws(error, Call("sts", operation, call.region))
    about: dict[str, Any] = {
        "aws_code": problem.aws_code,
        "aws_message": problem.aws_message,
        "request_id": problem.request_id,
    }
    if problem.retryable or problem.code in _OF_THE_KEYS:
        return problem
    if operation not in _ROLE_CALLS:
        return Problem("aws.credentials_refused", **about, action=operation, answer=problem.aws_code)
    code = "aws.role_duration" if _TOO_LONG.search(problem.aws_message) else "aws.role_refused"
    return Problem(code, **about, role=role, action=f"sts:{operation}")
