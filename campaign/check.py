"""Judges what a run left behind, from the sandbox's own records and the history. Must never use the console's policy
code, nor its words for what it did: a mistake there must show here.

A policy is followed through every write it saw, by whom and when. What must hold:

1. Every operation ended, with no step left open.
2. A grant holds exactly once, a revoke left nothing: judged by the last operation on that service and repository.
3. Every statement of somebody else is the same JSON, in every write of ours; except one that ECR itself lost: written
   after our last reading before our write, or hidden from that reading by a stale answer.
4. The history tells each write of ours, in order, with the text that was there before and the one after; one whose
   answer was lost at least as a write that AWS never confirmed.

The evidence's `late` says of requests, by their ids, when they were sent that reached AWS later.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from app.sandbox import ids
from app.sandbox.policy_access import allows
from app.sandbox.policy_text import rewritten, statements, values
from campaign.compare import common, comparable, covers, more, principals

PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
FOREIGN_WRITER = "another writer"
READ = "ecr:GetRepositoryPolicy"
ANSWERED = ("ok", "RepositoryPolicyNotFoundException")
WRITES = ("ecr:SetRepositoryPolicy", "ecr:DeleteRepositoryPolicy")
GIVES = ("grant", "repair")
# Whether the role is on after it.
ON_ROLE = {"activate": True, "deactivate": False, "reactivate": True}
# Ends that are right for an operation which cannot be done: what AWS holds does not let it.
RIGHTLY_FAILED = frozenset({"policy.dead_principals", "access.denied", "policy.undo_conflict"})


@dataclass
class Verdict:
    """`wrong`: what must not be. The rest is counted and told."""

    wrong: list[str] = field(default_factory=list)
    lost_by_ecr: int = 0
    taken_by_foreigner: int = 0
    rightly_failed: int = 0
    unknowable: int = 0
    unanswered: int = 0
    merged_again: int = 0


def judge(aws: dict[str, Any], operations: list[dict[str, Any]]) -> Verdict:
    """Everything, for one run; the last operation is the one that was requested last, whichever began it."""
    operations = sorted(operations, key=lambda each: (each["asked_at"], each["id"]))
    verdict = Verdict()
    _check_ends(operations, verdict)
    for name, repository in aws["repositories"].items():
        _Repository(name, repository, aws, operations, verdict).check()
    for name, service in aws["services"].items():
        _check_role(name, service, operations, verdict)
        _check_deployments(name, service.get("deployed", []), operations, verdict)
    return verdict


def _check_deployments(
    service: str, deployed: list[dict[str, Any]], operations: list[dict[str, Any]], verdict: Verdict
) -> None:
    """Each step that deployed made one deployment, in which all but the image is as it was before."""
    steps = [
        (step["name"], step["state"])
        for operation in operations
        if (operation["kind"], operation["service"]) == ("deploy", service)
        for step in operation["steps"]
    ]
    least = sum(step in (("deploy", "succeeded"), ("roll_back", "succeeded")) for step in steps)
    most = least + steps.count(("roll_back", "failed"))  # what it deployed may have failed in its turn
    more = len(deployed[1:])
    if not least <= more <= most:
        verdict.wrong.append(f"{least} steps deployed to {service}, which has {more} deployments more")
    for before, after in pairwise(deployed):
        back = {**after, "app": {**after["app"], "image": before["app"]["image"]}}
        if back != before:
            verdict.wrong.append(f"a deployment to {service} changed more than an image")


def _check_role(service: str, found: dict[str, Any], operations: list[dict[str, Any]], verdict: Verdict) -> None:
    """The role is as the last operation on it was to leave it, where nothing was given to the service after that."""
    mine = [each for each in operations if each["service"] == service and each["kind"] in {*ON_ROLE, *GIVES}]
    last = max(mine, key=lambda each: each["asked_at"], default=None)
    if last is None or last["kind"] not in ON_ROLE or last["outcome"] in {"failed", "cancelled"}:
        return
    is_on = bool(found["arn"])
    if is_on is not ON_ROLE[last["kind"]]:
        verdict.wrong.append(f"after the {last['kind']} of {service} its role is {'on' if is_on else 'off'}")


def _check_ends(operations: list[dict[str, Any]], verdict: Verdict) -> None:
    for each in operations:
        what = _named(each)
        if each["outcome"] is None:
            verdict.wrong.append(f"{what} is left running")
            continue
        open_steps = [step["name"] for step in each["steps"] if step["state"] == "running"]
        if open_steps:
            verdict.wrong.append(f"{what} ended with open steps: {', '.join(open_steps)}")
        if each["outcome"] == "failed" and not each["problem"]:
            verdict.wrong.append(f"{what} failed without a reason")
        if each["problem"] == "internal":
            verdict.wrong.append(f"{what} broke")
        verdict.merged_again += any(step["note"] == "policy.foreign_write" for step in each["steps"])


class _Repository:
    """One repository's policy through time."""

    def __init__(
        self, name: str, found: dict[str, Any], aws: dict[str, Any], operations: list[dict[str, Any]], verdict: Verdict
    ) -> None:
        self.name = name
        self.found = found
        self.services: dict[str, Any] = aws["services"]
        self.revisions: list[dict[str, Any]] = found["revisions"]
        # When the policy was read, and of when the text was that ECR told then.
        self.reads = [
            (call["at"], self._told_of(call["at"]) if call["request_id"] in aws["stale"] else call["at"])
            for call in aws["calls"]
            if call["action"] == READ and call["params"].get("repositoryName") == name and call["outcome"] in ANSWERED
        ]
        self.calls = aws["calls"]
        self.late: dict[str, float] = aws.get("late", {})
        self.operations = [each for each in operations if each["repository"] == name and each["kind"] != "deploy"]
        self.by_id = {each["id"]: each for each in operations}
        self.verdict = verdict
        self.ours = {arn for service in self.services.values() for arn in (*service["every"], service["general"])}
        self.ours |= {ids.unique_id(arn) for arn in self.ours}

    def check(self) -> None:
        self._check_foreign()
        self._check_history()
        self._check_stored()
        for service in self.services:
            self._check_access(service)

    # Statements of others.

    def _check_foreign(self) -> None:
        known: list[str] = self._foreign(self.found["first"])
        changed: dict[str, float] = {}
        deleted: list[str] = []
        for revision in self.revisions:
            there = self._foreign(revision["document"])
            different = [*more(known, there), *more(there, known)]
            if revision["by"] == FOREIGN_WRITER:
                changed |= dict.fromkeys(different, revision["at"])
            else:
                # The answer of a deletion tells what was deleted: what nobody had seen is put back.
                back = common(more(there, known), deleted)
                read_at = self._read_before(self._sent_at(revision))
                unseen = [each for each in different if changed.get(each, 0.0) >= read_at - 0.001]
                unseen = more(unseen, back)
                self.verdict.lost_by_ecr += len(unseen) - len(back)
                for each in more(more(different, unseen), back):
                    did = "lost" if each in known else "brought in"
                    self._wrong(f"a write of ours {did} somebody else's statement {each}")
                deleted = common(more(known, there), unseen) if revision["document"] is None else []
            known = there

    def _read_before(self, at: float) -> float:
        """Of when the text was that was read last before a moment."""
        return max(((read, told_of) for read, told_of in self.reads if read < at), default=(0.0, 0.0))[1]

    def _sent_at(self, revision: dict[str, Any]) -> float:
        """When the request of a write left us: something on the way may have held it back."""
        at: float = revision["at"]
        sent = (self.late.get(call["request_id"]) for call in self._calls_of(revision))
        return next((each for each in sent if each is not None), at)

    def _calls_of(self, revision: dict[str, Any]) -> list[dict[str, Any]]:
        near = (call for call in self.calls if abs(call["at"] - revision["at"]) < 0.002)
        return [call for call in near if call["action"] in WRITES]

    def _told_of(self, at: float) -> float:
        """A stale answer is the text before the last write."""
        return max((each["at"] for each in self.revisions if each["at"] <= at), default=at) - 0.002

    def _foreign(self, document: Any) -> list[str]:
        """The statements without our principals, as comparable texts; those that were ours alone are left out."""
        if not isinstance(document, dict):
            return []
        stripped = (self._stripped(each) for each in statements(rewritten(document)))
        return sorted(comparable(each) for each in stripped if each is not None)

    def _stripped(self, statement: dict[str, Any]) -> dict[str, Any] | None:
        principal = statement.get("Principal")
        if not isinstance(principal, dict) or "AWS" not in principal:
            return statement
        named = values(principal["AWS"])
        left = [each for each in named if each not in self.ours]
        if left == named:
            return statement
        rest = {**principal, "AWS": left if len(left) != 1 else left[0]}
        if not left:
            del rest["AWS"]
        return {**statement, "Principal": rest} if rest else None

    # The history.

    def _check_history(self) -> None:
        ours = [each for each in self.revisions if each["by"] != FOREIGN_WRITER]
        told = [change for each in self.operations for change in each["changes"] if change["repository"] == self.name]
        for change in told:
            if change["written_at"] is None and change["unanswered_at"] is None:
                self._wrong("a write was planned, and nobody knows what became of it")
        # What an operation puts back begins with what its part of a shared deletion had taken away.
        taken = [change["before"] for change in told if change["after"] is None]
        told = self._whole_writes(told)
        doubtful = [each for each in told if each["written_at"] is None and each["unanswered_at"] is not None]
        told = sorted((each for each in told if each["written_at"] is not None), key=lambda each: each["written_at"])
        unknowable = self._unknowable(ours)
        self.verdict.unknowable += len(unknowable)
        self.verdict.unanswered += len(doubtful)
        for revision in ours:
            if told and self._same(told[0], revision):
                self._check_before(told.pop(0), revision, taken)
            elif not any(self._same(each, revision) for each in doubtful) and revision not in unknowable:
                self._wrong(f"the history does not tell the write that AWS took at {revision['at']}")
        for change in told:
            self._wrong(f"the history tells a write at {change['written_at']} that AWS never took")

    def _whole_writes(self, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The writes as they were sent: one of a batch may carry the changes of several operations, one after the other."""
        by_write: defaultdict[float, list[dict[str, Any]]] = defaultdict(list)
        for change in sorted(told, key=lambda each: (each["planned_at"], each["operation"])):
            by_write[change["planned_at"]].append(change)
        for parts in by_write.values():
            if any(self._text(before["after"]) != self._text(after["before"]) for before, after in pairwise(parts)):
                self._wrong("the parts of a write do not follow each other")
        return [
            {
                **parts[-1],
                "before": parts[0]["before"],
                "written_at": min((each["written_at"] for each in parts if each["written_at"]), default=None),
            }
            for parts in by_write.values()
        ]

    def _check_stored(self) -> None:
        """What the console holds for the policy is one that was there: never a part of one, nor a thing made of two."""
        there = [self.found["first"], *(each["document"] for each in self.revisions)]
        if "stored" in self.found and self._text(self.found["stored"]) not in [self._text(each) for each in there]:
            self._wrong(f"the policy that is stored never was there: {self.found['stored']}")

    def _same(self, change: dict[str, Any], revision: dict[str, Any]) -> bool:
        return self._text(change["after"]) == self._text(revision["document"])

    def _check_before(self, change: dict[str, Any], revision: dict[str, Any], taken: list[Any]) -> None:
        sofar = self.revisions[: self.revisions.index(revision)]
        there = [self.found["first"], *(each["document"] for each in sofar), *(taken if change["after"] else ())]
        if self._text(change["before"]) not in [self._text(each) for each in there]:
            self._wrong(f"the text before the write at {revision['at']} never was there")

    def _unknowable(self, ours: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Writes whose answer was lost and that somebody overwrote before we could look: nobody can know of them."""
        found = []
        for each in ours:
            answered = any(call["outcome"] == "ok" for call in self._calls_of(each))
            looked = min((at for at, told_of in self.reads if told_of > each["at"]), default=float("inf"))
            overwritten = any(
                each["at"] < other["at"] <= looked and other["by"] == FOREIGN_WRITER for other in self.revisions
            )
            if not answered and overwritten:
                found.append(each)
        return found

    def _text(self, policy: Any) -> str:
        """Comparable: a text or a document; principals that died by either of their names."""
        document = json.loads(policy) if isinstance(policy, str) else policy
        if not isinstance(document, dict):
            return ""
        text = comparable(rewritten(document))
        for arn in sorted(self.ours):
            if arn.startswith("arn:"):
                text = text.replace(json.dumps(arn), json.dumps(ids.unique_id(arn)))
        return comparable(json.loads(text))

    # Access.

    def _check_access(self, service: str) -> None:
        mine = [each for each in self.operations if each["service"] == service]
        wanted = self._wanted(mine)
        if wanted is None:
            return
        found, last = self._holds(service, self.found["now"]), mine[-1]
        if self._taken_by_foreigner(service, last):
            self.verdict.taken_by_foreigner += 1
        elif wanted and found != 1:
            self._wrong(f"after {_named(last)} the service {service} is allowed {found} times")
        elif not wanted and found:
            self._wrong(f"after {_named(last)} the policy still names {service}")

    def _wanted(self, operations: list[dict[str, Any]]) -> bool | None:
        """Whether the service is to have access; None when nobody can say."""
        if not operations:
            return None
        last = operations[-1]
        if last["outcome"] == "failed":
            self.verdict.rightly_failed += last["problem"] in RIGHTLY_FAILED
            if last["problem"] not in RIGHTLY_FAILED:
                self._wrong(f"{_named(last)} failed though AWS was well: {last['problem']}")
            return None
        if last["outcome"] == "cancelled":
            return None
        if last["kind"] == "undo":
            undone = self.by_id[last["follows"]]
            if undone["kind"] == "reactivate":
                return self._had_before_deactivation(undone)
            before = undone["changes"][-1]["before"]
            return self._holds(last["service"], before and json.loads(before)) > 0
        return last["kind"] in GIVES

    def _had_before_deactivation(self, reactivation: dict[str, Any]) -> bool:
        """Whether the service had access before what this undoes; its role may have another ARN since."""
        chain = [reactivation]
        while chain[-1]["kind"] != "deactivate":  # a retry follows the one before it
            chain.append(self.by_id[chain[-1]["follows"]])
        removal = next(each for each in self.operations if each["follows"] == chain[-1]["id"] and each["changes"])
        service = self.services[removal["service"]]
        steps = [step for each in chain[:-1] for step in each["steps"]]
        was_off = any((step["name"], step["state"]) == ("activate_role", "succeeded") for step in steps)
        before = removal["changes"][0]["before"].replace(service["every"][-2 if was_off else -1], service["arn"])
        return self._holds(removal["service"], json.loads(before)) > 0

    def _holds(self, service: str, document: Any) -> int:
        """How many times over the role's ARN is allowed both actions; for one without a role, how often it is named."""
        known = self.services[service]
        document = document if isinstance(document, dict) else None
        arn = known["arn"]
        if not arn or not allows(document, arn, PULL[0]) or not allows(document, arn, PULL[1]):
            every = {known["arn"], known["general"]} - {""}
            return sum(bool(every & set(principals(each))) for each in statements(document or {}))
        naming = [
            each for each in statements(document or {}) if arn in principals(each) and each.get("Effect") == "Allow"
        ]
        counts = [sum(covers(each, action) for each in naming) for action in PULL]
        return max(counts)

    def _taken_by_foreigner(self, service: str, operation: dict[str, Any]) -> bool:
        """Somebody else changed our part of the policy after the operation had last looked."""
        looked = self._read_before((operation["ended_at"] or 0.0) + 0.002)
        before = None
        for revision in [{"at": 0.0, "by": "", "document": self.found["first"]}, *self.revisions]:
            now = self._holds(service, revision["document"])
            if revision["by"] == FOREIGN_WRITER and revision["at"] >= looked - 0.001 and now != before:
                return True
            before = now
        return False

    def _wrong(self, sentence: str) -> None:
        self.verdict.wrong.append(f"{self.name}: {sentence}")


def _named(operation: dict[str, Any]) -> str:
    return f"the {operation['kind']} of {operation['repository']} for {operation['service']}"
