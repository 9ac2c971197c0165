"""Rewrites a policy text as ECR does before returning it. Independent of the product's comparison."""

import json
import re
from random import Random

ACCOUNT = re.compile(r"\d{12}")


def as_ecr_returns(text, seed=0):
    """Pretty layout with ` : `, principals shuffled, lists of one as a string, account ids as root ARNs."""
    random = Random(seed)
    document = json.loads(text)
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    document["Statement"] = [rewritten(statement, random) for statement in statements]
    return json.dumps(document, indent=2, separators=(",", " : "), ensure_ascii=random.random() < 0.5)


def rewritten(statement, random):
    return {key: _element(key, value, random) for key, value in statement.items()}


def _element(key, value, random):
    if key in ("Principal", "NotPrincipal") and isinstance(value, dict):
        return {kind: _principals(kind, values, random) for kind, values in value.items()}
    return _collapsed(value) if key in ("Action", "NotAction", "Resource") else value


def _principals(kind, values, random):
    listed = [values] if isinstance(values, str) else list(values)
    random.shuffle(listed)
    roots = [f"arn:aws:iam::{one}:root" if kind == "AWS" and ACCOUNT.fullmatch(one) else one for one in listed]
    return _collapsed(roots)


def _collapsed(value):
    return value[0] if isinstance(value, list) and len(value) == 1 else value
