"""Find the statements that use what a module makes while it is imported: its constants, classes and defaults. Pure.

A fault there is played against the tests that reach one of these statements. Names decide, whatever they stand for:
one that two modules use for different things leads to more tests than needed, never to fewer.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.mutants.mutations import statement_lines

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
NOT_RUN = {"annotation", "returns"}


class Names:
    """The names that some modules use: in which statements of functions, and to make which other names."""

    def __init__(self, sources: Mapping[Path, str]) -> None:
        self._statements: dict[str, set[str]] = defaultdict(set)
        self._makes: dict[str, set[str]] = defaultdict(set)
        for file, source in sources.items():
            tree = ast.parse(source)
            lines = statement_lines(tree)
            for node, bound in _with_bound(tree, ()):
                for name in _names_in(node):
                    if id(node) in lines:
                        self._statements[name].add(f"{file}:{lines[id(node)]}")
                    else:
                        self._makes[name].update(bound)
                if isinstance(node, FUNCTIONS):
                    self._statements[node.name].add(f"{file}:{lines[id(node.body[0])]}")

    def made_of(self, names: frozenset[str]) -> frozenset[str]:
        """Return the names, and all that are made with one of them while modules are imported."""
        known, new = set(names), set(names)
        while new:
            new = {made for name in new for made in self._makes[name]} - known
            known |= new
        return frozenset(known)

    def statements(self, names: frozenset[str]) -> frozenset[str]:
        """Return the statements that use one of the names, as `file:line`."""
        return frozenset(statement for name in names for statement in self._statements[name])


def bound_by(tree: ast.Module, part: ast.AST) -> frozenset[str]:
    """Return the names that a part of a module helps to make while the module is imported; none if nobody can tell."""
    return next((frozenset(bound) for node, bound in _with_bound(tree, ()) if node is part), frozenset())


def _with_bound(parent: ast.AST, bound: tuple[str, ...]) -> Iterator[tuple[ast.AST, tuple[str, ...]]]:
    """Every node, with the names of the definitions and assignments that it is in."""
    for field, value in ast.iter_fields(parent):
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST) and field not in NOT_RUN:
                inner = (*bound, *_bound_here(node))
                yield node, inner
                yield from _with_bound(node, inner)


def _bound_here(node: ast.AST) -> list[str]:
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.alias):
        return [node.asname or node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]


def _names_in(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
            return [name]
        case ast.alias(name=name, asname=str()):
            return [name.rpartition(".")[2]]
    return []
