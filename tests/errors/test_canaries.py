"""A credential source's output and content appear nowhere: on no page, not in the API, the database, a log or an output."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.console import RunningConsole, until
from tests.errors.fast import start_fast_console
from tests.errors.making import make_repository
from tests.errors.test_surroundings import BARE, PAGES, ROLE, Home
from tests.reader import Reader

CANARY = "CANARY7f3aQ"
SSO = "sso_start_url=https://example.awsapps.com/start\nsso_region=us-east-1\nsso_account_id=1\nsso_role_name=reader\n"
SSO_CACHE = ".aws/sso/cache/e8be5486177c5b5392bd9aa76563515b29358e6e.json"


def program(home: Home) -> None:
    path = home.program(f"echo {CANARY}; echo {CANARY} >&2; exit 3")
    home.write(".aws/config", f"[default]\ncredential_process={path}\n")


def program_that_prints_no_keys(home: Home) -> None:
    path = home.program(f"echo {CANARY}; echo {CANARY} >&2")
    home.write(".aws/config", f"[default]\ncredential_process={path}\n")


def sso_cache(home: Home) -> None:
    home.write(".aws/config", f"[default]\n{SSO}")
    home.write(SSO_CACHE, CANARY)


def web_identity(home: Home) -> None:
    home.write("token", f"{CANARY}\n{CANARY}")
    home.write(".aws/config", f"[default]\nweb_identity_token_file={home.path}/token\nrole_arn={ROLE}\n")


def profile(home: Home) -> None:
    home.write(".aws/credentials", f"[default]\naws_access_key_id={CANARY}\naws_secret_access_key={CANARY} {CANARY}\n")


def stray_line(home: Home) -> None:
    home.write(".aws/credentials", f"[default]\n{CANARY}\n")


SOURCES = (program, program_that_prints_no_keys, sso_cache, web_identity, profile, stray_line)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def seen(console: RunningConsole) -> str:
    """All that a person or a program is shown."""
    ken = Reader(console)
    shown = [ken.reads(path).answer.text for path in PAGES]
    shown += [console.get(f"/api/v1/{path}").text for path in ("services", "operations", "permissions")]
    shown.append(console.post("/api/v1/permissions/check", {}).text)
    shown.append(ken.sends("/permissions/check", region="us-east-1", names="").answer.text)
    shown.append(ken.ended(ken.adds(make_repository(console))).answer.text)
    return "".join(shown)


def left_behind(console: RunningConsole) -> list[str]:
    """The files of the console that hold the canary: its databases, their logs, its own log with all of its errors."""
    found = subprocess.run(
        ["grep", "--recursive", "--text", "--files-with-matches", CANARY, str(console.data_dir)],
        capture_output=True,
        text=True,
        check=False,
    )
    return [name for name in found.stdout.split() if "/home/" not in name]


def test_nothing_of_a_source_in_a_file_is_found_anywhere(tmp_path, home):
    SOURCES[0](home)
    with start_fast_console(tmp_path, environment={**BARE, "HOME": str(home.path)}) as console:
        for source in SOURCES:
            for name in (".aws/config", ".aws/credentials"):
                home.write(name, "")
            source(home)
            ran = len(console.log())
            until(lambda: re.search("us-east-1(, [a-z0-9-]+)*: ", Reader(console).reads("/containers").text))
            assert CANARY not in seen(console), source
            assert len(console.log()) < ran + 10_000
        assert left_behind(console) == []
    assert left_behind(console) == []


def test_nothing_of_a_variable_is_found_anywhere(tmp_path, home):
    keys = {
        "AWS_ACCESS_KEY_ID": f"ASIA{CANARY}",
        "AWS_SECRET_ACCESS_KEY": CANARY,
        "AWS_SESSION_TOKEN": f"{CANARY}\n{CANARY}",
    }
    with start_fast_console(tmp_path, environment={**BARE, **keys, "HOME": str(home.path)}) as console:
        page = Reader(console).sees("/containers", "AWS_SESSION_TOKEN contains a line break")
        assert CANARY not in page.answer.text + seen(console)
        assert left_behind(console) == []
    assert left_behind(console) == []
