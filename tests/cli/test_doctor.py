"""`sailpass doctor`: what it reports, what it does not show, and that it changes nothing."""

import json
import os
import re
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from app.db import Database
from app.migrate import migrate
from app.settings import Settings
from tests.console import console, until
from tests.sandbox_server import AWS_ENVIRONMENT

__all__ = ["console"]

NOWHERE = {
    **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")),
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def doctor(folder, *words, status=0, **environment):
    around = {**NOWHERE, "SAILPASS_DATA_DIR": str(folder), **environment}
    ran = CliRunner(env=around).invoke(main, ["doctor", "--json", *words])
    assert ran.exit_code == status, ran.output
    return {finding["subject"]: finding for finding in json.loads(ran.stdout)["findings"]}


@pytest.fixture
def on_sandbox(sandbox):
    return {**AWS_ENVIRONMENT, "AWS_ENDPOINT_URL": sandbox.url, "SAILPASS_REGIONS": "us-east-1,ap-northeast-1"}


def test_where_nothing_is_configured_it_says_what_is_missing_and_what_to_do(tmp_path):
    folder = tmp_path / "data"
    found = doctor(folder, status=1)
    levels = {subject: finding["level"] for subject, finding in found.items()}
    assert {subject for subject, level in levels.items() if level == "problem"} == {"Regions", "Credentials"}
    assert "AWS_REGION" in found["Regions"]["what_to_do"]
    assert "aws configure" in found["Credentials"]["what_to_do"]
    assert levels["AWS account"] == "unknown"
    assert not folder.exists()


@pytest.mark.parametrize("below", ["", "data"])
def test_no_database_is_promised_where_its_folder_cannot_be(tmp_path, below):
    (tmp_path / "file").touch()
    found = doctor(tmp_path / "file" / below, status=1)
    assert found["Data folder"]["level"] == "problem"
    assert (found["Database"]["level"], found["Database"]["text"]) == (
        "unknown",
        "not created: its folder can't be used",
    )


def test_the_folder_of_a_named_sqlite_file_is_looked_at_and_no_other(tmp_path, on_sandbox):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    url = f"sqlite:///{elsewhere / 'sailpass.db'}"
    found = doctor(tmp_path / "unused", **on_sandbox, SAILPASS_DATABASE_URL=url)["Data folder"]
    assert found["details"]["folder"] == str(elsewhere)
    assert (found["level"], found["what_to_do"]) == ("note", f"Close it with: chmod 700 '{elsewhere}'")


def test_it_names_the_account_and_counts_what_aws_answers(tmp_path, on_sandbox):
    found = doctor(tmp_path / "data", **on_sandbox)
    assert found["AWS account"]["details"]["account"] == "123456789012"
    assert found["us-east-1"]["details"] == {"container_services": 6, "ecr": True}
    assert found["ap-northeast-1"]["text"].startswith("1 container service;")
    assert found["Endpoints"]["level"] == "note"
    assert found["Credentials"]["text"] == "from environment variables (AWS_ACCESS_KEY_ID)"


def test_it_says_which_profile_credentials_come_from_and_shows_none(tmp_path, on_sandbox):
    file = tmp_path / "credentials"
    file.write_text("[shop]\naws_access_key_id = AKIA123456789012SHOP\naws_secret_access_key = never-shown\n")
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    environment = {**on_sandbox, **keys, "AWS_PROFILE": "shop", "AWS_SHARED_CREDENTIALS_FILE": str(file)}
    found = doctor(tmp_path / "data", **environment)
    assert found["Credentials"]["text"] == "from the shared credentials file (profile shop)"
    assert not re.search("AKIA|never-shown", json.dumps(found))


def test_a_refusal_by_aws_is_said_with_what_to_do(tmp_path, sandbox, on_sandbox):
    sandbox.fault(action="ecr:DescribeRepositories", kind="access_denied", times=10)
    try:
        found = doctor(tmp_path / "data", status=1, **on_sandbox)
    finally:
        sandbox.clear_faults()
    assert found["us-east-1"]["details"]["code"] == "aws.access_denied"
    assert found["us-east-1"]["what_to_do"]


def test_a_wrong_setting_is_one_finding(tmp_path):
    found = doctor(tmp_path, status=1, SAILPASS_PORT="many")
    assert "SAILPASS_PORT" in found["Settings"]["text"]


def test_a_setting_that_is_none_is_named_with_the_nearest_one(tmp_path, on_sandbox):
    found = doctor(tmp_path / "data", **on_sandbox, SAILPASS_REGION="us-east-1")
    assert found["Settings"]["level"] == "note"
    assert found["Settings"]["what_to_do"] == "Did you mean SAILPASS_REGIONS?"


def test_a_password_of_a_database_url_is_not_shown(tmp_path):
    url = "postgresql+psycopg://sailpass:never-shown@127.0.0.1:1/sailpass"
    found = doctor(tmp_path, "--offline", status=1, SAILPASS_DATABASE_URL=url)
    assert found["Database"]["level"] == "problem"
    assert "never-shown" not in json.dumps(found)


def database_at(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    db = Database(Settings(data_dir=folder).history_url)
    migrate(db)
    db.close()
    return folder / "sailpass.db"


def test_a_database_that_is_up_to_date(tmp_path):
    database_at(tmp_path / "data")
    found = doctor(tmp_path / "data", "--offline")
    assert found["Database"]["level"] == "ok"
    assert found["Database"]["details"]["revision"] == found["Database"]["details"]["newest_revision"]


@pytest.mark.parametrize("revision, level, status", [("0001", "note", 0), ("9999", "problem", 1)])
def test_a_database_of_another_release_is_named_and_not_migrated(tmp_path, revision, level, status):
    file = database_at(tmp_path / "data")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
    connection.close()
    found = doctor(tmp_path / "data", "--offline", status=status)
    assert found["Database"]["level"] == level
    assert doctor(tmp_path / "data", "--offline", status=status)["Database"]["details"]["revision"] == revision


def test_a_file_that_is_no_database_is_said(tmp_path):
    (tmp_path / "sailpass.db").write_text("not a database, " * 100)
    found = doctor(tmp_path, "--offline", status=1)
    assert found["Database"]["level"] == "problem"


def test_a_folder_that_others_can_open_is_said_and_left(tmp_path):
    folder = database_at(tmp_path / "data").parent
    folder.chmod(0o755)
    found = doctor(folder, "--offline")
    assert found["Data folder"]["what_to_do"] == f"Close it with: chmod 700 '{folder}'"
    assert folder.stat().st_mode & 0o777 == 0o755


def test_a_running_server_is_named_and_the_page_is_read_by_people(console):
    until(lambda: console.get("/readyz").status, lambda status: status == 200)
    ran = CliRunner(env=console.environment).invoke(main, ["doctor", "--offline"])
    assert ran.exit_code == 0, ran.output
    assert f"running at {console.url}" in ran.stdout
    assert ran.stdout.splitlines()[-1] == "No problems found."
