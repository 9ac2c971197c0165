"""Takes single edits of ours back from the current statements, and notes where others changed the same ones.

An index finds every statement by its content, so that many edits on many statements take linear time.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from app.policy.arns import WILDCARD, same_form
from app.policy.canonical import body_key, same_statement, statement_key
from app.policy.change import Edit, edits_between, matched
from app.policy.moved_principals import moved_principals
from app.policy.principals import died_since
from app.policy.shared_statement import is_shared
from app.policy.statement import Statement, is_allow, label, named_by


@dataclass(frozen=True)
class Clash:
    """A conflict with another's change: the item as it was before us, as we left it, as it is now.

    None means that it was absent. `place` is how people find it: a statement's label, or a top-level key.
    """

    place: str
    before: Statement | None
    ours: Statement | None
    now: Statement | None


class _Node:
    """A statement in the current list. `number` is its initial index there; `ours`: it is accounted for."""

    __slots__ = ("gone", "next", "number", "ours", "statement")

    def __init__(self, statement: Statement, number: int) -> None:
        self.statement = statement
        self.number = number
        self.ours = self.gone = False
        self.next: _Node | None = None

    def insert_behind(self, statement: Statement) -> _Node:
        node = _Node(statement, self.number)
        node.next, self.next = self.next, node
        return node

    @property
    def label(self) -> str:
        return label(self.number, self.statement)


class ThreeWayMerge:
    """The current statements, from which our edits are taken back one by one."""

    def __init__(self, before: Sequence[Statement], ours: Sequence[Statement], now: Sequence[Statement]) -> None:
        self.clashes: list[Clash] = []
        self._first = _Node({}, -1)
        self._first.gone = True
        nodes: list[_Node] = []
        node = self._first
        for statement in now:
            node = node.insert_behind(statement)
            node.number = len(nodes)
            nodes.append(node)
        # Also those that others have changed: what was behind one of them is put back behind it.
        present = {i: j for i, j in matched(ours, now) if i is not None and j is not None}
        self._twins = {
            i: nodes[j] for i, j in present.items() if same_statement(ours[i], now[j]) or died_since(ours[i], now[j])
        }
        for twin in self._twins.values():
            twin.ours = True
        self._standing: dict[int, _Node] = {}
        self._standing_at: list[int] = []
        for i, j in matched(before, ours):
            if i is not None and j is not None and j in present:
                self._stands(i, nodes[present[j]])
        self._theirs = _Index(node for node in nodes if not node.ours)
        self._edits = edits_between(before, ours)

    def run(self) -> tuple[Statement, ...]:
        """Take back every edit that can be, and return the statements left. `clashes` holds those that cannot be."""
        for edit in self._edits:
            self._take_back(edit)
        return tuple(self._left())

    def _left(self) -> Iterator[Statement]:
        node: _Node | None = self._first
        while node is not None:
            if not node.gone:
                yield node.statement
            node = node.next

    def _take_back(self, edit: Edit) -> None:
        twin = None if edit.after_index is None else self._twins.get(edit.after_index)
        if edit.after is None and edit.before is not None:
            self._put_back(edit.before, edit.before_index or 0)
        elif edit.before is None and edit.after is not None:
            twin = twin or self._theirs.same_as(edit.after)  # it may be elsewhere since: removed, and added again
            if twin is not None:
                twin.gone = True
            else:
                self._clashes_with_namesake(edit.after, before=None, ours=edit.after)
        elif edit.before is not None and edit.after is not None:
            if twin is not None:
                self._becomes(twin, _with_deaths(edit.before, edit.after, twin.statement), edit.before_index or 0)
            else:
                self._change_back(edit.before, edit.after, edit)

    def _put_back(self, removed: Statement, index: int) -> None:
        back = self._theirs.same_as(removed)
        if back is None:
            if self._clashes_with_namesake(removed, before=removed, ours=None):
                return
            back = self._behind(index).insert_behind(removed)
        back.ours = True
        self._stands(index, back)

    def _change_back(self, before: Statement, ours: Statement, edit: Edit) -> None:
        if self._theirs.same_as(before) is not None:
            return
        theirs = self._theirs.saying(ours)
        merged = moved_principals(theirs.statement, ours, before) if theirs else None
        if theirs is not None and merged is not None:
            self._becomes(theirs, merged, edit.before_index or 0)
            return
        if theirs is not None and is_shared(theirs.statement) and not _names_others(theirs.statement, before, ours):
            theirs.ours = theirs.gone = True
            return
        now = self._theirs.with_sid(ours)
        statement_label = now.label if now else label(edit.after_index or 0, ours)
        self.clashes.append(Clash(statement_label, before, ours, now.statement if now else None))

    def _clashes_with_namesake(self, statement: Statement, *, before: Statement | None, ours: Statement | None) -> bool:
        """Note a clash if another statement with the same effect names a principal of this one; return whether so."""
        theirs = self._theirs.naming_one_of(statement)
        if theirs is not None:
            self.clashes.append(Clash(theirs.label, before, ours, theirs.statement))
        return theirs is not None

    def _becomes(self, node: _Node, statement: Statement, index: int) -> None:
        node.statement = statement
        node.ours = True
        self._stands(index, node)

    def _stands(self, index: int, node: _Node) -> None:
        if index not in self._standing:
            insort(self._standing_at, index)
        self._standing[index] = node

    def _behind(self, index: int) -> _Node:
        """Return the nearest statement that was before this position and still exists."""
        at = bisect_left(self._standing_at, index)
        return self._standing[self._standing_at[at - 1]] if at else self._first


def _names_others(now: Statement, before: Statement, ours: Statement) -> bool:
    """Return whether `now` names a principal that was not added between `before` and `ours`."""
    was, made, left = ({same_form(value) for _, value in named_by(statement)} for statement in (before, ours, now))
    return not left <= made - was


def _with_deaths(before: Statement, ours: Statement, now: Statement) -> Statement:
    """Return `before` with the ids by which `now` names principals that were deleted since `ours`, if it names these."""
    died = set(named_by(ours)) - set(named_by(now))
    return before if died.isdisjoint(named_by(before)) else moved_principals(before, ours, now) or before


class _Index:
    """Other people's statements by content; finds the first that is not accounted for."""

    def __init__(self, nodes: Iterator[_Node]) -> None:
        self._queues: dict[Hashable, deque[_Node]] = {}
        for node in nodes:
            for key in self._keys(node.statement):
                self._queues.setdefault(key, deque()).append(node)

    def same_as(self, statement: Statement) -> _Node | None:
        return self._first("same", statement_key(statement))

    def saying(self, statement: Statement) -> _Node | None:
        """Return one that says the same of other principals."""
        return self._first("saying", body_key(statement))

    def with_sid(self, statement: Statement) -> _Node | None:
        return self._first("sid", str(statement["Sid"])) if statement.get("Sid") else None

    def naming_one_of(self, statement: Statement) -> _Node | None:
        """Return one with the same effect for one of the same principals."""
        candidates = (self._first(*key) for key in self._names(statement))
        return min((node for node in candidates if node), key=lambda node: node.number, default=None)

    def _keys(self, statement: Statement) -> Iterator[Hashable]:
        yield "same", statement_key(statement)
        yield "saying", body_key(statement)
        if statement.get("Sid"):
            yield "sid", str(statement["Sid"])
        yield from self._names(statement)

    def _names(self, statement: Statement) -> Iterator[tuple[Hashable, ...]]:
        return (
            ("named", is_allow(statement), *principal)
            for principal in dict.fromkeys(named_by(statement))
            if principal[1] != WILDCARD
        )

    def _first(self, *key: Hashable) -> _Node | None:
        queue = self._queues.get(key, deque())
        while queue and (queue[0].ours or queue[0].gone):
            queue.popleft()
        return queue[0] if queue else None
