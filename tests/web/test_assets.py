from __future__ import annotations

import gzip

import brotli
import pytest

from app.web import assets
from app.web.assets import Assets
from tests.web.asking import ask

BODY = "body { color: red }\n" * 100


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "app.css").write_text(BODY)
    (tmp_path / "font.woff2").write_bytes(b"\0" * 1000)
    return tmp_path


def within(files: Assets, url: str) -> str:
    return url.removeprefix("/static")


def test_the_present_version_may_be_kept_for_ever(tree):
    files = Assets(tree)
    answer = ask(files, within(files, files.url("css/app.css")))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")


def test_another_release_gets_the_file_but_asks_again(tree):
    answer = ask(Assets(tree), "/0123456789ab/css/app.css")
    assert answer.text == BODY
    assert answer.headers["cache-control"] == "no-cache"


def test_any_change_of_any_file_changes_every_address(tree):
    before = Assets(tree).url("css/app.css")
    (tree / "font.woff2").write_bytes(b"\1" * 1000)
    assert Assets(tree).url("css/app.css") != before


@pytest.mark.parametrize(
    "accept, chosen",
    [
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0.0, gzip", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_the_best_encoding_that_is_accepted_is_sent(tree, accept, chosen):
    answer = ask(Assets(tree), "/x/css/app.css", headers={"Accept-Encoding": accept})
    assert answer.headers.get("content-encoding") == chosen
    assert answer.headers["vary"] == "Accept-Encoding"


def test_every_encoding_holds_the_same_text(tree):
    file = Assets(tree).files["css/app.css"]
    assert brotli.decompress(file.encoded("br")) == gzip.decompress(file.encoded("gzip")) == BODY.encode()


def test_a_file_is_compressed_when_it_is_first_asked_for_and_not_again(tree, monkeypatch):
    files = Assets(tree)
    accept = {"Accept-Encoding": "gzip, br"}
    assert not files.files["css/app.css"].is_encoded("br")
    first = ask(files, "/x/css/app.css", headers=accept)
    monkeypatch.setattr(assets, "COMPRESS", dict.fromkeys(assets.COMPRESS))
    assert ask(files, "/x/css/app.css", headers=accept).text == first.text == BODY


def test_a_font_is_not_compressed_again(tree):
    answer = ask(Assets(tree), "/x/font.woff2", headers={"Accept-Encoding": "gzip, br"})
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


@pytest.mark.parametrize("path", ["/x/none.css", "/x/../../etc/passwd", "/css/app.css", "/"])
def test_nothing_else_is_served(tree, path):
    assert ask(Assets(tree), path).status_code == 404


def test_files_are_only_read(tree):
    assert ask(Assets(tree), "/x/css/app.css", "POST").status_code == 405


def test_a_page_with_a_misspelt_file_cannot_be_made(tree):
    with pytest.raises(KeyError):
        Assets(tree).url("css/ap.css")


SCRIPT = '// Why.\nlet at = "http://x"; // here\n  // Also.\nopen();\n'
SHEET = (
    "/* SPDX-License-Identifier: Apache-2.0 */\n/* Why. */\n@layer a {\n  /* Also. */\n  b { top: 0; } /* here */\n}\n"
)


@pytest.mark.parametrize(
    "name, text, sent",
    [
        ("js/app.js", SCRIPT, 'let at = "http://x"; // here\nopen();\n'),
        ("css/app.css", SHEET, SHEET.replace("/* Why. */\n", "").replace("  /* Also. */\n", "")),
        ("vendor/theirs.js", SCRIPT, SCRIPT),
    ],
)
def test_the_comments_of_our_files_are_not_sent_and_notices_are(tmp_path, name, text, sent):
    path = tmp_path / name
    path.parent.mkdir()
    path.write_text(text)
    assert Assets(tmp_path).files[name].plain.decode() == sent
