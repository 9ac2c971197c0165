"""Writes tests/deploy/kubernetes_schema.json: the schemas of the kinds in deploy/kubernetes.yaml, for offline tests.

    pip download --no-deps kubernetes-validate && python tools/kubernetes_schema.py kubernetes_validate-*.whl

The package holds every version of every kind (70 MB); the tests need four kinds of one. Apache-2.0, as Kubernetes.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "tests" / "deploy" / "kubernetes_schema.json"
FOLDER = "kubernetes_validate/kubernetes-json-schema/v1.37.0-local-strict/"
KINDS = {
    "ServiceAccount": "serviceaccount-v1",
    "Deployment": "deployment-apps-v1",
    "Service": "service-v1",
    "PodDisruptionBudget": "poddisruptionbudget-policy-v1",
}
REFERENCE = re.compile(r'"(?:/api/_definitions\.json)?#/\$defs/([^"]+)"')


def main() -> None:
    with zipfile.ZipFile(sys.argv[1]) as package:
        definitions = json.loads(package.read(f"{FOLDER}_definitions.json"))["$defs"]
        kinds = {kind: _bare(json.loads(package.read(f"{FOLDER}{name}.json"))) for kind, name in KINDS.items()}
    needed: dict[str, Any] = {}
    _add(json.dumps(kinds), definitions, needed)
    text = json.dumps({"kinds": kinds, "$defs": dict(sorted(needed.items()))}, indent=1, sort_keys=True)
    TARGET.write_text(text.replace("/api/_definitions.json#/", "#/") + "\n")


def _add(text: str, definitions: dict[str, Any], needed: dict[str, Any]) -> None:
    """Add every definition that a schema refers to, and what those refer to."""
    for name in REFERENCE.findall(text):
        if name not in needed:
            needed[name] = _bare(definitions[name])
            _add(json.dumps(needed[name]), definitions, needed)


def _bare(schema: Any) -> Any:
    """A schema without its prose."""
    if isinstance(schema, dict):
        return {
            key: _bare(value) for key, value in schema.items() if not (key == "description" and isinstance(value, str))
        }
    return [_bare(each) for each in schema] if isinstance(schema, list) else schema


main()
