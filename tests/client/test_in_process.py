"""Work in this process does not begin while another process uses the same file."""

import pytest

from app.client import in_process
from app.client.in_process import InProcess
from app.errors import Problem
from app.operations.lease import FileLease
from app.settings import Settings, SettingsError


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path, regions="us-east-1")


@pytest.fixture
def held(settings):
    """A server somewhere works on the file."""
    lease = FileLease(settings.data_dir / "sailpass.db", "server", "1")
    lease.claim()
    yield
    lease.give_up()


def test_a_database_that_a_server_elsewhere_works_on_is_left_alone(settings, held, monkeypatch):
    monkeypatch.setattr(in_process, "PATIENCE", 0.3)
    said = []
    with pytest.raises(SettingsError, match="SAILPASS_URL"), InProcess(settings, said.append, works=True):
        pass
    assert said == ["Another process is using the database. Waiting for it to finish."]


def test_it_may_be_looked_at_all_the_same(settings, held):
    with InProcess(settings, print, works=False) as local:
        assert local.send("GET", "/api/v1/operations") == (200, {"operations": [], "next": None})


@pytest.mark.parametrize("url", ["sqlite:////dev/null/no.db", "postgresql+psycopg://nobody@127.0.0.1:9/none"])
def test_a_database_that_cannot_be_used_is_told(settings, url):
    nowhere = settings.model_copy(update={"database_url": url})
    with pytest.raises(Problem) as told, InProcess(nowhere, print, works=True):
        pass
    assert told.value.code == "storage.failed"


def test_what_is_not_there_is_told_as_a_server_would(settings):
    with InProcess(settings, print, works=False) as local:
        status, told = local.send("GET", "/api/v1/nothing")
    assert (status, told["code"]) == (404, "request.not_found")


def test_every_process_has_a_name_of_its_own():
    assert in_process._name() != in_process._name()
