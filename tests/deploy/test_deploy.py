"""The container image, compose file, Kubernetes manifest, systemd unit and workflows are valid, pinned and confined."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.console import ROOT, console

__all__ = ["console"]

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
OBJECTS = {each["kind"]: each for each in yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text())}
UNIT = (ROOT / "deploy" / "sailpass.service").read_text()
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCHEMAS = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
KUBERNETES = json.loads(Path(__file__).with_name("kubernetes_schema.json").read_text())
PINNED = re.compile(r"\S+:\S+@sha256:[0-9a-f]{64}")


def check(document, schema):
    validator = jsonschema.validators.validator_for(schema)
    assert [error.message for error in validator(schema).iter_errors(document)] == []


def of_package(name):
    return json.loads((SCHEMAS / name).read_text())


def test_every_base_image_is_pinned_by_digest():
    bases = re.findall(r"^(?:ARG \w+=|FROM )(\S+)", DOCKERFILE, re.MULTILINE)
    assert [base for base in bases if base != "${PYTHON}" and not PINNED.fullmatch(base)] == []
    assert "${PYTHON}" in bases


def test_the_image_copies_only_what_exists_and_is_let_through():
    ignored = (ROOT / ".dockerignore").read_text().split()
    names = [
        name.removeprefix("./")
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for name in line.split()
    ]
    assert names
    assert [name for name in names if not (ROOT / name).exists() or f"!{name}" not in ignored] == []


def test_the_image_runs_as_a_user_of_its_own_without_build_tools():
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last_stage, re.MULTILINE)
    assert "requirements-build" not in last_stage
    assert "hatchling" not in (ROOT / "requirements.lock").read_text()


def test_the_health_check_asks_at_the_port_that_is_set(console):
    command = json.loads(re.search(r"^    CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[1])

    def healthy(port):
        around = {**os.environ, "SAILPASS_PORT": port}
        return subprocess.run([sys.executable, *command[1:]], env=around, capture_output=True, check=False).returncode

    assert healthy(console.url.rpartition(":")[2]) == 0
    assert healthy("1") != 0


def test_compose_is_valid():
    check(COMPOSE, of_package("compose-spec.json"))


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_service_of_compose_is_confined(name):
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(service[limit] for limit in ("mem_limit", "cpus", "pids_limit"))
    assert "build" in service or PINNED.fullmatch(service["image"])


def test_only_the_replicas_reach_the_database():
    networks = {name: service["networks"] for name, service in COMPOSE["services"].items()}
    assert networks["database"] == ["database"]
    assert COMPOSE["networks"]["database"]["internal"]
    assert sorted(name for name, joined in networks.items() if "database" in joined) == ["database", "one", "two"]


@pytest.mark.parametrize("kind", OBJECTS)
def test_kubernetes_objects_are_valid(kind):
    check(OBJECTS[kind], {**KUBERNETES["kinds"][kind], "$defs": KUBERNETES["$defs"]})


def test_the_schema_of_kubernetes_refuses_a_field_that_does_not_exist():
    schema = {**KUBERNETES["kinds"]["Deployment"], "$defs": KUBERNETES["$defs"]}
    wrong = json.loads(json.dumps(OBJECTS["Deployment"]))
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    validator = jsonschema.validators.validator_for(schema)
    assert not validator(schema).is_valid(wrong)


def test_two_replicas_run_confined_and_are_probed():
    deployment = OBJECTS["Deployment"]["spec"]
    (container,) = deployment["template"]["spec"]["containers"]
    assert deployment["replicas"] == 2
    assert OBJECTS["PodDisruptionBudget"]["spec"]["minAvailable"] == 1
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert deployment["template"]["spec"]["securityContext"]["runAsNonRoot"]
    labels = deployment["template"]["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"] == OBJECTS["Service"]["spec"]["selector"] == labels


def test_the_probes_of_kubernetes_are_answered(console):
    (container,) = OBJECTS["Deployment"]["spec"]["template"]["spec"]["containers"]
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        probe = container[name]["httpGet"]
        headers = {header["name"]: header["value"] for header in probe["httpHeaders"]}
        assert console.get(probe["path"], **headers).status == 200
        assert console.get(probe["path"], Host="10.0.0.7:8000").status == 400


def test_the_systemd_unit_is_valid(tmp_path):
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("this machine has no systemd-analyze")
    unit = tmp_path / "sailpass.service"
    unit.write_text(UNIT.replace("/opt/sailpass/bin/sailpass", sys.executable))
    done = subprocess.run([verify, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "sailpass.service" in line] == []
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_are_valid_and_may_only_read_unless_they_say_so(workflow):
    document = yaml.safe_load(workflow.read_text())
    document["on"] = document.pop(True)  # as YAML 1.1 reads this name
    check(document, of_package("github-workflows.json"))
    assert document["permissions"] == {"contents": "read"}


def test_ci_runs_what_a_person_runs():
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]["test"]["steps"]
    assert ".ci/run" in [step.get("run") for step in steps]
