import csv
import json

import pytest

from app.history.export import COLUMNS, csv_lines, json_lines
from app.history.search import HistoryFilter
from tests.databases import statements
from tests.history.happened import MINUTE, NOON, happened, living

ALL = HistoryFilter()
PROBLEM = {"code": "aws.access_denied", "aws_code": "AccessDeniedException", "params": {}}


def rows(db, wanted=ALL):
    return list(csv.DictReader(csv_lines(db, wanted)))


def test_csv_has_a_row_per_operation_newest_first(db):
    happened(db, "old", repository="shop/web")
    living(db, "new", NOON + MINUTE)
    newest, oldest = rows(db)
    assert (newest["id"], newest["outcome"], newest["ended_at"]) == ("new", "", "")
    assert (oldest["repository"], oldest["request_ids"], oldest["policy_writes"]) == ("shop/web", "request-1", "1")


def test_csv_times_are_in_utc(db):
    happened(db, "op")
    assert rows(db)[0]["asked_at"] == "2026-03-01T12:00:00+00:00"


def test_csv_tells_a_failure_by_its_codes(db):
    happened(db, "op", outcome="failed", problem=PROBLEM)
    assert [rows(db)[0][column] for column in ("problem", "aws_code")] == ["aws.access_denied", "AccessDeniedException"]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(db, sign):
    happened(db, "op", asked_by=f"{sign}HYPERLINK(0)")
    assert rows(db)[0]["asked_by"] == f"'{sign}HYPERLINK(0)"


def test_csv_keeps_commas_quotes_and_line_ends_in_their_cell(db):
    happened(db, "op", asked_by='Mika, "the\noperator"')
    (row,) = rows(db)
    assert row["asked_by"] == 'Mika, "the\noperator"'
    assert list(row) == list(COLUMNS)


def test_json_tells_steps_and_policies_before_and_after(db):
    happened(db, "op", outcome="failed", problem=PROBLEM)
    (document,) = json.loads("".join(json_lines(db, ALL)))
    assert document["problem"] == PROBLEM
    assert document["steps"][0]["request_ids"] == ["request-1"]
    assert (document["changes"][0]["before"], document["changes"][0]["after"]) == (None, "{}")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_json_is_a_list_of_any_length(db, count):
    for number in range(count):
        happened(db, f"op-{number}")
    assert len(json.loads("".join(json_lines(db, ALL)))) == count


def test_an_export_holds_what_the_filter_lets_through(db):
    happened(db, "grant")
    happened(db, "revoke", kind="revoke")
    assert [row["id"] for row in rows(db, HistoryFilter(kind="revoke"))] == ["revoke"]


def test_an_export_reads_no_more_than_what_is_asked_of_it(db):
    for number in range(10):
        happened(db, f"op-{number}")
    lines = csv_lines(db, ALL, batch=2)
    with statements(db) as sent:
        assert next(lines).startswith("id,kind")
        assert next(lines).startswith("op-9")
    assert sum("FROM operations " in statement for statement in sent) == 1


def test_a_write_that_nobody_answered_is_counted_by_itself(db):
    operation = happened(db, "op", outcome="interrupted")
    with db.write() as session:
        session.merge(operation).changes[0].written_at = None
    (row,) = rows(db)
    assert (row["outcome"], row["policy_writes"], row["policy_writes_unknown"]) == ("interrupted", "0", "1")
