"""The sandbox shares no code with the console, so that both can't have the same mistake."""

from __future__ import annotations

import ast
from pathlib import Path

import app.sandbox

FILES = sorted(Path(app.sandbox.__path__[0]).glob("*.py"))


def imports(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name} imports by dots"
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def test_the_sandbox_imports_nothing_else_of_ours():
    ours = {name for file in FILES for name in imports(file) if name.split(".")[0] == "app"}
    assert {name for name in ours if not name.startswith("app.sandbox")} == set()


def test_only_the_models_are_taken_from_botocore():
    theirs = {(file.name, name) for file in FILES for name in imports(file) if name.startswith("boto")}
    assert theirs == {("model.py", "botocore.loaders"), ("model.py", "botocore.model")}
