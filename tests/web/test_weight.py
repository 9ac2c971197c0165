"""The size of a page as transferred, compressed; counted, not timed."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from tests.web.asking import ask
from tests.web.examples import Examples

KB = 1000
FONT = ".woff2"


@pytest.fixture(scope="module")
def heaviest(gallery):
    """The Images page of a service with two hundred repositories, twenty of them its own."""
    page = Examples().images()
    rows = tuple(
        replace(page.access.repositories[0], name=f"team-{n}/app", uri=f"{page.access.repositories[0].uri}-{n}")
        for n in range(20)
    )
    return ask(gallery({"images": Examples().images(repositories=rows)}), "/p/images").text


def fetched(html, assets):
    """Every file that the page makes a browser fetch, as it is sent to one that takes gzip only."""
    links = [each.get("href") or each.get("src") for each in BeautifulSoup(html, "html.parser").select("link, script")]
    names = {link.split("/", 3)[3] for link in links}
    return {
        name: len(assets.files[name].encoded("gzip" if assets.files[name].is_compressible else "")) for name in names
    }


def test_a_first_visit_stays_below_ninety_seven_kilobytes(heaviest, assets):
    files = fetched(heaviest, assets)
    page = len(gzip.compress(heaviest.encode()))
    assert page + sum(files.values()) <= 97 * KB
    assert page + sum(size for name, size in files.items() if not name.endswith(FONT)) <= 49 * KB
