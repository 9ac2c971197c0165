"""The campaign's check detects what it is meant to detect."""

import json
import logging

import pytest

from app.errors import Problem
from campaign import runner
from campaign.check import judge

WEB = "arn:aws:iam::947856326339:role/amazon/lightsail/us-east-1/containers/web/private-repo-access/abc"
GENERAL = "arn:aws:iam::947856326339:role/amazon/lightsail/us-east-1/containers/web/xyz"
MIKA, OTHER = "arn:aws:iam::123456789012:user/mika", "another writer"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
READ_AT, WRITTEN_AT, PROVED_AT, ENDED_AT = 2.0, 3.0, 4.0, 5.0


def statement(sid, arn, action=PULL):
    return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": arn}, "Action": action}


OURS = statement("AllowLightsailPull-web", WEB)
THEIRS = statement("BuildTeam", "arn:aws:iam::123456789012:role/ci")
LATE = statement("Late", "arn:aws:iam::123456789012:role/late")


def policy(*statements):
    return {"Version": "2008-10-17", "Statement": list(statements)}


def revision(document, at=WRITTEN_AT, by=MIKA):
    return {"at": at, "by": by, "document": document}


def call(action, at, outcome="ok"):
    return {"action": action, "at": at, "outcome": outcome, "params": {"repositoryName": "shop/web"}, "request_id": at}


def happened(
    *revisions, first, kind="grant", outcome="succeeded", step="succeeded", told=True, problem="", reads=(), besides=()
):
    """A run of one operation that wrote each revision that is ours."""
    documents = [first, *(one["document"] for one in revisions)]
    changes = [
        {
            "repository": "shop/web",
            "operation": "1",
            "planned_at": one["at"],
            "before": json.dumps(documents[number]),
            "after": json.dumps(one["document"]),
            "written_at": one["at"],
            "unanswered_at": None,
        }
        for number, one in enumerate(revisions)
        if one["by"] == MIKA
    ]
    asked = [*(call("ecr:GetRepositoryPolicy", at) for at in (READ_AT, PROVED_AT, *reads))]
    asked += [call("ecr:SetRepositoryPolicy", one["at"]) for one in revisions if one["by"] == MIKA]
    operation = {
        "id": "1",
        "follows": None,
        "kind": kind,
        "service": "web",
        "repository": "shop/web",
        "outcome": outcome,
        "problem": problem,
        "asked_at": 1.0,
        "ended_at": ENDED_AT,
        "cancelled": False,
        "steps": [{"name": "update_policy", "state": step, "note": ""}],
        "changes": changes if told else [],
    }
    found = {"first": first, "now": documents[-1], "revisions": list(revisions)}
    services = {"web": {"arn": WEB, "general": GENERAL, "every": [WEB], "deployed": []}}
    return judge(
        {"calls": asked, "stale": [], "repositories": {"shop/web": found}, "services": services}, [operation, *besides]
    )


def test_a_grant_that_kept_everything_is_right():
    assert happened(revision(policy(THEIRS, OURS)), first=policy(THEIRS)).wrong == []


def test_a_revoke_that_kept_everything_is_right():
    assert happened(revision(policy(THEIRS)), first=policy(THEIRS, OURS), kind="revoke").wrong == []


@pytest.mark.parametrize("asked_at, wrong", [(0.5, []), (1.5, ["still names web"])])
def test_the_operation_that_was_requested_last_counts_wherever_it_is_listed(asked_at, wrong):
    """The parts of a deactivation are listed behind what was requested after it."""
    revoke = {"id": "2", "follows": "3", "kind": "revoke", "service": "web", "repository": "shop/web"}
    revoke |= {"outcome": "nothing_to_do", "problem": "", "asked_at": asked_at, "ended_at": 2.0, "cancelled": False}
    found = happened(
        revision(policy(THEIRS, OURS)), first=policy(THEIRS), besides=[{**revoke, "steps": [], "changes": []}]
    )
    assert len(found.wrong) == len(wrong)
    assert all(words in said for words, said in zip(wrong, found.wrong, strict=True))


def test_a_shared_statement_without_our_principal_is_still_theirs():
    shared = statement("Shared", [WEB, "arn:aws:iam::123456789012:role/ci"])
    rest = statement("Shared", "arn:aws:iam::123456789012:role/ci")
    assert happened(revision(policy(rest)), first=policy(shared), kind="revoke").wrong == []


@pytest.mark.parametrize(
    "run, words",
    [
        ({"first": policy(THEIRS)}, "allowed 0 times"),
        ({"first": policy(OURS), "kind": "revoke"}, "still names web"),
        ({"first": policy(statement("x", GENERAL)), "kind": "revoke"}, "still names web"),
        ({"first": policy(OURS, {**OURS, "Sid": "Again"})}, "allowed 2 times"),
        ({"first": policy(OURS), "outcome": None}, "left running"),
        ({"first": policy(OURS), "step": "running"}, "open steps"),
        ({"first": policy(OURS), "outcome": "failed", "problem": "internal"}, "broke"),
        ({"first": policy(OURS), "outcome": "failed", "problem": "aws.failed"}, "failed though AWS was well"),
    ],
)
def test_what_must_not_be_is_seen(run, words):
    assert words in " ".join(happened(**run).wrong)


@pytest.mark.parametrize(
    "after, words",
    [
        (policy(OURS), "lost somebody else's"),
        (policy({**THEIRS, "Action": "ecr:*"}, OURS), "lost somebody else's"),
        (policy(THEIRS, OURS, LATE), "brought in somebody else's"),
    ],
)
def test_a_write_that_touches_a_statement_of_others_is_seen(after, words):
    assert words in " ".join(happened(revision(after), first=policy(THEIRS)).wrong)


def test_a_write_that_the_history_does_not_tell_is_seen():
    verdict = happened(revision(policy(THEIRS, OURS)), first=policy(THEIRS), told=False)
    assert verdict.wrong == ["shop/web: the history does not tell the write that AWS took at 3.0"]


def test_a_foreign_write_after_our_last_reading_is_lost_by_ecr():
    late = revision(policy(THEIRS, LATE), at=READ_AT + 0.5, by=OTHER)
    verdict = happened(late, revision(policy(THEIRS, OURS)), first=policy(THEIRS))
    assert (verdict.wrong, verdict.lost_by_ecr) == ([], 1)


def test_a_foreign_write_that_we_had_read_must_be_kept():
    late = revision(policy(THEIRS, LATE), at=READ_AT - 0.5, by=OTHER)
    assert "lost somebody else's" in " ".join(
        happened(late, revision(policy(THEIRS, OURS)), first=policy(THEIRS)).wrong
    )


def test_a_grant_that_somebody_takes_away_after_its_proof_is_theirs_to_answer_for():
    after = revision(policy(THEIRS), at=PROVED_AT + 0.5, by=OTHER)
    verdict = happened(revision(policy(THEIRS, OURS)), after, first=policy(THEIRS))
    assert (verdict.wrong, verdict.taken_by_foreigner) == ([], 1)


def test_a_grant_that_was_gone_before_its_proof_is_ours():
    before = revision(policy(THEIRS), at=PROVED_AT - 0.5, by=OTHER)
    assert "allowed 0 times" in " ".join(happened(revision(policy(THEIRS, OURS)), before, first=policy(THEIRS)).wrong)


def test_what_a_deletion_took_unseen_may_be_put_back_and_is_not_lost_then():
    late, deletion = revision(policy(OURS, LATE), at=2.5, by=OTHER), revision(None)
    back = revision(policy(LATE), at=3.2)
    verdict = happened(late, deletion, back, first=policy(OURS), kind="revoke")
    assert (verdict.wrong, verdict.lost_by_ecr) == ([], 0)
    assert happened(late, deletion, first=policy(OURS), kind="revoke").lost_by_ecr == 1
    more = happened(late, deletion, revision(policy(LATE, THEIRS), at=3.2), first=policy(OURS), kind="revoke")
    assert "brought in somebody else's" in " ".join(more.wrong)


NEW = f"{WEB}2"


@pytest.mark.parametrize(
    "now, arn, words",
    [
        (policy(THEIRS, statement("AllowLightsailPull-web", NEW)), NEW, ""),
        (policy(THEIRS), NEW, "allowed 0 times"),
        (policy(THEIRS, statement("AllowLightsailPull-web", NEW)), "", "its role is off"),
    ],
)
def test_what_the_undo_of_a_deactivation_leaves_out_is_seen(now, arn, words):
    def operation(number, kind, follows=None, **more):
        ends = {"outcome": "succeeded", "problem": "", "asked_at": float(number), "ended_at": number + 0.9}
        about = {"service": "web", "repository": "", "changes": [], "steps": []}
        return {"id": str(number), "kind": kind, "follows": follows, **about, **ends, **more}

    def part(number, kind, follows, *texts):
        return operation(number, kind, follows, repository="shop/web", changes=[change(number, *texts)])

    def change(number, before, after):
        texts = {"before": json.dumps(before), "after": json.dumps(after)}
        times = {"planned_at": number + 0.5, "written_at": number + 0.5, "unanswered_at": None}
        return {"repository": "shop/web", "operation": str(number), **texts, **times}

    first, without = policy(THEIRS, OURS), policy(THEIRS)
    operations = [
        operation(1, "deactivate"),
        operation(3, "reactivate", "1", steps=[{"name": "activate_role", "state": "succeeded", "note": ""}]),
        part(2, "revoke", "1", first, without),
        part(4, "undo", "3", without, now),
    ]
    writes = [revision(without, at=2.5), revision(now, at=4.5)]
    found = {"first": first, "now": now, "revisions": writes}
    calls = [call("ecr:GetRepositoryPolicy", at) for at in (2.1, 4.1)]
    calls += [call("ecr:SetRepositoryPolicy", at) for at in (2.5, 4.5)]
    services = {"web": {"arn": arn, "general": GENERAL, "every": [WEB, NEW], "deployed": []}}
    happened = {"calls": calls, "stale": [], "repositories": {"shop/web": found}, "services": services}
    wrong = " ".join(judge(happened, operations).wrong)
    assert words in wrong if words else not wrong


@pytest.mark.parametrize(
    "roll_back, deployments, wrong",
    [
        ("skipped", 1, ""),
        ("succeeded", 2, ""),
        ("failed", 1, ""),  # it was refused
        ("failed", 2, ""),  # it was made, and failed
        ("skipped", 2, "1 steps deployed to web, which has 2 deployments more"),
        ("succeeded", 3, "2 steps deployed to web, which has 3 deployments more"),
        ("skipped", 0, "1 steps deployed to web, which has 0 deployments more"),
    ],
)
def test_each_step_that_deploys_makes_one_deployment(roll_back, deployments, wrong):
    steps = [{"name": "deploy", "state": "succeeded"}, {"name": "roll_back", "state": roll_back}]
    operation = {"id": "1", "kind": "deploy", "service": "web", "repository": "shop/web", "outcome": "succeeded"}
    operation |= {"problem": "", "asked_at": 1.0}
    operation["steps"] = [{**step, "note": ""} for step in steps]
    container = {"app": {"image": "shop/web:1"}}
    service = {"arn": WEB, "general": GENERAL, "every": [WEB], "deployed": [container] * (deployments + 1)}
    verdict = judge({"calls": [], "stale": [], "repositories": {}, "services": {"web": service}}, [operation])
    assert verdict.wrong == ([wrong] if wrong else [])


@pytest.fixture
def quiet():
    """The campaign logs nothing while it plays; the tests after it do."""
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("quiet")
def test_a_run_that_breaks_is_told_and_stops_no_other(monkeypatch):
    def breaks(name: str):
        raise Problem("operation.not_ended", operation=name)

    monkeypatch.setattr(runner, "scenario_of", breaks)
    told = []
    runner.play_all(["grant-first", "1"], processes=1, told=told.append)
    assert [(played.name, len(played.verdict.wrong)) for played in told] == [("grant-first", 1), ("1", 1)]
    assert "operation.not_ended(operation=grant-first)" in told[0].story[-1]
