"""A slow, simple evaluator of policies, independent of the product: tries every possible result of the conditions."""

import json
from fnmatch import fnmatchcase
from itertools import product

ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def may_pull(text, arn):
    """True: always. False: never. None: it depends."""
    statements = json.loads(text)["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    told = [applies(statement, arn) for statement in statements]
    worlds = product(*[[True, False] if one == "perhaps" else [one] for one in told])
    answers = {all(one_action(statements, world, action) for action in ACTIONS) for world in worlds}
    return answers.pop() if len(answers) == 1 else None


def one_action(statements, world, action):
    effects = {s["Effect"] for s, holds in zip(statements, world, strict=True) if holds and has_action(s, action)}
    return effects == {"Allow"}


def has_action(statement, action):
    key = "Action" if "Action" in statement else "NotAction"
    found = any(fnmatchcase(action.lower(), pattern.lower()) for pattern in listed(statement[key]))
    return found if key == "Action" else not found


def applies(statement, arn):
    account = arn.split(":")[4]
    account_names = {account, f"arn:aws:iam::{account}:root"}
    if "Principal" in statement:
        holds = bool({"*", arn, *account_names} & named(statement["Principal"]))
    else:
        names = named(statement["NotPrincipal"])
        holds = statement["Effect"] == "Deny" and "*" not in names
        if holds and arn in names:
            holds = False if account_names & names and ":role/" not in arn else "perhaps"
    return least(holds, *(outcome(test, arn) for test in tests(statement)))


def tests(statement):
    for operator, keys in statement.get("Condition", {}).items():
        yield from (f"{operator} {key} {' '.join(listed(value))}" for key, value in keys.items())


def outcome(test, arn):
    """What a test comes to for a role or user that pulls over HTTPS; only Lightsail's are in no organization of ours."""
    outside = ":role/amazon/lightsail/" in arn
    return {
        "IpAddress aws:SourceIp 203.0.113.0/24": "perhaps",
        "StringEquals aws:PrincipalOrgID o-qwerty1234": False if outside else "perhaps",
        "StringNotEquals aws:PrincipalOrgID o-qwerty1234": True if outside else "perhaps",
        "Bool aws:SecureTransport true": True,
        "Bool aws:SecureTransport false": False,
    }[test]


def least(*outcomes):
    return min(outcomes, key=[False, "perhaps", True].index)


def named(principal):
    return {"*"} if principal == "*" else set(listed(principal.get("AWS", [])))


def listed(value):
    return [value] if isinstance(value, str) else value
