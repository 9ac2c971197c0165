"""Findings follow what the inventory learns: policies, roles, registry policies and dismissals."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from app.errors import Problem
from app.findings.check import check_due, mark_expired
from app.findings.dismissals import DismissalRequest, dismiss, restore
from app.findings.ended import judge_again
from app.findings.queries import (
    FindingCursor,
    FindingFilter,
    broken_by_service,
    count_findings,
    count_open,
    find_finding,
    findings_of,
    list_findings,
)
from app.inventory import repositories, store
from app.inventory.future import take_back_future_times
from app.inventory.policies import PolicyUnread, remember_unread
from app.inventory.registries import RegistryReading, remember_registry
from app.inventory.repositories import RepositoryFilter, count_repositories, list_repositories
from app.keys import RepositoryKey
from tests.build import REGION, SERVICE, a_policy, a_service, a_statement, an_active_role, general_arn, puller_arn
from tests.history.happened import happened
from tests.inventory.at import HERE, MINUTE, NOON, allow, keep, keep_many

CONNECTION = "default"
WEB = "storefront/web"


def settle(db, now=NOON):
    while check_due(db, CONNECTION, now):
        pass


def codes(db, **wanted):
    page = list_findings(db, CONNECTION, FindingFilter(**wanted), NOON)
    return [(row.finding.repository, row.finding.code) for row in page.rows]


def state(db, name=WEB):
    return repositories.list_repository(db, RepositoryKey(CONNECTION, REGION, name))


def test_a_repository_is_unread_until_it_was_judged_and_then_fine(db):
    store.remember_service(db, CONNECTION, a_service(role=an_active_role()), NOON)
    keep(db, WEB, allow(puller_arn()))
    assert state(db).state == "unread"
    assert state(db).pullers is None
    settle(db)
    judged = state(db)
    assert (judged.state, judged.severity, judged.is_due) == ("fine", "", False)
    assert judged.pullers["services"] == [SERVICE]
    assert judged.policy_size == len(a_policy([allow(puller_arn())]).replace(", ", ",").replace(": ", ":"))


def test_a_policy_that_can_no_longer_be_read_is_no_longer_called_fine(db):
    store.remember_service(db, CONNECTION, a_service(role=an_active_role()), NOON)
    keep(db, WEB, allow(puller_arn()))
    keep(db, "other/app", allow("*"))
    settle(db)
    before = [state(db).state, state(db, "other/app").state]
    for minutes in (1, 2):
        refused = [
            PolicyUnread(name, Problem("aws.access_denied"), NOON + minutes * MINUTE) for name in (WEB, "other/app")
        ]
        remember_unread(db, *HERE, refused)
        settle(db)
    assert before == ["fine", "findings"]
    assert [state(db).state, state(db, "other/app").state] == ["unread", "findings"]
    assert (count_findings(db, CONNECTION, NOON).outdated, state(db).is_due) == (2, False)
    keep(db, WEB, allow(puller_arn()), at=NOON + 3 * MINUTE)
    settle(db)
    assert (state(db).state, count_findings(db, CONNECTION, NOON).outdated) == ("fine", 1)


def test_a_role_that_changes_makes_its_statement_a_finding_and_back(db):
    keep(db, WEB, allow(puller_arn()))
    keep(db, "other/app", a_statement())
    store.remember_services(db, *HERE, [a_service(role=an_active_role())], NOON)
    settle(db)
    assert codes(db) == []
    store.remember_services(db, *HERE, [a_service()], NOON + MINUTE)
    assert [state(db).is_due, state(db, "other/app").is_due] == [True, False]
    settle(db)
    assert codes(db) == [(WEB, "finding.inactive_role")]
    store.remember_service(db, CONNECTION, a_service(role=an_active_role()), NOON + 2 * MINUTE)
    settle(db)
    assert codes(db) == []


def test_since_stays_when_a_finding_is_seen_again(db):
    store.remember_service(db, CONNECTION, a_service(role=an_active_role()), NOON)
    keep(db, WEB, allow(general_arn()))
    settle(db, NOON)
    keep(db, WEB, allow(general_arn()), a_statement(), at=NOON + MINUTE)
    settle(db, NOON + MINUTE)
    [row] = findings_of(db, RepositoryKey(CONNECTION, REGION, WEB), NOON + MINUTE)
    assert row.since == NOON
    assert broken_by_service(db, CONNECTION, NOON) == {(REGION, SERVICE): 1}


def test_a_registry_policy_that_appears_is_weighed_with_every_repository(db):
    store.remember_service(db, CONNECTION, a_service(role=an_active_role()), NOON)
    keep(db, WEB, allow(puller_arn()))
    settle(db)
    deny = a_policy([{**a_statement(sid="Lock", effect="Deny", principal="*"), "Resource": "*"}])
    remember_registry(db, *HERE, RegistryReading(NOON, deny, "V2"))
    settle(db)
    assert codes(db) == [(WEB, "verdict.denied_in_registry")]
    remember_registry(db, *HERE, RegistryReading(NOON + MINUTE, deny, "V2"))
    assert not state(db).is_due  # nothing new


def removed(db):
    """Access that was given and then removed outside Sailpass, as a finding."""
    store.remember_services(db, *HERE, [a_service(role=an_active_role())], NOON)
    happened(db, "given", NOON, service=SERVICE, repository=WEB, sequence=1)
    happened(db, "drift", NOON, kind="drift", outcome="seen", service=SERVICE, repository=WEB, sequence=2)
    keep(db, WEB, a_statement())
    settle(db)
    assert codes(db) == [(WEB, "finding.access_removed")]


def test_removed_access_is_no_finding_once_the_role_is_off(db):
    removed(db)
    happened(db, "off", NOON + MINUTE, kind="deactivate", service=SERVICE, repository="", sequence=3)
    judge_again(db, "off")
    settle(db)
    assert codes(db) == []


def test_removed_access_is_no_finding_once_the_service_is_gone(db):
    removed(db)
    store.remember_services(db, *HERE, [], NOON + MINUTE)
    mark_expired(db, CONNECTION, NOON + MINUTE)
    settle(db)
    assert codes(db) == []
    mark_expired(db, CONNECTION, NOON + MINUTE)
    assert not state(db).is_due


def test_a_policy_that_changes_while_it_is_judged_is_judged_again(db, monkeypatch):
    keep(db, WEB, allow("*"))

    def judge_slowly(subject, registry, now):
        keep(db, WEB, a_statement(), at=NOON + MINUTE)
        monkeypatch.undo()
        return judge(subject, registry, now)

    from app.findings.check import judge  # noqa: PLC0415  (the real one, before it is replaced)

    monkeypatch.setattr("app.findings.check.judge", judge_slowly)
    check_due(db, CONNECTION, NOON)
    assert state(db).is_due
    assert codes(db) == []
    settle(db)
    assert state(db).state == "fine"


def test_a_deleted_repository_takes_its_findings_along(db):
    keep(db, WEB, allow("*"))
    settle(db)
    assert len(codes(db)) == 1
    store.forget_repository(db, RepositoryKey(*HERE, WEB), NOON + MINUTE)
    assert codes(db) == []


def test_a_dismissed_finding_is_hidden_with_its_reason_until_its_time(db):
    keep(db, WEB, allow("*"))
    settle(db)
    [row] = list_findings(db, CONNECTION, FindingFilter(), NOON).rows
    dismiss(db, CONNECTION, DismissalRequest(row.finding.id, " Public  by design ", 30, "mika"), NOON)
    settle(db)
    assert codes(db) == []
    assert state(db).state == "fine"
    assert count_open(db, CONNECTION, NOON) == 0
    assert count_findings(db, CONNECTION, NOON).dismissed == 1
    hidden = find_finding(db, CONNECTION, row.finding.id, NOON).dismissal
    assert (hidden.reason, hidden.person, hidden.until) == ("Public by design", "mika", NOON + timedelta(days=30))
    later = NOON + timedelta(days=31)
    mark_expired(db, CONNECTION, later)
    settle(db, later)
    assert state(db).state == "findings"
    assert count_open(db, CONNECTION, later) == 1


def test_a_dismissed_deny_does_not_hide_the_deny_that_replaces_it(db):
    store.remember_service(db, CONNECTION, a_service(role=an_active_role()), NOON)
    deny = a_statement(sid="Freeze", effect="Deny", principal="*")
    keep(db, WEB, allow(puller_arn()), deny)
    settle(db)
    [row] = list_findings(db, CONNECTION, FindingFilter(), NOON).rows
    dismiss(db, CONNECTION, DismissalRequest(row.finding.id, "Frozen until Monday", 30, "mika"), NOON)
    keep(db, WEB, a_statement(), allow(puller_arn()), deny, at=NOON + MINUTE)
    settle(db)
    before = count_open(db, CONNECTION, NOON)
    keep(db, WEB, allow(puller_arn()), {**deny, "Action": "ecr:*"}, at=NOON + 2 * MINUTE)
    settle(db)
    assert (before, count_open(db, CONNECTION, NOON), state(db).state) == (0, 1, "findings")


def test_what_was_judged_while_the_clock_was_ahead_is_judged_again(db):
    until = {"DateLessThan": {"aws:CurrentTime": (NOON + timedelta(days=1)).isoformat()}}
    store.remember_service(db, CONNECTION, a_service(role=an_active_role()), NOON)
    keep(db, WEB, allow(puller_arn(), Condition=until))
    settle(db, NOON + timedelta(days=365))
    assert state(db).state == "findings"
    take_back_future_times(db, NOON)
    mark_expired(db, CONNECTION, NOON)
    settle(db)
    assert state(db).state == "fine"


def test_a_finding_is_not_told_as_of_a_time_to_come_once_the_clock_is_right(db):
    keep(db, WEB, allow("*"))
    settle(db, NOON + timedelta(days=365))
    take_back_future_times(db, NOON)
    settle(db)
    [row] = list_findings(db, CONNECTION, FindingFilter(), NOON).rows
    assert row.since == NOON


def test_a_dismissal_can_be_taken_back(db):
    keep(db, WEB, allow("*"))
    settle(db)
    [row] = list_findings(db, CONNECTION, FindingFilter(), NOON).rows
    dismiss(db, CONNECTION, DismissalRequest(row.finding.id, "Public", 7, "mika"), NOON)
    restore(db, CONNECTION, row.finding.id)
    settle(db)
    assert state(db).state == "findings"
    with pytest.raises(Problem, match=r"finding\.not_dismissed"):
        restore(db, CONNECTION, row.finding.id)


@pytest.mark.parametrize(
    "reason, days, code",
    [
        (" ", 7, "finding.no_reason"),
        ("x" * 501, 7, "finding.reason_too_long"),
        ("Public", 8, "finding.bad_days"),
        ("Public", 7, "finding.not_found"),
    ],
)
def test_a_dismissal_needs_a_reason_a_time_and_a_finding(db, reason, days, code):
    with pytest.raises(Problem) as raised:
        dismiss(db, CONNECTION, DismissalRequest("nothing", reason, days, "mika"), NOON)
    assert raised.value.code == code


def test_pages_of_findings_and_repositories_continue_at_their_cursor(db):
    names = [f"team/app-{number}" for number in range(7)]
    keep_many(db, names, allow("*"))
    settle(db)
    seen, after = [], None
    while True:
        page = list_findings(db, CONNECTION, FindingFilter(), NOON, after=after, limit=3)
        seen += [row.finding.repository for row in page.rows]
        if page.next is None:
            break
        after = FindingCursor.from_text(page.next.to_text())
    assert seen == names
    first = list_repositories(db, CONNECTION, RepositoryFilter(name="APP"), limit=4)
    rest = list_repositories(
        db,
        CONNECTION,
        RepositoryFilter(name="app"),
        after=repositories.RepositoryCursor.from_text(first.next.to_text()),
        limit=4,
    )
    assert [row.name for row in (*first.rows, *rest.rows)] == names
    assert rest.next is None


def test_repositories_are_filtered_and_counted_by_state(db):
    keep(db, "a/open", allow("*"))
    keep(db, "b/fine", a_statement())
    keep(db, "c/bare")
    settle(db)
    keep(db, "d/new", a_statement())
    assert count_repositories(db, CONNECTION).by_state == {"findings": 1, "fine": 1, "none": 1, "unread": 1}
    for wanted, name in (("findings", "a/open"), ("fine", "b/fine"), ("none", "c/bare"), ("unread", "d/new")):
        page = list_repositories(db, CONNECTION, RepositoryFilter(state=wanted))
        assert [row.name for row in page.rows] == [name]
    with pytest.raises(Problem):
        list_repositories(db, CONNECTION, RepositoryFilter(state="odd"))


def test_a_page_sends_as_many_queries_and_reads_no_policy_with_many_repositories_as_with_few(db):
    def cost():
        sent = []

        def note(_connection, _cursor, statement, *_):
            sent.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        list_repositories(db, CONNECTION, RepositoryFilter(name="r"))
        list_findings(db, CONNECTION, FindingFilter(name="r"), NOON)
        count_findings(db, CONNECTION, NOON)
        event.remove(db.engine, "before_cursor_execute", note)
        assert not any("policy_text" in statement for statement in sent)
        return len(sent)

    keep_many(db, ["r/1", "r/2"], allow("*"))
    settle(db)
    few = cost()
    keep_many(db, [f"r/{number:04}" for number in range(300)], allow("*"))
    settle(db)
    assert cost() == few
