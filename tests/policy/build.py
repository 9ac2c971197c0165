"""Policies for tests: named people and services, one call each, and strategies that make any policy ECR could hold."""

import json
from pathlib import Path

from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
OWN = sorted((ROOT / "tests" / "policy" / "corpus").glob("*.json"))
SHARED = ROOT.parent / "shared" / "policies"

LIGHTSAIL = "947856326339"
PULLER = f"arn:aws:iam::{LIGHTSAIL}:role/amazon/lightsail/eu-west-1/containers/shop/private-repo-access/k3v9"
OLD_PULLER = f"arn:aws:iam::{LIGHTSAIL}:role/amazon/lightsail/eu-west-1/containers/shop/private-repo-access/a1b2"
GENERAL = f"arn:aws:iam::{LIGHTSAIL}:role/amazon/lightsail/eu-west-1/containers/shop/q2w3e4r5t6y7"
OTHER_PULLER = f"arn:aws:iam::{LIGHTSAIL}:role/amazon/lightsail/eu-west-1/containers/blog/private-repo-access/z9y8"
LIGHTSAIL_ROOT = f"arn:aws:iam::{LIGHTSAIL}:root"
MIKA = "arn:aws:iam::220022002200:user/mika"
DEAD = "AROAQWERTYUIOPASDFGHJ"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
IN_ORGANISATION = {"StringEquals": {"aws:PrincipalOrgID": "o-qwerty1234"}}


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


ACCOUNTS = st.sampled_from(["220022002200", "330033003300", LIGHTSAIL])
IDENTITIES = st.one_of(
    st.builds("arn:aws:iam::{}:role/{}".format, ACCOUNTS, st.sampled_from(["ci", "ops", "reader"])),
    st.builds("arn:aws:iam::{}:root".format, ACCOUNTS),
    ACCOUNTS,
    st.sampled_from([OTHER_PULLER, MIKA, DEAD, "*"]),
)
ACTIONS = st.sampled_from(
    [*PULL, "ecr:*", "*", "ecr:Batch*", "ecr:?etDownloadUrlForLayer", "ECR:batchgetimage", "ecr:PutImage", "s3:*"]
)
CONDITIONS = st.sampled_from([IN_ORGANISATION, {"Bool": {"aws:SecureTransport": ["true"]}}, {}])


def one_or_more(values):
    return st.one_of(values, st.lists(values, min_size=1, max_size=4, unique=True))


def principals(identities):
    return st.one_of(
        st.just("*"),
        st.fixed_dictionaries({"AWS": one_or_more(identities)}, optional={"Service": st.just("lambda.amazonaws.com")}),
        st.fixed_dictionaries({"Service": one_or_more(st.sampled_from(["lambda.amazonaws.com", "ec2.amazonaws.com"]))}),
    )


@st.composite
def any_statement(draw, identities=IDENTITIES, effects=("Allow", "Allow", "Deny"), *, open_to_others=True):
    statement = {"Effect": draw(st.sampled_from(effects))}
    keys = ["Principal", "Principal", "NotPrincipal"] if open_to_others else ["Principal"]
    statement[draw(st.sampled_from(keys))] = draw(principals(identities))
    statement[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(one_or_more(ACTIONS))
    if draw(st.booleans()):
        statement["Condition"] = draw(CONDITIONS)
    if draw(st.booleans()):
        statement["Sid"] = draw(st.sampled_from(["A", "B", "", "AllowLightsailPull-shop", "pull für alle"]))
    order = draw(st.permutations(list(statement)))
    return {key: statement[key] for key in order}


ANY_STATEMENT = any_statement()


@st.composite
def any_policy(draw, statements=ANY_STATEMENT):
    found = draw(st.lists(statements, min_size=1, max_size=5))
    version = draw(st.sampled_from([{}, {"Version": "2008-10-17"}, {"Version": "2012-10-17", "Id": "x"}]))
    return json.dumps({**version, "Statement": found}, ensure_ascii=draw(st.booleans()))
