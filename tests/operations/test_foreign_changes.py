"""Whatever somebody does to a repository that access was given to is recorded once, with its texts and times."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import delete

from app.auth.events import record_restored
from app.inventory.models import SeenRepository
from tests.build import REGION, SERVICE, a_policy, a_repository, a_statement
from tests.operations.outside import WEB, done, entries, granted_alone, kinds, wait
from tests.operations.workshop import active, repository

GET, SET = "ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy"
CI = a_statement(sid="Terraform", principal={"AWS": "arn:aws:iam::123456789012:role/ci"})
NOBODY = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "ecr:BatchGetImage"}


@pytest.fixture
def granted(shop):
    """A grant that has ended, on a policy that others wrote."""
    return granted_alone(shop, a_policy([CI]))


def put(shop, *statements):
    """As another program does."""
    shop.aws.repositories(REGION).set_policy(WEB, a_policy(statements))


def present(shop):
    return shop.aws.policy_of(WEB)["Statement"]


def read(shop):
    """A reading that somebody asked for, after those of the last seconds."""
    wait(shop, 4)
    return shop.run(shop.services.scanner.refresh_repository(REGION, WEB))


def sweep(shop):
    """The background's readings of everything."""
    wait(shop, 400)
    for what in ("repositories", "policies"):
        shop.run(shop.services.scanner.turn(REGION, what))


def sids(text):
    return None if text is None else [each["Sid"] for each in json.loads(text)["Statement"]]


def changes(shop):
    return [(sids(change.before), sids(change.after)) for entry in entries(shop) for change in entry.changes]


def test_a_deny_that_somebody_adds_is_one_entry_with_both_texts_and_the_times_between(shop, granted):
    wait(shop)
    before = shop.services.clock.now()
    read(shop)
    put(shop, *present(shop), NOBODY)
    for _ in range(2):
        read(shop)
    (entry,) = entries(shop)
    ours = ["Terraform", f"AllowLightsailPull-{SERVICE}"]
    assert (entry.kind, entry.outcome, entry.asked_by, entry.follows) == ("policy_drift", "seen", "", granted)
    assert changes(shop) == [(ours, [*ours, "No"])]
    (change,) = entry.changes
    assert before < entry.started_at == change.planned_at < entry.ended_at == change.written_at


def test_each_change_is_an_entry_of_its_own(shop, granted):
    put(shop, *present(shop), NOBODY)
    read(shop)
    put(shop, *present(shop)[:-1])
    read(shop)
    put(shop, CI)
    read(shop)
    assert kinds(shop) == ["policy_drift", "policy_drift", "drift"]
    assert [after for _, after in changes(shop)][1:] == [["Terraform", f"AllowLightsailPull-{SERVICE}"], ["Terraform"]]


def test_another_order_or_layout_is_no_change(shop, granted, aws):
    text = json.loads(aws.known_repositories[REGION, WEB].policy)
    aws.known_repositories[REGION, WEB].policy = json.dumps(text, indent=4, sort_keys=True)
    read(shop)
    assert entries(shop) == []


def test_our_own_writes_are_none(shop, granted, aws):
    active(aws, "blog")
    read(shop)
    done(shop, shop.grant("blog", WEB))
    read(shop)
    done(shop, shop.revoke("blog", WEB))
    read(shop)
    undone = shop.services.starter.undo(granted, "mika")
    done(shop, undone)
    read(shop)
    assert entries(shop) == []


def test_a_write_of_ours_whose_answer_was_lost_is_none(shop, granted, aws):
    active(aws, "blog")
    read(shop)
    aws.lose_answer(SET)
    done(shop, shop.grant("blog", WEB))
    read(shop)
    assert entries(shop) == []


def test_what_an_operation_of_ours_read_first_is_recorded_by_the_next_reading(shop, granted, aws):
    active(aws, "blog")
    read(shop)
    put(shop, *present(shop), {**CI, "Sid": "Late"})
    done(shop, shop.grant("blog", WEB))
    read(shop)
    assert kinds(shop) == ["policy_drift"]
    assert changes(shop)[0][1][-1] == "Late"


def test_a_role_that_aws_turns_into_an_id_is_none(shop, granted, aws):
    read(shop)
    text = aws.known_repositories[REGION, WEB].policy
    aws.known_repositories[REGION, WEB].policy = text.replace(
        "arn:aws:iam::123456789012:role/ci", "AROAEXAMPLEEXAMPLEEX1"
    )
    read(shop)
    assert entries(shop) == []


def test_what_was_written_before_a_restore_is_in_no_history(shop, granted):
    put(shop, *present(shop), NOBODY)
    with shop.services.db.write() as session:
        record_restored(session, "mika", "backup.db", shop.services.clock.now())
    read(shop)
    assert entries(shop) == []
    put(shop, *present(shop)[:-1])
    read(shop)
    assert kinds(shop) == ["policy_drift"]


@pytest.mark.both_databases
def test_access_that_was_taken_back_between_a_backup_and_its_restore_is_not_called_removed(shop, granted):
    put(shop, CI)
    with shop.services.db.write() as session:
        record_restored(session, "mika", "backup.db", shop.services.clock.now())
    with shop.services.db.write() as session:
        session.execute(delete(SeenRepository))  # as a restore does
    read(shop)
    assert entries(shop) == []


def test_a_repository_that_nothing_was_given_to_is_not_watched(shop, granted, aws):
    repository(aws, "other", a_policy([CI]))
    shop.run(shop.services.scanner.refresh_repository(REGION, "other"))
    wait(shop)
    repository(aws, "other", None)
    shop.run(shop.services.scanner.refresh_repository(REGION, "other"))
    assert entries(shop) == []


@pytest.mark.both_databases
def test_a_deleted_repository_is_one_entry_with_its_last_policy(shop, granted, aws):
    read(shop)
    del aws.known_repositories[REGION, WEB]
    assert read(shop).code == "repository.not_found"
    read(shop)
    sweep(shop)
    (entry,) = entries(shop)
    assert (entry.kind, entry.service, entry.follows) == ("repository_deleted", SERVICE, granted)
    assert entry.started_at < entry.ended_at
    assert changes(shop) == [(["Terraform", f"AllowLightsailPull-{SERVICE}"], None)]


def test_a_deleted_repository_that_an_operation_met_is_one_entry_too(shop, granted, aws):
    read(shop)
    wait(shop)
    del aws.known_repositories[REGION, WEB]
    assert shop.ended(shop.revoke(SERVICE, WEB)).problem.code == "repository.not_found"
    read(shop)
    sweep(shop)
    (entry,) = [each for each in entries(shop) if each.outcome == "seen"]
    assert (entry.kind, entry.follows) == ("repository_deleted", granted)


@pytest.mark.both_databases
def test_a_deleted_repository_is_found_by_the_whole_list_too(shop, granted, aws):
    read(shop)
    del aws.known_repositories[REGION, WEB]
    for _ in range(2):
        sweep(shop)
    assert kinds(shop) == ["repository_deleted"]


def test_a_repository_made_anew_between_two_readings_is_one_entry(shop, granted, aws):
    read(shop)
    sweep(shop)
    made = replace(a_repository(WEB), created_at=shop.services.clock.now())
    aws.add_repository(made, policy=None)
    for _ in range(2):
        sweep(shop)
    assert kinds(shop) == ["repository_recreated"]
    assert changes(shop) == [(["Terraform", f"AllowLightsailPull-{SERVICE}"], None)]
    done(shop, shop.grant(SERVICE, WEB))
    put(shop, *present(shop), NOBODY)
    read(shop)
    assert kinds(shop) == ["repository_recreated", "policy_drift"]


def test_a_list_from_before_our_last_reading_shows_no_deletion(shop, granted):
    at = shop.services.clock.now()
    read(shop)
    shop.services.scanner._sweeper.watch.listed(REGION, [], at)
    assert entries(shop) == []


def test_it_cannot_be_undone_or_retried(shop, granted):
    put(shop, *present(shop), NOBODY)
    read(shop)
    (entry,) = entries(shop)
    progress = shop.progress(entry.id)
    assert (progress.wrote_policy, progress.unconfirmed, progress.ended) == (False, False, True)
