"""Wrong AWS settings of the machine: the console says what and where, keeps running, and recovers once fixed."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from campaign.proxy import CERTIFICATE
from tests.cli.running import sailpass
from tests.console import ROOT, RunningConsole, surroundings, until
from tests.errors.fast import start_fast_console
from tests.errors.making import make_repository
from tests.reader import Reader
from tests.repeats import first_of
from tests.sandbox_server import start_sandbox

KEYS = "aws_access_key_id=AKIA123456789012DEMO\naws_secret_access_key=x\n"
ROLE = "arn:aws:iam::123456789012:role/deployer"
# Nothing of AWS's but what a home folder holds.
BARE = dict.fromkeys(
    (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_DEFAULT_REGION",
    ),
    "",
)
PAGES = (
    "/containers",
    "/containers/us-east-1/storefront-web",
    "/containers/us-east-1/storefront-web/images",
    "/history",
    "/permissions",
)


@dataclass
class Home:
    """A home folder with `~/.aws`."""

    path: Path

    def write(self, name: str, text: str | bytes) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def program(self, body: str) -> str:
        self.write("keys.sh", f"#!/bin/sh\n{body}\n")
        (self.path / "keys.sh").chmod((self.path / "keys.sh").stat().st_mode | stat.S_IEXEC)
        return str(self.path / "keys.sh")

    def mend(self) -> None:
        """Plain keys, and nothing else."""
        self.write(".aws/config", "[default]\nregion=us-east-1\n")
        self.write(".aws/credentials", f"[default]\n{KEYS}")


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    made.mend()
    return made


def no_profile(home: Home) -> dict[str, str]:
    return {"AWS_PROFILE": "nope"}


def byte_order_mark(home: Home) -> dict[str, str]:
    home.write(".aws/config", b"\xef\xbb\xbf[default]\nregion=us-east-1\n")
    return {}


def expired_keys(home: Home) -> dict[str, str]:
    keys = {"Version": 1, "AccessKeyId": "ASIA123456789012PROC", "SecretAccessKey": "x", "SessionToken": "t"}
    program = home.program(f"echo '{json.dumps({**keys, 'Expiration': '2020-01-01T00:00:00Z'})}'")
    home.write(".aws/config", f"[default]\nregion=us-east-1\ncredential_process={program}\n")
    home.write(".aws/credentials", "")
    return {}


def mfa(home: Home) -> dict[str, str]:
    more = "mfa_serial = arn:aws:iam::123456789012:mfa/a\n"
    home.write(".aws/config", f"[default]\nregion=us-east-1\nrole_arn={ROLE}\nsource_profile=base\n{more}")
    home.write(".aws/credentials", f"[base]\n{KEYS}")
    return {}


def refused_role(home: Home) -> dict[str, str]:
    """The sandbox offers no roles to assume."""
    more = "duration_seconds=43200\n"
    home.write(".aws/config", f"[default]\nregion=us-east-1\nrole_arn={ROLE}\nsource_profile=base\n{more}")
    home.write(".aws/credentials", f"[base]\n{KEYS}")
    return {}


def no_bundle(home: Home) -> dict[str, str]:
    return {"AWS_CA_BUNDLE": str(home.path / "bundle.pem")}


def line_break(home: Home) -> dict[str, str]:
    home.write(".aws/credentials", f"[default]\n{KEYS}aws_session_token=abc\n  def\n")
    return {}


# What is wrong in the files, and what is said of it.
IN_FILES = [
    (byte_order_mark, "Line 1 of the AWS configuration file {home}/.aws/config begins with a byte order mark"),
    (expired_keys, "The AWS credentials have expired."),
    (mfa, "The AWS profile default asks for an MFA code, which a server can't enter."),
    (refused_role, f"AWS refused sts:AssumeRole for the role {ROLE}."),
    (line_break, "aws_session_token (default) contains a line break"),
]
# What is wrong from the start, since a variable names what is not there.
IN_VARIABLES = [
    (no_profile, "There is no AWS profile named nope."),
    (no_bundle, "AWS_CA_BUNDLE names the file {home}/bundle.pem, which does not exist."),
]


def says_on_every_page(console: RunningConsole, sentence: str) -> None:
    ken = Reader(console)
    for path in PAGES:
        assert sentence in ken.sees(path, sentence).text, path
    regions = console.get("/api/v1/services").json["regions"]
    assert all(sentence in region["problem"]["message"] for region in regions)
    check = console.post("/api/v1/permissions/check", {}).json
    assert (check["missing"], {action["allowed"] for action in check["actions"]}) == (0, {None})
    assert "couldn't be checked" in ken.sends("/permissions/check", region="us-east-1", names="").text


def is_well_again(console: RunningConsole, sentence: str) -> None:
    ken = Reader(console)
    ken.sees("/containers", "storefront-web")
    for path in PAGES:
        until(lambda path=path: ken.reads(path).text, lambda text: sentence not in text)
    repository = make_repository(console)
    assert f"storefront-web can now pull images from {repository}." in ken.ended(ken.adds(repository)).text


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """One console for all that can go wrong in files, and its home folder; the first thing is wrong from the start."""
    folder = tmp_path_factory.mktemp("machine")
    home = Home(folder / "home")
    home.mend()
    IN_FILES[0][0](home)
    with start_fast_console(folder, environment={**BARE, "HOME": str(home.path)}) as console:
        yield console, home


@pytest.mark.parametrize("case, sentence", IN_FILES, ids=[case.__name__ for case, _ in IN_FILES])
def test_every_page_says_what_is_wrong_and_all_is_well_once_it_is_mended(machine, case, sentence):
    console, home = machine
    case(home)
    sentence = sentence.format(home=home.path)
    # A session that has read its files and got its keys keeps them: AWS refuses them, and so they are got anew.
    console.sandbox.fault(kind="expired_token")
    until(lambda: sentence in Reader(console).reads("/containers").text)
    console.sandbox.clear_faults()
    says_on_every_page(console, sentence)
    home.mend()
    is_well_again(console, sentence)


@pytest.mark.parametrize("case, sentence", IN_VARIABLES, ids=[case.__name__ for case, _ in IN_VARIABLES])
def test_what_a_variable_names_and_is_not_there_can_be_put_there(tmp_path, home, case, sentence):
    sentence = sentence.format(home=home.path)
    with start_fast_console(tmp_path, environment={**BARE, "HOME": str(home.path), **case(home)}) as console:
        says_on_every_page(console, sentence)
        home.write(".aws/config", "[default]\nregion=us-east-1\n[profile nope]\nregion=us-east-1\n")
        home.write(".aws/credentials", f"[default]\n{KEYS}[nope]\n{KEYS}")
        home.write("bundle.pem", CERTIFICATE.read_bytes())
        is_well_again(console, sentence)


START = [
    (no_profile, {}, "There is no AWS profile named nope."),
    (byte_order_mark, {}, "Line 1 of the AWS configuration file {home}/.aws/config begins with a byte order mark"),
    (
        lambda home: home.write(".aws/config", "[default]\nregion us-east-1\n") or {},
        {},
        "Line 2 of the AWS configuration file",
    ),
    (lambda _: {"AWS_REGION": "us-east-1a"}, {}, "There is no AWS Region us-east-1a."),
    (lambda _: {}, {"SAILPASS_REGIONS": "us-east-1a"}, "Nearest names: us-east-1."),
    (lambda home: home.write(".aws/config", "") or {}, {}, "No AWS Region is set"),
]


@pytest.mark.parametrize("case, settings, sentence", START, ids=range(len(START)))
def test_a_server_that_cannot_tell_its_region_says_why_and_ends(tmp_path, home, case, settings, sentence):
    around = {
        **_environment(tmp_path, "http://127.0.0.1:9"),
        "HOME": str(home.path),
        "SAILPASS_REGIONS": "",
        **settings,
    }
    around = {name: value for name, value in {**around, **BARE, **case(home)}.items() if value}
    ran = sailpass(around, "serve")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"sailpass: {sentence}".format(home=home.path)) or sentence in ran.err
    assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "region, nearest",
    first_of([("us-esat-1", "us-east-1"), ("us-west-1", "us-west-2"), ("us-gov-west-1", "us-west-2")]),
)
def test_a_region_without_lightsail_is_told_at_the_start(tmp_path, home, region, nearest):
    with start_sandbox() as sandbox:
        around = {
            **_environment(tmp_path, sandbox.url),
            "HOME": str(home.path),
            "SAILPASS_REGIONS": f"us-east-1,{region}",
        }
        with subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"],
            env={name: value for name, value in {**around, **BARE}.items() if value},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as server:
            assert server.stdout
            assert server.stdout.readline().startswith("Sailpass is ready: ")
            server.terminate()
            _, errors = server.communicate(timeout=20)
    assert region in errors
    assert nearest in errors


def _environment(folder: Path, url: str) -> dict[str, str]:
    class Nowhere:
        pass

    Nowhere.url = url
    return surroundings(Nowhere, folder / "data", {})
