"""Requests with one error each, generated from the OpenAPI document by a seed, and their expected responses.

python -m tests.api.fuzz --cases 3000 --seed 1   # `make fuzz`
"""

from __future__ import annotations

import argparse
import json
import random
import string
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from app.api.docs import document
from tests.api.documented import is_documented
from tests.console import Answer, RunningConsole, start_console

PLACES = {
    "region": "us-east-1",
    "name": "storefront-web",
    "operation_id": "00000000-0000-4000-8000-000000000000",
    "batch_id": "00000000-0000-4000-8000-000000000000",
    "finding_id": "0" * 20,
}
# As they would be right, so that nothing but what is wrong on purpose can be refused.
VALUES = {
    "repository": "edge/cache",
    "principals": ["AROAQ3EXAMPLEDEADROLE"],
    "kind": "grant",
    "previewed": "00",
    "action": "grant",
    "services": [{"region": "us-east-1", "name": "storefront-web"}],
    "reason": "By design",
    "principal": "123456789012",
    "form": "terraform",
    "region": "us-east-1",
    "q": "web",
    "image": "edge/cache:1.0",
}
NOTHING: Any = object()


@dataclass(frozen=True)
class Case:
    """One request, what is wrong with it, and what may be answered."""

    wrong: str
    method: str
    path: str
    body: str | None
    refused: bool

    def complaint(self, answer: Answer) -> str:
        """What is not as it should be; "" where all is."""
        if answer.status >= 500:
            return "a failure of the server"
        if self.refused and answer.status != 422:
            return "what it does not know was not refused"
        if answer.status >= 400 and "code" not in answer.json:
            return "a refusal of another shape"
        if not is_documented(self.method, self.path, answer.status):
            return "a status that is not documented"
        return ""


@dataclass(frozen=True)
class Route:
    """An operation of the document with what it takes."""

    method: str
    path: str
    parameters: tuple[str, ...]
    fields: dict[str, Any] | None
    required: tuple[str, ...]


def routes() -> list[Route]:
    """Every operation of the document."""
    found = []
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            schema = _body_schema(operation)
            parameters = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
            needed = [
                each["name"] for each in operation.get("parameters", ()) if each["in"] == "query" and each["required"]
            ]
            fields = None if schema is None else schema["properties"]
            required = (*needed, *(schema or {}).get("required", ()))
            found.append(Route(method.upper(), path, tuple(parameters), fields, required))
    return found


def _body_schema(operation: dict[str, Any]) -> dict[str, Any] | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    schema = content["schema"]
    reference = schema.get("$ref") or next(each["$ref"] for each in schema["anyOf"] if "$ref" in each)
    found: dict[str, Any] = document()["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _types(schema: dict[str, Any]) -> set[str]:
    """The JSON types that a field may have."""
    parts = schema.get("anyOf", [schema])
    return {each["type"] for each in parts if "type" in each}


class Fuzzer:
    """Makes cases from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._routes = routes()

    def cases(self) -> Iterator[Case]:
        """Case after case, each route and each kind of mistake in turn."""
        makers: list[Callable[[Route], Case | None]] = [
            self.unknown_field,
            self.unknown_parameter,
            self.repeated_field,
            self.repeated_parameter,
            self.body_that_is_not_taken,
            self.wrong_types,
            self.empty_repository,
            self.noise,
        ]
        while True:
            for route in self._routes:
                for maker in makers:
                    case = maker(route)
                    if case is not None:
                        yield case

    def unknown_field(self, route: Route) -> Case | None:
        if route.fields is None:
            return None
        body = {**self._right_body(route), self._misspelt(tuple(route.fields)): self._value()}
        return self._case("unknown field", route, body, refused=True)

    def unknown_parameter(self, route: Route) -> Case:
        more = {self._misspelt(route.parameters): self._text()}
        return self._case("unknown parameter", route, self._right_body(route), refused=True, more=list(more.items()))

    def repeated_field(self, route: Route) -> Case | None:
        body = self._right_body(route)
        if not body:
            return None
        name = self._random.choice(list(body))
        whole = json.dumps(body)
        twice = f"{{{json.dumps(name)}: {json.dumps(self._value())}, {whole[1:]}"
        return self._case("repeated field", route, twice, refused=True)

    def repeated_parameter(self, route: Route) -> Case | None:
        if not route.parameters:
            return None
        name = self._random.choice(route.parameters)
        more = [(name, self._text())] * (1 if name in route.required else 2)
        return self._case("repeated parameter", route, self._right_body(route), refused=True, more=more)

    def body_that_is_not_taken(self, route: Route) -> Case | None:
        if route.fields is not None:
            return None
        return self._case("body that is not taken", route, {"previewed": "00"}, refused=True)

    def wrong_types(self, route: Route) -> Case | None:
        if not route.fields:
            return None
        name = self._random.choice(list(route.fields))
        taken = _types(route.fields[name])
        values = {"integer": 5, "number": -1.5, "boolean": True, "object": {"a": []}}
        wrong = self._random.choice(
            [*(value for kind, value in values.items() if kind not in taken), [[]], [5], [None], {"": ""}]
        )
        return self._case("wrong type", route, {**self._right_body(route), name: wrong}, refused=True)

    def empty_repository(self, route: Route) -> Case | None:
        if "repository" not in route.required:
            return None
        if route.fields is None:
            return self._case("empty repository", route, None, refused=True, right={"repository": ""})
        return self._case("empty repository", route, {**self._right_body(route), "repository": ""}, refused=True)

    def noise(self, route: Route) -> Case:
        """Random requests about a service and a repository that do not exist, so that none can succeed."""
        names = (*VALUES, *route.parameters, "region", "repositories", "remove_statements")
        body = {self._random.choice(names): self._value() for _ in range(self._random.randrange(4))}
        query = [
            (self._random.choice((*route.parameters, "x")), self._text()) for _ in range(self._random.randrange(3))
        ]
        text = self._random.choice([None, json.dumps(body), self._text(), json.dumps(self._value())])
        return self._case("noise", route, text, refused=False, more=query, right={}, name=f"nobody-{self._text()}")

    def _case(
        self,
        wrong: str,
        route: Route,
        body: Any,
        *,
        refused: bool,
        more: list[tuple[str, str]] | None = None,
        right: dict[str, str] | None = None,
        name: str = PLACES["name"],
    ) -> Case:
        path = route.path
        for part, value in {**PLACES, "name": name}.items():
            path = path.replace(f"{{{part}}}", quote(value, safe=""))
        known = {each: str(VALUES[each]) for each in route.required if each in route.parameters}
        query = [*(known if right is None else right).items(), *(more or [])]
        payload = body if body is None or isinstance(body, str) else json.dumps(body)
        return Case(wrong, route.method, f"{path}?{urlencode(query)}" if query else path, payload, refused)

    def _right_body(self, route: Route) -> dict[str, Any] | None:
        if route.fields is None:
            return None
        body = {name: VALUES[name] for name in route.required if name in route.fields}
        if "match" in route.fields:
            body["match"] = "edge/cache"  # it or `repositories` has to be there
        kind = route.fields.get("kind")
        return {**body, "kind": kind["enum"][0]} if kind else body

    def _misspelt(self, known: tuple[str, ...]) -> str:
        """Return an unknown name, often close to a known one."""
        name = self._random.choice(known) if known and self._random.random() < 0.7 else self._text() or "x"
        at = self._random.randrange(len(name))
        changed = name[:at] + self._random.choice(["", "_", "x", name[at] * 2]) + name[at + 1 :]
        return changed if changed not in known else f"{name}s"

    def _text(self) -> str:
        letters = self._random.choice([string.ascii_letters, string.printable, "äß漢字🦊\u200b\u202e", "*?{}%s./:@-"])
        return "".join(self._random.choice(letters) for _ in range(self._random.randrange(1, 30)))

    def _value(self, depth: int = 0) -> Any:
        plain: list[Any] = [None, True, 0, -1, 1e300, "", self._text(), "edge/none!", 10**30]
        if depth > 2:
            return self._random.choice(plain)
        inner = [self._value(depth + 1) for _ in range(self._random.randrange(3))]
        return self._random.choice([*plain, inner, {self._text(): each for each in inner}])


def send(console: RunningConsole, case: Case) -> Answer:
    """The answer to a case."""
    kind = {} if case.body is None else {"Content_Type": "application/json"}
    return console.send(case.method, case.path, case.body, **kind)


def main() -> int:
    """Send cases to a console of its own and print what came of them; 1 if any was not as it should be."""
    parser = argparse.ArgumentParser(description="Send wrong requests to every route of the API.")
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    counts: Counter[tuple[str, int]] = Counter()
    complaints = []
    cases = Fuzzer(asked.seed).cases()
    with tempfile.TemporaryDirectory() as folder, start_console(Path(folder)) as console:
        for _ in range(asked.cases):
            case = next(cases)
            answer = send(console, case)
            counts[case.wrong, answer.status] += 1
            if complaint := case.complaint(answer):
                complaints.append(f"{complaint}: {answer.status} {case}")
        operations = console.get("/api/v1/operations").json["operations"]
    for (wrong, status), count in sorted(counts.items()):
        print(f"{count:6} {wrong:24} {status}")
    print(f"{asked.cases} cases, seed {asked.seed}, {len(complaints)} complaints, {len(operations)} operations started")
    print(*complaints[:20], sep="\n")
    return 1 if complaints or operations else 0


if __name__ == "__main__":
    sys.exit(main())
