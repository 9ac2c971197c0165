"""A slow, plain judge of policies, written apart from the product: tries every way the conditions may turn out."""

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
        return ("perhaps" if statement.get("Condition") else True) if holds else False
    names = named(statement["NotPrincipal"])
    himself, his_account = bool({arn, "*"} & names), bool(account_names & names)
    if statement["Effect"] == "Allow":
        holds = not (himself or his_account)
    elif himself:
        return False if his_account else "perhaps"
    else:
        holds = True
    return ("perhaps" if statement.get("Condition") else True) if holds else False


def named(principal):
    return {"*"} if principal == "*" else set(listed(principal.get("AWS", [])))


def listed(value):
    return [value] if isinstance(value, str) else value
