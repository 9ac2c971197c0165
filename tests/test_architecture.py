"""Who may import whom. Each rule says why in the message that its failure prints."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APP = ROOT / "app"

PURE = ("app.errors", "app.wording", "app.policy")
# Of a layer (by its module prefix): what of ours it may import.
MAY_IMPORT = {
    "app.errors": (),
    "app.wording": (),
    "app.clock": (),
    "app.files": (),
    "app.resources": (),
    "app.urls": (),
    "app.ecr_names": (),
    "app.settings": ("app.files", "app.urls"),
    "app.limits": (),
    "app.threads": ("app.errors",),
    "app.messages.problems": (
        "app.errors",
        "app.messages.problems_aws",
        "app.messages.problems_commands",
        "app.messages.problems_deployments",
        "app.messages.problems_findings",
        "app.messages.problems_policies",
        "app.wording",
    ),
    "app.messages.problems_aws": ("app.wording",),
    "app.messages.problems_commands": ("app.wording",),
    "app.messages.problems_deployments": ("app.wording",),
    "app.messages.problems_findings": ("app.wording",),
    "app.messages.problems_policies": ("app.wording",),
    "app.messages.i18n": (),
    "app.postgresql": (),
    "app.sqlite_file": (),
    "app.outage": (),
    "app.db": ("app.files", "app.outage", "app.postgresql", "app.sqlite_file"),
    "app.keys": (),
    "app.json_escapes": (),
    "app.bounded_response": (),
    "app.policy": ("app.errors", "app.json_escapes", "app.limits", "app.wording", "app.policy"),
    "app.aws": ("app.errors", "app.bounded_response", "app.clock", "app.json_escapes", "app.limits", "app.aws"),
    "app.history": ("app.errors", "app.clock", "app.db", "app.keys", "app.history"),
    "app.inventory": (
        "app.errors",
        "app.clock",
        "app.db",
        "app.keys",
        "app.ecr_names",
        "app.policy",
        "app.aws",
        "app.inventory",
    ),
    "app.findings": (
        "app.errors",
        "app.clock",
        "app.db",
        "app.keys",
        "app.wording",
        "app.policy",
        "app.history",
        "app.inventory",
        "app.findings",
    ),
    "app.as_code": ("app.wording", "app.as_code", "app.policy.strict_json"),
    "app.diagnosis": (
        "app.as_code",
        "app.ecr_names",
        "app.errors",
        "app.wording",
        "app.policy",
        "app.aws.ports",
        "app.aws.pull_ports",
        "app.diagnosis",
    ),
    "app.deployments": (
        "app.ecr_names",
        "app.errors",
        "app.wording",
        "app.aws.ports",
        "app.aws.pull_ports",
        "app.aws.deployment_ports",
        "app.diagnosis",
        "app.deployments",
    ),
    "app.sandbox": ("app.sandbox",),
}
REASONS = {
    "app.policy": "policies are decided purely, so that they can be tested whole",
    "app.aws": "the AWS side knows nothing of what it is used for",
    "app.history": "history only stores: what it records is decided above it",
    "app.inventory": "the inventory reads and stores; it starts nothing",
    "app.findings": "findings are judged on what was read; whoever shows or repairs them stands above",
    "app.as_code": "texts are written from plain values, so that the same ones come out of every front",
    "app.diagnosis": "causes are decided on facts, whoever read them",
    "app.deployments": "what is deployed is decided purely, and holds no value that may be shown",
    "app.sandbox": "a mistake must not stand in the console and in its sandbox alike",
}
# Of a layer: what it never imports, and why.
MAY_NOT_IMPORT = {
    "app.console": (
        ("app.web", "app.api", "app.http", "app.client", "app.commands", "app.messages.labels", "app.main", "app.cli"),
        "answers know no HTTP, no HTML and no terminal, so that every front gives the same ones",
    ),
    "app.api": (("app.web", "app.client", "app.commands"), "the API stands on the console's answers, not on pages"),
    "app.web": (("app.api", "app.client", "app.commands"), "pages stand on the console's answers, not on the API"),
    "app.http": (("app.web", "app.api", "app.client", "app.commands"), "what the fronts share knows none of them"),
    "app.messages": (("app.web", "app.api", "app.http"), "sentences are the same in every front"),
}
# A library: the only places that may import it.
ONLY_IN = {
    "boto3": ("app.aws", "app.sandbox"),
    "botocore": ("app.aws", "app.sandbox"),
    "dbos": ("app.operations.engine",),
    "fastapi": ("app.web", "app.api", "app.http", "app.main"),
    "starlette": ("app.web", "app.api", "app.http", "app.main", "app.auth", "app.sandbox"),
    "jinja2": ("app.web",),
}


def modules():
    for path in sorted(APP.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield name, path


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name, places):
    return any(name == place or name.startswith(place + ".") for place in places)


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_a_layer_imports_only_what_is_below_it(layer):
    broken = [
        f"{name} imports {imported}"
        for name, path in modules()
        if within(name, (layer,))
        for imported in imports(path)
        if imported.startswith("app.") and not within(imported, MAY_IMPORT[layer])
    ]
    assert not broken, REASONS.get(layer, f"{layer} is at the bottom: everybody may use it, it uses nobody")


@pytest.mark.parametrize("layer", MAY_NOT_IMPORT)
def test_a_layer_knows_nothing_of_those_beside_and_above_it(layer):
    forbidden, reason = MAY_NOT_IMPORT[layer]
    broken = [
        f"{name} imports {imported}"
        for name, path in modules()
        if within(name, (layer,))
        for imported in imports(path)
        if within(imported, forbidden)
    ]
    assert not broken, reason


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_imported_in_one_place(library):
    broken = [
        f"{name} imports {imported}"
        for name, path in modules()
        if not within(name, ONLY_IN[library])
        for imported in imports(path)
        if imported.split(".")[0] == library
    ]
    assert not broken, f"only {', '.join(ONLY_IN[library])} may know {library}"


def test_sql_is_written_where_tables_are_kept():
    layers = ("app.history", "app.inventory", "app.findings", "app.auth", "app.backup", "app.db", "app.migrate")
    # The lease, the engine's own tables, the locks on all, and what joins a table of the history with the inventory's.
    own = ("lease", "models", "engine", "naming", "table_locks")
    exceptions = tuple(f"app.operations.{name}" for name in own)
    broken = [
        f"{name} imports {imported}"
        for name, path in modules()
        if not within(name, layers + exceptions)
        for imported in imports(path)
        if imported.split(".")[0] == "sqlalchemy" and imported.split(".")[1] not in ("exc", "engine", "dialects")
    ]
    assert not broken, "whoever changes a table finds every statement about it beside it"


def test_nothing_but_the_commands_imports_the_sandbox():
    broken = [
        name
        for name, path in modules()
        if not within(name, ("app.sandbox", "app.cli", "app.demo", "app.commands"))
        and any(within(imported, ("app.sandbox",)) for imported in imports(path))
    ]
    assert not broken, "the sandbox is a product of its own"


def test_operations_know_no_adapter_and_no_http():
    forbidden = ("app.web", "app.api", "app.cli", "app.aws.session", "app.aws.ecr", "app.aws.lightsail")
    broken = [
        f"{name} imports {imported}"
        for name, path in modules()
        if within(name, ("app.operations",))
        for imported in imports(path)
        if within(imported, forbidden)
    ]
    assert not broken, "operations work with ports, so that they run on any AWS and under any front"


def test_the_core_catches_everything_only_at_its_edges():
    """An operation, a request, what runs beside them, and where the SDK and sources of credentials may raise anything."""
    edges = {
        "app.operations.workflow",
        "app.supervisor",
        "app.inventory.background_sync",
        "app.aws.role_poller",
        "app.aws.clients",
        "app.aws.credentials",
        "app.aws.pull_reads",
    }
    broken = [
        name
        for name, path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id == "Exception"
        if name not in edges
    ]
    assert not broken, "a broad catch hides what nobody foresaw"


def test_public_names_of_the_core_are_documented():
    bare = [
        f"{name}.{node.name}"
        for name, path in modules()
        if within(name, ("app.policy", "app.aws", "app.operations", "app.as_code", "app.diagnosis", "app.deployments"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert not bare, "people trust production policies to this code: say what goes in and out"


def test_a_class_name_has_one_meaning():
    """API schemas are the JSON of what bears their name; the sandbox has AWS's things by AWS's names."""
    defined = [
        (node.name, name)
        for name, path in modules()
        if not within(name, ("app.api.schemas", "app.sandbox"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    names = [name for name, _ in defined]
    assert [each for each in defined if names.count(each[0]) > 1] == []
