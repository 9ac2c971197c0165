"""Evaluates a statement's `Condition` for one request: true, false, or open if the request does not decide it.

By AWS's reference of condition operators: tests are ANDed, a test's values ORed (for a negated operator: none of them
may match), and a test whose key is absent is false, but true for a negated operator and with `IfExists`. Nothing is
guessed: what depends on a value that only AWS knows stays open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.policy import strict_json
from app.policy.comparing import COMPARISONS, Compare
from app.policy.context_keys import Possible, RequestContext, fact_of
from app.policy.statement import Statement, cut

_OPERATOR = re.compile(
    r"(?:(?P<quantifier>ForAllValues|ForAnyValue):)?(?P<base>[A-Za-z]+?)(?P<if_exists>IfExists)?", re.IGNORECASE
)
_CLOCKS = ("aws:currenttime", "aws:epochtime")
VARIABLES_SINCE = "2012-10-17"
"""From this `Version` on, `${…}` in a policy means a value of the request; in earlier versions it is literal text."""


@dataclass(frozen=True)
class Condition:
    """One operator on one key, as the policy writes it. `variables`: whether `${…}` in its values is replaced."""

    operator: str
    key: str
    values: tuple[str, ...]
    variables: bool = False

    @property
    def text(self) -> str:
        """The test as readable text, with long lists of values cut."""
        values = [*map(cut, self.values[:_SHOWN]), *(["…"] if len(self.values) > _SHOWN else [])]
        return " ".join(part for part in (self.operator, cut(self.key), "=", ", ".join(values)) if part)

    @cached_property
    def is_personal(self) -> bool:
        """Whether the result may differ for another principal."""
        fact = fact_of(self.key.lower())
        return (fact is not None and fact.personal) or (self.variables and any("${" in value for value in self.values))

    @cached_property
    def _parts(self) -> tuple[str, str, bool]:
        match = _OPERATOR.fullmatch(self.operator)
        if match is None:
            return "", "", False
        return (match["quantifier"] or "").lower(), match["base"].lower(), bool(match["if_exists"])

    @property
    def base(self) -> str:
        """The operator in lower case without its quantifier and `IfExists`."""
        return self._parts[1]

    @property
    def is_known(self) -> bool:
        """Whether IAM has this operator."""
        quantifier, base, if_exists = self._parts
        return base in COMPARISONS or (base == "null" and not quantifier and not if_exists)

    @property
    def is_end(self) -> bool:
        """Whether it holds until some time."""
        ends = ("datelessthan", "numericlessthan")
        return self.key.lower() in _CLOCKS and self.base.removesuffix("equals") in ends

    @property
    def is_start(self) -> bool:
        """Whether it holds from some time on."""
        starts = ("dategreaterthan", "numericgreaterthan")
        return self.key.lower() in _CLOCKS and self.base.removesuffix("equals") in starts

    def holds(self, request: RequestContext) -> bool | None:
        """Return whether the test is true for this request; None if that is unknown."""
        if not self.values:
            return self._without_values()
        answers = {self._holds(possible, request) for possible in request.possible(self.key.lower())}
        return answers.pop() if len(answers) == 1 else None

    def _holds(self, values: Possible, request: RequestContext) -> bool | None:
        quantifier, base, if_exists = self._parts
        if base == "null" and not quantifier:
            return any_of(_is_null(value, absent=values is None) for value in self.values)
        comparison = COMPARISONS.get(base)
        if comparison is None:
            return None
        if values is None:
            return self._without_key(quantifier, negated=comparison.negated, if_exists=if_exists)
        matches = (self._matches(comparison, value, request) for value in values)
        fact = fact_of(self.key.lower())
        if quantifier == "forallvalues":
            return all_of(matches)
        answer = any_of(matches)
        if fact is not None and fact.multivalued and not quantifier:
            return False if answer is False else None  # AWS does not document a test without a quantifier in this case
        return answer

    def _without_values(self) -> bool | None:
        """AWS's policy checks say that such a test is true, and also that its statement gives no permission."""
        quantifier, _, if_exists = self._parts
        return False if quantifier == "foranyvalue" and not if_exists else None

    @staticmethod
    def _without_key(quantifier: str, *, negated: bool, if_exists: bool) -> bool | None:
        if quantifier == "forallvalues":
            return True
        if quantifier == "foranyvalue":
            return None if if_exists else False  # AWS does not document which of the two wins
        return negated or if_exists

    def _matches(self, comparison: Compare, value: Any, request: RequestContext) -> bool | None:
        matched = any_of(
            comparison.matches(written, value, request, self.key.lower(), variables=self.variables)
            for written in self.values
        )
        return negation(matched) if comparison.negated else matched


def conditions_of(statement: Statement, version: object) -> tuple[Condition, ...]:
    """Return each test of the statement's `Condition`, in a policy of this `Version`."""
    tests = statement.get("Condition") or {}
    variables = version == VARIABLES_SINCE
    return tuple(
        Condition(operator, key, _texts(values), variables)
        for operator, keys in tests.items()
        for key, values in keys.items()
    )


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Return True if any answer is True, else None if one is open, else False."""
    open_answers = False
    for answer in answers:
        if answer:
            return True
        open_answers = open_answers or answer is None
    return None if open_answers else False


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """Return False if any answer is False, else None if one is open, else True."""
    return negation(any_of(negation(answer) for answer in answers))


def negation(answer: bool | None) -> bool | None:
    """Return the opposite; what is open stays open."""
    return None if answer is None else not answer


def _is_null(value: str, *, absent: bool) -> bool | None:
    """Return whether `Null` with this value is true; None for anything but true and false, which AWS doesn't define."""
    return None if value.lower() not in ("true", "false") else (value.lower() == "true") is absent


_SHOWN = 3


def _texts(values: Any) -> tuple[str, ...]:
    listed = values if isinstance(values, list) else [values]
    return tuple(value if isinstance(value, str) else strict_json.dump(value, indent=None) for value in listed)
