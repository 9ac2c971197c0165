"""The script that docs/ci.md compares with runs as it stands there, with the real `aws` and `jq`."""

from __future__ import annotations

import shutil

import pytest

from benchmarks.deploying import SERVICE, script
from tests.sandbox_server import start_sandbox

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="the script of docs/ci.md needs jq")


def test_the_script_deploys_one_image_and_keeps_the_rest():
    with start_sandbox(deployment_seconds=0, patience_seconds=0) as sandbox:
        before = sandbox.service(SERVICE)["currentDeployment"]
        script(sandbox, "5.2.1")
        after = sandbox.service(SERVICE)["currentDeployment"]
    web = {**before["containers"]["web"], "image": before["containers"]["web"]["image"][:-5] + "5.2.1"}
    assert (after["version"], after["containers"]) == (before["version"] + 1, {**before["containers"], "web": web})
    assert after["publicEndpoint"] == before["publicEndpoint"]
