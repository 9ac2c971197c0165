"""Every setting, read once at start from the environment (prefix SAILPASS_) and flags; errors name the bad value.

boto3 reads AWS's own variables (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL …).
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import socket
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.files import create_private, private_folder
from app.urls import server_address

# The form of a region's name; whether the region exists, the SDK knows.
REGION = re.compile(r"[a-z]{2,4}(-[a-z]{1,20}){1,3}-\d{1,2}[a-z]?")
# A name, *.name, an address (IPv6 in brackets), or * for any; a port or a scheme would never match.
ALLOWED_HOST = re.compile(r"\*|(\*\.)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")


_BAD_DATABASE_URL = "it is not a valid database URL; use sqlite:///… or postgresql+psycopg://…"


class SettingsError(Exception):
    """A setting that cannot be used; its text is one sentence for the operator."""


class Settings(BaseSettings):
    """The settings of this process. Frozen."""

    model_config = SettingsConfigDict(env_prefix="SAILPASS_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    """Where to listen."""
    port: int = Field(default=8000, ge=1, le=65535)
    data_dir: Path = Path("data")
    """The folder of the SQLite database; created if missing."""
    database_url: str = Field(default="", repr=False)
    """Empty: SQLite in `data_dir`. `postgresql+psycopg://…` for many replicas."""
    instance: str = "local"
    """This replica's stable name. A replica that restarts under its name resumes its own work."""
    regions: Annotated[tuple[str, ...], NoDecode] = ()
    """Regions to show; `all` for every one that has Lightsail containers; empty: the one that boto3 resolves."""
    auth: Literal["local", "none"] = "local"
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Names under which browsers may reach us, beside loopback."""
    sandbox_port: int = Field(default=4570, ge=1, le=65535)
    sandbox_activation_seconds: float = Field(default=6.0, ge=0, le=3600)
    log_format: Literal["text", "json"] = "text"
    role_wait_seconds: int = Field(default=900, ge=10, le=86400)
    """How long an operation waits for the role's principal before it gives up."""
    history_days: int = Field(default=0, ge=0, le=36_500)
    """How many days of history are kept; 0: all."""
    webhook_url: str = Field(default="", repr=False)
    """Where drift is told; empty: nowhere. It may hold a secret, as those of Slack do."""
    webhook_secret: str = Field(default="", repr=False)
    """What each delivery is signed with."""

    @field_validator("regions", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _text(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what is no text, and "" where the default is another. A folder's name may be any bytes."""
        name = str(info.field_name)
        if value == "" and cls.model_fields[name].default not in ("", ()):
            raise ValueError("it is empty; leave it out for the default")
        if isinstance(value, str) and name != "data_dir" and not is_text(value):
            raise ValueError("it isn't text in UTF-8")
        return value

    @field_validator("data_dir")
    @classmethod
    def _in_home(cls, folder: Path) -> Path:
        """A leading ~ is the home folder: a shell leaves it in quotes, and systemd and Docker know none."""
        try:
            return folder.expanduser()
        except RuntimeError:
            raise ValueError(f"“{folder.parts[0]}” is nobody's home folder; write the whole path") from None

    @field_validator("host")
    @classmethod
    def _bare_host(cls, host: str) -> str:
        if re.search(r"[\s/:@\[\]]", host) and not is_address(host):
            raise ValueError(f"“{host}” is no host; write a name or an address, without a scheme or a port")
        return host

    @field_validator("instance")
    @classmethod
    def _plain_name(cls, instance: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", instance):
            raise ValueError("write at most 64 letters, digits and the characters . _ -")
        return instance

    @field_validator("regions")
    @classmethod
    def _known_shape(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        if regions == ("all",):
            return regions
        if "all" in regions:
            raise ValueError("“all” is every Region; write only all, or only the names of Regions")
        for region in regions:
            if not REGION.fullmatch(region):
                raise ValueError(f"“{region}” is no region; write for example us-east-1,ap-northeast-1 or all")
        return tuple(dict.fromkeys(regions))

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if not url:
            return url
        from sqlalchemy.engine import make_url  # noqa: PLC0415  (a quarter of a second, which SQLite's default spares)
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

        # No part of the URL is in the message: a password that is not encoded may end up in any part.
        try:
            address = make_url(url)
        except (ArgumentError, ValueError):
            raise ValueError(_BAD_DATABASE_URL) from None
        if address.drivername not in ("sqlite", "postgresql+psycopg"):
            raise ValueError(_BAD_DATABASE_URL)
        if "@" in (address.host or ""):
            raise ValueError("percent-encode the characters @ : / ? # % in its user and password")
        if address.drivername == "sqlite" and (address.host or not _is_file(address.database)):
            raise ValueError("name a file: sqlite:////path/to/sailpass.db")
        return url

    @field_validator("allowed_hosts")
    @classmethod
    def _host_names(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not ALLOWED_HOST.fullmatch(host):
                raise ValueError(f"“{host}” is no host name; write for example sailpass.example.com, without a port")
        return hosts

    @model_validator(mode="after")
    def _signed_webhook(self) -> Self:
        if not self.webhook_url:
            return self
        address = server_address(self.webhook_url)
        if address is None or not self.webhook_url.isascii():
            raise ValueError("SAILPASS_WEBHOOK_URL: write an address that begins with https://, in ASCII")
        if "@" in address.netloc:
            raise ValueError("SAILPASS_WEBHOOK_URL: write an address without a user and a password")
        if address.scheme == "http" and not is_loopback(address.hostname or ""):
            raise ValueError("SAILPASS_WEBHOOK_URL: beyond this machine it must begin with https://")
        if not self.webhook_secret:
            raise ValueError("SAILPASS_WEBHOOK_URL needs SAILPASS_WEBHOOK_SECRET, which every delivery is signed with")
        return self

    @model_validator(mode="after")
    def _nobody_outside_without_sign_in(self) -> Self:
        if self.auth == "none" and not is_loopback(self.host):
            raise ValueError(
                f"SAILPASS_AUTH=none works only on a loopback host, since everybody who reaches {self.host} could "
                "change your policies; use SAILPASS_AUTH=local"
            )
        beyond = [name for name in self.allowed_hosts if not is_loopback(name.strip("[]"))]
        if self.auth == "none" and beyond:
            raise ValueError(
                f"SAILPASS_AUTH=none works only under loopback names, since everybody who reaches {beyond[0]} could "
                "change your policies; leave SAILPASS_ALLOWED_HOSTS empty or use SAILPASS_AUTH=local"
            )
        if not is_loopback(self.host) and not self.allowed_hosts:
            raise ValueError(
                f"listening on {self.host} needs SAILPASS_ALLOWED_HOSTS: the names under which browsers reach it"
            )
        return self

    @property
    def history_file(self) -> Path | None:
        """The SQLite file of our own tables; None on PostgreSQL."""
        if not self.database_url:
            return self.data_dir.resolve() / "sailpass.db"
        from sqlalchemy.engine import make_url  # noqa: PLC0415  (as above)

        address = make_url(self.database_url)
        return Path(address.database or "") if address.get_backend_name() == "sqlite" else None

    @property
    def history_url(self) -> str:
        """The database of our own tables."""
        return self.database_url or f"sqlite:///{self.history_file}"

    @property
    def engine_url(self) -> str:
        """The database of the engine's tables: the same PostgreSQL, or an SQLite file beside ours.

        Two files, so that the engine's many small writes and ours never wait for each other.
        """
        file = self.history_file
        return self.database_url if file is None else f"sqlite:///{str(file).removesuffix('.db')}-engine.db"


def _is_file(database: str | None) -> bool:
    return bool(database) and database != ":memory:" and not str(database).startswith("file:")


def is_text(value: str) -> bool:
    """Return whether a value of the environment was text in UTF-8: Python keeps other bytes as half surrogate pairs."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach `host`."""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_address(host: str) -> bool:
    """Return whether a host is an IP address, not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def load(**flags: Any) -> Settings:
    """Return the settings from the environment, overridden by `flags` that are not None.

    Raises:
        SettingsError: naming the first setting that cannot be used, and why.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"][:1])
        why = first["msg"].removeprefix("Value error, ") if first["type"] == "value_error" else _expected(name)
        raise SettingsError(f"SAILPASS_{name.upper()}: {why}." if name else f"{why}.") from error


def _expected(name: str) -> str:
    """Return what a setting takes, from its field: the validator's own sentences are for programmers."""
    field = Settings.model_fields[name]
    if choices := get_args(field.annotation):
        return f"write {' or '.join(choices)}"
    limits = {limit: getattr(each, limit) for each in field.metadata for limit in ("ge", "le") if hasattr(each, limit)}
    number = "whole number" if field.annotation is int else "number"
    return f"write a {number} from {limits['ge']} to {limits['le']}"


def check_usable(settings: Settings) -> None:
    """Check that the port is free and the data folder can be written, before anything starts.

    Raises:
        SettingsError: with one sentence that says what to change.
    """
    check_port(settings.host, settings.port, "SAILPASS_PORT")
    if not settings.database_url:
        probe = settings.data_dir / f".writable-{secrets.token_hex(4)}"
        try:
            private_folder(settings.data_dir)
            os.close(create_private(probe))
            probe.unlink()
        except OSError as error:
            raise SettingsError(
                f"The data folder {settings.data_dir} cannot be written ({error.strerror}); "
                "name another one with SAILPASS_DATA_DIR."
            ) from error


def check_port(host: str, port: int, setting: str) -> None:
    """Check that no process listens on `port`. Raises SettingsError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror as error:
            raise SettingsError(
                f"There is no host {host} ({error.strerror}); name another one with SAILPASS_HOST."
            ) from error
        except OSError as error:
            raise SettingsError(
                f"Port {port} on {host} cannot be used ({error.strerror}); name another one with {setting}."
            ) from error
