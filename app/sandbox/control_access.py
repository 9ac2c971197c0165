"""The part of the control route for permissions: credentials, organizations, accounts, registries."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from app.sandbox import ids
from app.sandbox.call import DEFAULT_ACCOUNT
from app.sandbox.errors import SandboxError
from app.sandbox.foreign import kept_policy
from app.sandbox.identity import Identity
from app.sandbox.parts import Parts
from app.sandbox.policy_text import Policy, statements
from app.sandbox.registry import SETTINGS
from app.sandbox.state import Organization

PRINCIPAL = re.compile(r"arn:aws:(iam::\d{12}:(root|(user|role)/.+)|sts::\d{12}:assumed-role/[^/]+/[^/]+)")
ACCOUNT = re.compile(r"\d{12}")
ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
LONGEST_RCP = 5_120


def credentials(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (the signature of handlers)
    """Return an access key of a principal: `{"principal": "arn:…", "context": {"aws:SourceIp": "…"}}`.

    `context` overrides condition keys of its requests, `null` removes one.
    """
    arn, context = body.get("principal"), body.get("context", {})
    if not isinstance(arn, str) or not PRINCIPAL.fullmatch(arn):
        raise SandboxError('Credentials are for a user, a role or a session: {"principal": "arn:aws:iam::…:role/…"}.')
    if not isinstance(context, dict) or not all(_is_context_value(value) for value in context.values()):
        raise SandboxError("A context gives each condition key a text, a list of texts or null.")
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in context.items()}
    nonce = json.dumps(context, sort_keys=True)
    key = "ASIA" + ids.letters("access key", arn, nonce, length=16).upper()
    identity = Identity(arn, is_temporary=True, context=values)
    parts.world.identities[key] = identity
    parts.world.changes += 1
    return {
        "accessKeyId": key,
        "secretAccessKey": ids.letters("secret", key, length=40),
        "sessionToken": ids.letters("session token", key),
        "principal": arn,
        "arn": identity.session_arn,
    }


def _is_context_value(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, str) for each in value)
    return value is None or isinstance(value, str)


def organizations(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    return {"organizations": [_organization(each) for each in parts.world.organizations.values()]}


def _organization(organization: Organization) -> dict[str, Any]:
    return {
        "id": organization.id,
        "accounts": organization.accounts,
        "policies": organization.policies,
        "managementAccount": organization.management_account,
    }


def put_organization(parts: Parts, request: Request, body: dict[str, Any]) -> Any:
    """Create an organization or change it: `{"accounts": ["…"], "policies": [{…}], "managementAccount": "…"}`.

    `policies` are resource control policies on its root. An account is in one organization at most.
    """
    name = request.path_params["organization"]
    accounts, policies = body.get("accounts", []), body.get("policies", [])
    manager = body.get("managementAccount", "")
    if not ORGANIZATION.fullmatch(name):
        raise SandboxError("An organization's id is o- and 10 to 32 small letters and digits.")
    if not isinstance(accounts, list) or not all(_is_account(each) for each in (*accounts, manager or DEFAULT_ACCOUNT)):
        raise SandboxError("An organization's accounts are ids of 12 digits.")
    if not isinstance(policies, list):
        raise SandboxError("An organization's policies are a list of documents.")
    for policy in policies:
        _check_rcp(policy)
    for other in parts.world.organizations.values():
        other.accounts = [account for account in other.accounts if account not in accounts]
    parts.world.organizations[name] = Organization(name, accounts, policies, manager)
    parts.world.changes += 1
    return organizations(parts, request, {})


def delete_organization(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    parts.world.organizations.pop(request.path_params["organization"], None)
    parts.world.changes += 1
    return organizations(parts, request, {})


def _is_account(value: Any) -> bool:
    return isinstance(value, str) and bool(ACCOUNT.fullmatch(value))


def _check_rcp(policy: Any) -> None:
    """Check a resource control policy as AWS Organizations does: it denies all, and names actions and resources."""
    if not isinstance(policy, dict) or len(json.dumps(policy, separators=(",", ":"))) > LONGEST_RCP:
        raise SandboxError(f"A resource control policy is an object of at most {LONGEST_RCP} characters.")
    for statement in statements(policy):
        is_sound = (
            isinstance(statement, Mapping)
            and statement.get("Effect") == "Deny"
            and statement.get("Principal") == "*"
            and "Action" in statement
            and ("Resource" in statement) != ("NotResource" in statement)
        )
        if not is_sound:
            raise SandboxError(
                'A resource control policy has statements of Effect Deny, Principal "*", an Action and a Resource.'
            )


def change_account(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    """Close an account or open it again: `{"account": "998877665544", "exists": false}`."""
    account, exists = body.get("account"), body.get("exists")
    if not isinstance(account, str) or not _is_account(account) or not isinstance(exists, bool):
        raise SandboxError('An account is changed by {"account": "…", "exists": true or false}.')
    closed = parts.world.principals.closed_accounts
    (closed.discard if exists else closed.add)(account)
    parts.world.changes += 1
    return {"closed": sorted(closed)}


def registry(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    home = parts.world.home(_account(request), request.path_params["region"])
    return {
        "account": _account(request),
        "region": request.path_params["region"],
        "policy": _shown(home.registry.policy),
        "settings": {name: home.registry.settings.get(name, default) for name, (default, _) in SETTINGS.items()},
    }


def _account(request: Request) -> str:
    return request.query_params.get("account", DEFAULT_ACCOUNT)


def _shown(policy: Policy | None) -> Any:
    return policy and (policy.text if policy.document is None else policy.document)


def change_registry(parts: Parts, request: Request, body: dict[str, Any]) -> Any:
    """Write a registry policy as another writer, unchecked, or its settings.

    `{"policy": {…}}`, `{"policy": null}`, `{"policyText": "…"}`, `{"settings": {"REGISTRY_POLICY_SCOPE": "V1"}}`.
    """
    home = parts.world.home(_account(request), request.path_params["region"])
    settings = body.get("settings", {})
    if not isinstance(settings, dict) or not all(
        value in SETTINGS.get(name, ("", ()))[1] for name, value in settings.items()
    ):
        raise SandboxError(f"A registry's settings are {', '.join(SETTINGS)}, each with one of its values.")
    if isinstance(body.get("policyText"), str):
        home.registry.policy = kept_policy(body["policyText"])
    elif "policy" in body:
        home.registry.policy = kept_policy(json.dumps(body["policy"])) if body["policy"] else None
    home.registry.settings.update(settings)
    parts.world.changes += 1
    return registry(parts, request, {})
