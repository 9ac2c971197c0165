"""The functions by which templates translate: `_`, `ngettext` and the others of Jinja's i18n extension.

They do what the extension's own do around ours, without its detour over the template's context for each sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from app.messages import i18n
from app.messages.numbers import readable
from app.web import formats

_SPACE_AFTER_FULL_STOP = re.compile(r"(?<=。)\s+")


def install(environment: Environment) -> None:
    """Let the templates of an environment, which has the extension, translate."""
    # The extension's own attribute: `{% trans %}` then passes its variables to the function.
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.filters["sentences"] = sentences
    environment.globals.update(_=gettext, gettext=gettext, ngettext=ngettext, pgettext=pgettext, npgettext=npgettext)


def shown(value: Any) -> Any:
    """Return the value for `{{ … }}`: texts with hidden direction characters made visible, markup kept as markup.

    Markup is what a macro or a sentence returned, so that each of its parts has been here before.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    if value.isascii() and value.isprintable():
        return value  # as nearly all are: this runs for every part of every page
    return formats.plain(value)


def sentences(text: str) -> str:
    """Return sentences in a row with what the reader's language puts between them: a space, in Japanese nothing."""
    if i18n.code() != "ja":
        return text
    joined = _SPACE_AFTER_FULL_STOP.sub("", text)
    return Markup(joined) if isinstance(text, Markup) else joined  # noqa: S704  (markup before)


def gettext(message: str, /, **variables: Any) -> Markup:
    """Return `message` in the reader's language with its variables, escaped."""
    return _filled(i18n.gettext(message), variables)


def ngettext(singular: str, plural: str, num: int, /, **variables: Any) -> Markup:
    """Return the form of the sentence for `num`."""
    return _filled(i18n.ngettext(singular, plural, num), {"num": num, **variables})


def pgettext(context: str, message: str, /, **variables: Any) -> Markup:
    """Return `message` as it is used in `context`."""
    return _filled(i18n.pgettext(context, message), variables)


def npgettext(context: str, singular: str, plural: str, num: int, /, **variables: Any) -> Markup:
    """Return the form for `num`, as it is used in `context`."""
    return _filled(i18n.npgettext(context, singular, plural, num), {"num": num, **variables})


def _filled(sentence: str, variables: Mapping[str, Any]) -> Markup:
    if not variables and "%" not in sentence:
        return Markup(sentence)  # noqa: S704  (ours, or its translation)
    values = readable(variables, i18n.code())
    return Markup(sentence % {name: escape(shown(value)) for name, value in values.items()})  # noqa: S704  (as above)
