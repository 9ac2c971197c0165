"""Policy texts of any size that an attacker might write to block a parser."""

import json

from tests.policy.build import a_policy, a_statement
from tests.policy.names import LIGHTSAIL, PULL, PULLER

REPOSITORY = "arn:aws:ecr:eu-west-1:220022002200:repository/" + "a" * 256


def fill(size, make, frame=a_policy):
    """A policy of statements, as many as fit."""
    statements = []
    length = 60
    while length < size:
        statements.append(make(len(statements)))
        length += len(json.dumps(statements[-1])) + 2
    return frame(*statements)


def items(size, make, statement):
    """A policy of one statement around as many items as fit."""
    found = []
    length = 250
    while length < size:
        found.append(make(len(found)))
        length += len(json.dumps(found[-1])) + 2
    return a_policy(statement(found))


def role(number, account=LIGHTSAIL):
    return f"arn:aws:iam::{account}:role/amazon/lightsail/eu-west-1/containers/shop/private-repo-access/{number}"


def user(number):
    return f"arn:aws:iam::{110011001100 + number}:user/u"


def everyone(effect, **more):
    return {"Effect": effect, "Principal": "*", "Action": "*", **more}


def spread(size, some, *statements):
    """Half of the text are principals, half are statements that concern all of them."""
    left = json.loads(items(size // 2, role, a_statement))["Statement"]
    right = json.loads(fill(size // 2, some))["Statement"]
    return a_policy(*statements, *left, *right)


def nested(size):
    value = "x"
    while len(json.dumps(value)) < size:
        value = json.dumps({"policyText": value})
    return value


def accounts(size, condition):
    """Half of the text are accounts, half is a Deny whose condition depends on who asks."""
    found = items(size // 2, lambda number: str(110011001100 + number), a_statement)
    return a_policy(*json.loads(found)["Statement"], everyone("Deny", Condition=condition))


HOSTILE = {
    "many callers and a long pattern": lambda size: accounts(
        size, {"StringLike": {"aws:PrincipalAccount": "*" + "?a*" * (size // 6)}}
    ),
    "many callers and many tests": lambda size: accounts(
        size, {"Bool": {f"saml:{number}": [] for number in range(size // 32)}}
    ),
    "a long value": lambda size: a_policy(
        a_statement(PULLER, Condition={"StringLike": {"aws:PrincipalArn": "x" * (size - 300)}})
    ),
    "a long value of short words": lambda size: a_policy(
        a_statement(PULLER, Condition={"StringLike": {"aws:PrincipalArn": "a b" * (size // 3 - 100)}})
    ),
    "backtracking actions": lambda size: items(
        size, lambda _: "ecr:" + "*?" * 11 + "x", lambda actions: a_statement(PULLER, actions)
    ),
    "one backtracking action": lambda size: a_policy(a_statement(PULLER, "*a?" * (size // 3 - 100))),
    "many short actions": lambda size: items(size, lambda _: "e*a?g*x", lambda actions: a_statement(PULLER, actions)),
    "many stars": lambda size: items(size, lambda _: "*", lambda actions: a_statement(PULLER, actions)),
    "backtracking resources": lambda size: items(
        size, lambda _: "*a?" * 60 + "b", lambda resources: a_statement(PULLER, Resource=resources)
    ),
    "backtracking conditions": lambda size: items(
        size,
        lambda _: "*a?e" * 20 + "z",
        lambda values: everyone("Deny", Condition={"StringLike": {"aws:PrincipalArn": values}}),
    ),
    "unfinished variables": lambda size: a_policy(
        a_statement(PULLER, Condition={"StringLike": {"aws:PrincipalArn": "${" * (size // 2 - 100)}})
    ),
    "many equal statements": lambda size: fill(size, lambda _: a_statement(PULLER)),
    "many statements": lambda size: fill(size, lambda number: a_statement(user(number), sid=f"S{number}")),
    "many statements but for one element": lambda size: fill(size, lambda number: a_statement(user(number))),
    "many statements of the service": lambda size: fill(size, lambda number: a_statement(role(number))),
    "one Sid": lambda size: fill(size, lambda number: a_statement(user(number), sid="Same")),
    "many principals": lambda size: items(size, user, a_statement),
    "many principals of the service": lambda size: items(size, role, a_statement),
    "principals beside denies": lambda size: spread(size, lambda number: everyone("Deny", Sid=f"{number}")),
    "principals beside open denies": lambda size: spread(
        size, lambda number: everyone("Deny", Condition={"IpAddress": {"aws:SourceIp": f"10.0.{number}.0/24"}})
    ),
    "principals beside conditions on them": lambda size: spread(
        size, lambda number: everyone("Deny", Condition={"StringLike": {"aws:PrincipalArn": f"*{number}?x*y"}})
    ),
    "principals that many statements leave out": lambda size: fill(
        size, lambda number: {"Effect": "Deny", "NotPrincipal": {"AWS": [role(number), role(1), PULLER]}, "Action": "*"}
    ),
    "a condition on its own principals": lambda size: items(
        size,
        role,
        lambda names: a_statement(names, Condition={"ArnLike": {"aws:PrincipalArn": [f"{name}*" for name in names]}}),
    ),
    "many keys": lambda size: a_policy({**a_statement(PULLER), **{f"k{number}": 1 for number in range(size // 11)}}),
    "many lines": lambda size: a_policy(a_statement(PULLER, Note=[1] * (size // 3))),
    "many empty lines": lambda size: "\n" * size,
    "a long Sid on many odd actions": lambda size: items(
        size // 2, lambda _: "!", lambda actions: a_statement(PULLER, actions, sid="s" * (size // 2))
    ),
    "deep nesting": lambda size: "[" * size,
    "many small depths": lambda size: a_policy(a_statement(PULLER, Note=[[[[[[[[[[1]]]]]]]]]] * (size // 40))),
    "a repeated key": lambda size: "{" + ",".join(f'"{number}":1' for number in range(size // 8)) + ',"z":1,"z":1}',
    "escaped quotes": lambda size: '\\"' * (size // 2),
    "quotes": lambda size: '"' * size,
    "a text in a text": nested,
    "pasted documents": lambda size: a_policy(a_statement()) + ("," + a_policy()) * (size // 45),
    "commas": lambda size: "," * size,
    "one long line": lambda size: "x" * size,
    "one long line of words": lambda size: "x " * (size // 2),
}
"""What a text of about so many characters looks like, by what is hostile about it."""


def reshuffled(text):
    """The same text with its statements, or its lines, in another order, and a little of each changed."""
    try:
        document = json.loads(text)
        statements = [_turned({**one, "Action": [*PULL, one["Action"][0]]}) for one in document["Statement"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "y".join(reversed(text.splitlines())) if "\n" in text else f"{text[1:]}y"
    half = len(statements) // 2
    return json.dumps({**document, "Statement": [*statements[half:], *reversed(statements[:half])]})


def _turned(value):
    """The value with each very long text in it begun at its middle."""
    if isinstance(value, dict):
        return {key: _turned(item) for key, item in value.items()}
    if isinstance(value, str) and len(value) > 1_000:
        half = len(value) // 2
        return f"{value[half:]}-{value[:half]}"
    return value
