"""What a manifest tells about platforms, and what it leaves open."""

from __future__ import annotations

import pytest

from app.aws.pull_ports import Manifest
from app.diagnosis.manifests import platform_of
from app.diagnosis.platforms import Fit, fit_of

INDEX, IMAGE = "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"
ARM = {"digest": "sha256:1", "platform": {"os": "linux", "architecture": "arm64"}}
AMD = {"digest": "sha256:2", "platform": {"os": "linux", "architecture": "amd64"}}
UNNAMED = {"digest": "sha256:3"}
ATTESTATION = {"digest": "sha256:4", "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}


@pytest.mark.parametrize(
    "entries, fit",
    [
        ([ARM, AMD], Fit.RUNS),
        ([UNNAMED, AMD], Fit.RUNS),
        ([ARM], Fit.NOT_IN_INDEX),
        ([ARM, ATTESTATION], Fit.NOT_IN_INDEX),
        ([ATTESTATION], Fit.ATTESTATIONS_ONLY),
        ([], Fit.ATTESTATIONS_ONLY),
        ([UNNAMED], Fit.UNKNOWN),
        ([UNNAMED, ARM], Fit.UNKNOWN),
    ],
)
def test_an_image_without_a_platform_in_an_index_may_be_the_right_one(entries, fit):
    assert fit_of(Manifest(INDEX, {"manifests": entries})).fit is fit


@pytest.mark.parametrize(
    "config, fit",
    [
        ("linux/amd64", Fit.RUNS),
        ("linux/arm64", Fit.OTHER),
        ("unknown/unknown", Fit.ATTESTATIONS_ONLY),
        ("", Fit.UNKNOWN),
    ],
)
def test_a_config_that_names_no_platform_is_for_none_that_is_known(config, fit):
    assert fit_of(Manifest(IMAGE, {}), config).fit is fit


@pytest.mark.parametrize(
    "platform, name",
    [
        ({"os": "linux", "architecture": "arm", "variant": "v7"}, "linux/arm/v7"),
        ({"architecture": "arm", "variant": "v6"}, "linux/arm/v6"),
        ({"os": "linux", "architecture": "arm64", "variant": "v8"}, "linux/arm64"),
        ({"os": "linux", "architecture": "amd64", "variant": "v2"}, "linux/amd64"),
        ({"os": "linux", "architecture": "arm"}, "linux/arm"),
        ({"os": "linux"}, ""),
    ],
)
def test_a_variant_is_named_where_the_architecture_needs_it(platform, name):
    assert platform_of(platform) == name
