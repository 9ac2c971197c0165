"""Policies for tests: named people and services, one call each, and strategies that make any policy ECR could hold."""

import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from hypothesis import strategies as st

from tests.policy.names import (
    DEAD,
    FROM_OFFICE,
    IN_ORGANISATION,
    LIGHTSAIL,
    LIGHTSAIL_ROOT,
    MIKA,
    OTHER_PULLER,
    PULL,
    PULLER,
)

CORPUS_FOLDER = Path(__file__).parent / "corpus"
CORPUS = sorted(CORPUS_FOLDER.glob("*.json"))
"""Policies of every shape that people write, made up; those in `malformed/` are none that ECR would hold."""

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def a_statement(principal=MIKA, action=PULL, *, sid=None, effect="Allow", **more):
    named = {"Sid": sid} if sid is not None else {}
    principal = {"AWS": principal} if isinstance(principal, list) or principal != "*" else "*"
    return {**named, "Effect": effect, "Principal": principal, "Action": action, **more}


def a_policy(*statements, version="2012-10-17", **more):
    return json.dumps({"Version": version, **more, "Statement": list(statements)})


def statements_of(text):
    value = json.loads(text)["Statement"]
    return [value] if isinstance(value, dict) else value


def read(path):
    return path.read_text(encoding="utf-8")


IDENTITIES = [
    *(f"arn:aws:iam::{account}:role/{name}" for account in ("220022002200", LIGHTSAIL) for name in ("ci", "ops")),
    "arn:aws:iam::220022002200:root",
    LIGHTSAIL_ROOT,
    "330033003300",
    LIGHTSAIL,
    OTHER_PULLER,
    MIKA,
    DEAD,
    "*",
]
STRANGERS = ["arn:aws:iam::550055005500:role/new", "660066006600"]
ACTIONS = [*PULL, *PULL, "ecr:*", "*", "ecr:Batch*", "ecr:?etDownloadUrlForLayer", "ECR:batchgetimage", "ecr:PutImage"]
CONDITIONS = [
    FROM_OFFICE,
    {**FROM_OFFICE, **IN_ORGANISATION},
    IN_ORGANISATION,
    {"StringNotEquals": {"aws:PrincipalOrgID": "o-qwerty1234"}},
    {"Bool": {"aws:SecureTransport": ["true"]}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {},
]
SIDS = ["A", "B", "", "AllowLightsailPull-shop", "pull für alle"]


def statements(identities=IDENTITIES, *, open_to_others=True, size=400):
    """Draws from many different statements, built once: drawing each part of each again is slow."""
    random = Random(len(identities) + size)
    return st.sampled_from([_statement(random, identities, open_to_others=open_to_others) for _ in range(size)])


def _statement(random, identities, *, open_to_others):
    parts = {
        "Effect": random.choice(["Allow", "Allow", "Deny"]),
        "NotPrincipal" if open_to_others and random.random() < 0.3 else "Principal": _principal(random, identities),
        random.choice(["Action", "Action", "Action", "NotAction"]): _one_or_more(random, ACTIONS),
        **({"Condition": random.choice(CONDITIONS)} if random.random() < 0.4 else {}),
        **({"Sid": random.choice(SIDS)} if random.random() < 0.5 else {}),
    }
    return dict(random.sample(list(parts.items()), len(parts)))


def _principal(random, identities):
    named = {"AWS": _one_or_more(random, identities), "Service": _one_or_more(random, ["x.amazonaws.com", "y.org"])}
    one = random.choice(["AWS", "AWS", "AWS", "Service"])
    return random.choice([named, {one: named[one]}, {one: named[one]}, {one: named[one]}, "*"])


def _one_or_more(random, values):
    some = random.sample(list(dict.fromkeys(values)), random.randint(1, min(4, len(set(values)))))
    return some if random.random() < 0.7 else some[0]


ANY_STATEMENT = statements()
ANY_OR_OURS = statements([*IDENTITIES, *[PULLER] * len(IDENTITIES)])


@st.composite
def any_policy(draw, statements=ANY_STATEMENT):
    found = draw(st.lists(statements, min_size=1, max_size=5))
    version = draw(st.sampled_from([{}, {"Version": "2008-10-17"}, {"Version": "2012-10-17", "Id": "x"}]))
    alone = len(found) == 1 and draw(st.booleans())
    return json.dumps({**version, "Statement": found[0] if alone else found}, ensure_ascii=draw(st.booleans()))
