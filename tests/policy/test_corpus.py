import json

import pytest

from app.errors import Problem
from app.policy.canonical import canonical, equivalent
from app.policy.diff import diff_texts
from app.policy.document import parse
from app.policy.evaluate import evaluate
from app.policy.findings import findings
from app.policy.grant import plan_grant
from app.policy.messages import WORDS, say
from app.policy.refusal import refusal_reasons
from app.policy.revoke import plan_revoke
from app.policy.room import make_room
from app.policy.undo import plan_undo
from app.policy.verdict import Access
from app.policy.who_can_pull import readers
from tests.policy.build import CORPUS, CORPUS_FOLDER, read
from tests.policy.names import PULLER
from tests.policy.rewriting import as_ecr_returns

POLICIES = [pytest.param(path, id=path.stem) for path in CORPUS]
MALFORMED = {
    "no-principal": "policy.malformed",
    "no-statement": "policy.no_statement",
    "identity-policy": "policy.malformed",
}
DENIED = {"OursOnly": Access.DENIED, "OfficeOnly": Access.CONDITIONAL}

every_policy = pytest.mark.parametrize("path", POLICIES)


def granted(text):
    return plan_grant(text, principal_arn=PULLER, service="shop").after


@every_policy
def test_grant_then_revoke_gives_back_the_very_same_policy(path):
    text = read(path)
    after = plan_revoke(granted(text), principals=[PULLER]).after
    original = json.loads(text)
    original["Statement"] = list(parse(text).statements)
    assert json.dumps(json.loads(after) if after != text else original) == json.dumps(original)


@every_policy
@pytest.mark.parametrize("seed", range(3))
def test_grant_rewritten_by_ecr_then_revoke_says_the_same_as_before(path, seed):
    text = read(path)
    held = as_ecr_returns(granted(text), seed)
    assert equivalent(plan_revoke(held, principals=[PULLER]).after, text)


@every_policy
@pytest.mark.parametrize("seed", range(3))
def test_what_ecr_rewrites_is_no_change(path, seed):
    text = read(path)
    assert canonical(as_ecr_returns(text, seed)) == canonical(text)
    diff = diff_texts(text, as_ecr_returns(text, seed))
    assert (diff.added, diff.removed) == (0, 0)


@every_policy
def test_after_a_grant_the_role_may_pull_unless_a_deny_speaks_of_it(path):
    sids = {one.get("Sid") for one in parse(read(path)).statements}
    expected = next((access for sid, access in DENIED.items() if sid in sids), Access.ALLOWED)
    assert evaluate(granted(read(path)), PULLER).access is expected


@every_policy
def test_granting_what_ecr_has_rewritten_a_second_time_writes_nothing(path):
    held = as_ecr_returns(granted(read(path)), 7)
    again = plan_grant(held, principal_arn=PULLER, service="shop")
    assert not again.needed
    assert again.after == held


@every_policy
def test_undoing_a_grant_after_ecr_rewrote_it_says_what_stood_before(path):
    text = read(path)
    held = as_ecr_returns(granted(text), 5)
    assert equivalent(plan_undo(text, granted(text), held).after, text)


@every_policy
def test_everything_said_of_it_has_words(path):
    text = read(path)
    said = [say(one.code, one.params) for one in findings(text, service="shop", role=PULLER)]
    said += [say(reader.verdict.code, reader.verdict.params) for reader in readers(text)]
    assert said
    assert all("%(" not in sentence for sentence in said)


@every_policy
def test_what_makes_room_and_what_may_be_refused_has_words(path):
    text = read(path)
    assert all(proposal.code in WORDS for proposal in make_room(parse(text)))
    assert all("%(" not in say(one.code, one.params) for one in refusal_reasons(text))


@pytest.mark.parametrize("name, code", MALFORMED.items())
def test_a_malformed_policy_is_refused_by_its_own_problem(name, code):
    with pytest.raises(Problem) as refused:
        plan_grant(read(CORPUS_FOLDER / "malformed" / f"{name}.json"), principal_arn=PULLER, service="shop")
    assert refused.value.code == code
