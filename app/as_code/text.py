"""Quotes values for Terraform (HCL), and puts references into JSON documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from app.policy import strict_json


def identifier(name: str) -> str:
    """Return `name` as the label of a Terraform resource: ASCII letters, digits and _, no digit first."""
    label = re.sub(r"[^A-Za-z0-9_]", "_", name) or "this"
    return f"_{label}" if label[0].isdigit() else label


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """Return the label of each name, no two alike: `a-b` and `a_b` would be the same resource."""
    return _distinct({name: identifier(name) for name in names}, "_")


def logical_ids(names: Iterable[str], kind: str) -> dict[str, str]:
    """Return the logical ID of each name in a CloudFormation template: letters and digits, no two alike."""
    return _distinct({name: kind + "".join(map(_capital, re.split(r"[^A-Za-z0-9]+", name))) for name in names}, "x")


def _capital(part: str) -> str:
    return part[:1].upper() + part[1:]


def _distinct(labels: dict[str, str], between: str) -> dict[str, str]:
    taken, distinct = set(labels.values()), dict[str, str]()
    used, numbers = set[str](), dict[str, int]()
    for name, label in labels.items():
        chosen = label
        while chosen in used or (chosen != label and chosen in taken):
            numbers[label] = numbers.get(label, 1) + 1  # continued: thousands of names may be the same label
            chosen = f"{label}{between}{numbers[label]}"
        used.add(chosen)
        distinct[name] = chosen
    return distinct


def one_line(text: str) -> str:
    """Return `text` without line breaks and invisible characters, as a comment needs it."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def hcl(text: str) -> str:
    """Return `text` as a quoted HCL string that interpolates nothing."""
    return json.dumps(_literal(one_line(text)), ensure_ascii=False)


def hcl_document(document: Any, arn: str | None = None, reference: str = "", *, indent: str) -> str:
    """Return a JSON document as the lines of a heredoc, in which each value `arn` is the `reference`.

    ASCII only, so that no invisible character can hide in it.
    """
    text = strict_json.dump(_interpolated(document, arn, f"${{{reference}}}"), ascii_only=True)
    return "\n".join(indent + line for line in text.split("\n"))


def replaced(value: Any, text: str, by: Any) -> Any:
    """Return a JSON value in which every string that equals `text` is `by`."""
    if isinstance(value, dict):
        return {key: replaced(each, text, by) for key, each in value.items()}
    if isinstance(value, list):
        return [replaced(each, text, by) for each in value]
    return by if value == text else value


def _interpolated(value: Any, arn: str | None, reference: str) -> Any:
    if isinstance(value, dict):
        return {_literal(key): _interpolated(each, arn, reference) for key, each in value.items()}
    if isinstance(value, list):
        return [_interpolated(each, arn, reference) for each in value]
    if not isinstance(value, str):
        return value
    return reference if value == arn else _literal(value)


def _literal(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")
