"""Extracts the sentences on screen into the catalogues, and says which still lack a translation.

`locale/<language>.po` is read as it is at the start of Sailpass: there is no compiled file. Must never translate, nor
guess a translation from a similar sentence.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
METHODS = {"app": [("**.py", "python")], "templates": [("**.html", "jinja2.ext:babel_extract")]}
# As render.py sets it: the white space of a template's blocks is no part of a sentence.
OPTIONS = {"**.html": {"trimmed": "true", "silent": "false"}}
WIDTH = 120
# Only what reading needs: no dates, which would change with every run.
HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {plural}\n"

"""


def extract() -> Catalog:
    """Every sentence that is marked in the code and the templates."""
    found = Catalog(project="Sailpass", charset="utf-8")
    for folder, methods in METHODS.items():
        for _, _, message, _, context in extract_from_dir(
            ROOT / folder, method_map=methods, options_map=OPTIONS, keywords=KEYWORDS
        ):
            found.add(message, context=context)
    return found


def catalogues() -> dict[str, Path]:
    """The catalogue of each language."""
    return {path.stem: path for path in sorted(LOCALE.glob("*.po"))}


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def is_translated(message: Message) -> bool:
    forms = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(forms)


def update(path: Path, template: Catalog) -> list[str]:
    """Bring the catalogue up to `template`; the sentences that it now lacks."""
    catalogue = read(path)
    catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    body = io.BytesIO()
    write_po(body, catalogue, width=WIDTH, no_location=True, sort_output=True, omit_header=True)
    path.write_bytes(HEADER.format(language=path.stem, plural=catalogue.plural_forms).encode() + body.getvalue())
    return [str(message.id) for message in catalogue if message.id and not is_translated(message)]


def main() -> None:
    template = extract()
    lacking = 0
    for language, path in catalogues().items():
        missing = update(path, template)
        lacking += len(missing)
        print(f"{language}: {len(template)} sentences, {len(missing)} without a translation", *missing, sep="\n  ")
    sys.exit(bool(lacking))


if __name__ == "__main__":
    main()
