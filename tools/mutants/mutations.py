"""Return small faults of a Python source, one at a time. Pure.

Every fault changes what the program does and nothing else: docstrings, annotations, log lines and assertions stay as
they are. The list of a source is always in the same order, so that a fault is named by its number.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
# Calls whose texts are for people, and which the tests of words check as a whole.
NOT_CHANGED = {"N_", "log", "TypeVar", "ParamSpec", "NewType", "getLogger"}


@dataclass(frozen=True)
class Mutant:
    """A fault: the line it is in, what it makes of which expression, and the whole module with it.

    `statement`: the line where the statement of a function begins that it is in; None where it runs at import.
    `part`: what was put in, a node of the module.
    """

    line: int
    statement: int | None
    before: str
    after: str
    tree: ast.Module
    part: ast.AST


@dataclass(frozen=True)
class _Site:
    """Where a fault goes: the field of a node, its index in a list of nodes, and what comes there."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    replacement: ast.AST


def count(source: str) -> int:
    """How many faults `mutant` can make of a source."""
    return sum(1 for _ in _sites(ast.parse(source)))


def mutant(source: str, number: int) -> Mutant:
    """Make one fault; IndexError where there are fewer."""
    tree = ast.parse(source)
    for at, site in enumerate(_sites(tree)):
        if at == number:
            before, after = (ast.unparse(each).partition("\n")[0] for each in (site.node, site.replacement))
            line, statement = getattr(site.node, "lineno", 0), statement_lines(tree).get(id(site.node))
            _put(site)
            return Mutant(line, statement, before, after, ast.fix_missing_locations(tree), site.replacement)
    raise IndexError(number)


def statement_lines(tree: ast.AST) -> dict[int, int]:
    """Return, for the id of each node inside a function, the first line of the innermost statement that it is in."""
    lines: dict[int, int] = {}

    def visit(parent: ast.AST, line: int | None, is_inside: bool) -> None:
        is_function = isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef)
        for name, value in ast.iter_fields(parent):
            is_run_later = is_inside or (is_function and name == "body")
            for node in value if isinstance(value, list) else [value]:
                if isinstance(node, ast.AST):
                    own = node.lineno if is_run_later and isinstance(node, ast.stmt) else line
                    if own is not None:
                        lines[id(node)] = own
                    visit(node, own, is_run_later)

    visit(tree, None, is_inside=False)
    return lines


def _put(site: _Site) -> None:
    if site.index is None:
        setattr(site.parent, site.field, site.replacement)
    else:
        getattr(site.parent, site.field)[site.index] = site.replacement


def _sites(tree: ast.AST) -> Iterator[_Site]:
    for parent, field, index, node in _nodes(tree):
        for replacement in _replacements(node):
            yield _Site(parent, field, index, node, replacement)


def _nodes(parent: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Every node whose change counts, with where it hangs."""
    for field, value in ast.iter_fields(parent):
        if field in {"annotation", "returns", "type_params", "decorator_list"}:
            continue
        children: list[Any] = value if isinstance(value, list) else [value]
        for index, node in enumerate(children):
            if not isinstance(node, ast.AST) or _is_left_alone(node):
                continue
            yield parent, field, index if isinstance(value, list) else None, node
            yield from _nodes(node)


def _is_left_alone(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert | ast.Import | ast.ImportFrom | ast.JoinedStr):
        return True
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and _name_of(node.exc.func) == "AssertionError":
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring
    if isinstance(node, ast.Assign) and any(
        isinstance(name, ast.Name) and name.id == "__all__" for name in node.targets
    ):
        return True
    expression = node.value if isinstance(node, ast.Expr) else node
    return isinstance(expression, ast.Call) and _name_of(expression.func) in NOT_CHANGED


def _name_of(function: ast.expr) -> str:
    while isinstance(function, ast.Attribute) and isinstance(function.value, ast.Attribute | ast.Name):
        if isinstance(function.value, ast.Name) and function.value.id in NOT_CHANGED:
            return function.value.id
        function = function.value
    return function.id if isinstance(function, ast.Name) else ""


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    kind = type(node)
    if kind in MAKERS:
        yield from MAKERS[kind](node)


def _of_comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for at, operator in enumerate(node.ops):
        if type(operator) in COMPARISONS:
            changed = [*node.ops[:at], COMPARISONS[type(operator)](), *node.ops[at + 1 :]]
            yield ast.Compare(node.left, changed, node.comparators)


def _of_boolean(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)


def _of_unary(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.Not):
        yield node.operand


def _of_binary(node: ast.BinOp) -> Iterator[ast.AST]:
    if type(node.op) in OPERATORS and not isinstance(node.left, ast.Constant | ast.JoinedStr):
        yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)


def _of_constant(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
        if value > 1:
            yield ast.Constant(value * 720)
    elif isinstance(value, str):
        yield ast.Constant(f"XX{value}")


def _of_return(node: ast.Return) -> Iterator[ast.AST]:
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield ast.Return(ast.Constant(None))


def _of_branch(node: ast.If) -> Iterator[ast.AST]:
    yield ast.If(ast.Constant(False), node.body, node.orelse)
    yield ast.If(ast.Constant(True), node.body, node.orelse)


def _of_choice(node: ast.IfExp) -> Iterator[ast.AST]:
    yield node.body
    yield node.orelse


def _of_statement(node: ast.Expr) -> Iterator[ast.AST]:
    if isinstance(node.value, ast.Call | ast.Await):
        yield ast.Pass()


def _of_loop_end(node: ast.Continue | ast.Break) -> Iterator[ast.AST]:
    yield ast.Break() if isinstance(node, ast.Continue) else ast.Continue()


MAKERS: dict[type[ast.AST], Callable[[Any], Iterator[ast.AST]]] = {
    ast.Compare: _of_comparison,
    ast.BoolOp: _of_boolean,
    ast.UnaryOp: _of_unary,
    ast.BinOp: _of_binary,
    ast.Constant: _of_constant,
    ast.Return: _of_return,
    ast.If: _of_branch,
    ast.IfExp: _of_choice,
    ast.Expr: _of_statement,
    ast.Continue: _of_loop_end,
    ast.Break: _of_loop_end,
}
