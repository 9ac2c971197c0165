"""An operation is watched until it ends, through a server's restart, and for no longer than requested."""

import pytest

from app.client import poll
from app.client.api import Api, NoAnswerError
from app.client.poll import watch
from app.errors import Problem
from tests.client.answering import Console, an_operation


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(poll, "PAUSE", 0)


def watched(*answers, seconds=None):
    console = Console(**{"operations__op-1": list(answers)})
    return [one["version"] for one in watch(Api(console), an_operation(), seconds)]


def test_every_picture_is_seen_up_to_the_end():
    assert watched(an_operation(2), an_operation(5, "succeeded")) == [1, 2, 5]


def test_one_that_has_ended_is_not_asked_about():
    console = Console()
    assert [one["version"] for one in watch(Api(console), an_operation(3, "failed"))] == [3]
    assert console.asked == []


def test_a_server_may_be_away_for_a_while():
    away = NoAnswerError("Connection refused")
    assert watched(away, away, an_operation(2, "succeeded")) == [1, 2]


def test_a_server_that_stays_away_is_told(monkeypatch):
    monkeypatch.setattr(poll, "AWAY", 0)
    with pytest.raises(Problem) as told:
        watched(NoAnswerError("Connection refused"))
    assert told.value.code == "client.stopped_answering"


def test_no_longer_than_asked_for():
    assert watched(an_operation(2), seconds=0) == [1]
