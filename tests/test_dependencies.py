"""Every imported package is declared, so that no release of another package can remove it."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.console import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OURS = {"app", "tests", "tools", "campaign", "benchmarks", "sailpass"}


def names(requirements):
    return {re.match(r"[\w.-]+", each)[0].lower().replace("_", "-") for each in requirements if isinstance(each, str)}


RUNTIME = names(PROJECT["project"]["dependencies"])
DEVELOPMENT = RUNTIME | names(PROJECT["dependency-groups"]["dev"]) | names(PROJECT["dependency-groups"]["build"])


def imported(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield node.module.partition(".")[0]


@pytest.mark.parametrize(
    "folders, declared", [(("app", "migrations"), RUNTIME), (("campaign", "benchmarks", "tests"), DEVELOPMENT)]
)
def test_every_package_that_is_imported_is_declared(folders, declared):
    local = OURS | {path.stem for path in (ROOT / "tools").glob("*.py")}
    distributions = packages_distributions()
    missing = {
        name
        for name in set(imported(*folders)) - set(sys.stdlib_module_names) - local
        if not {each.lower().replace("_", "-") for each in distributions.get(name, ())} & declared
    }
    assert missing == set()
