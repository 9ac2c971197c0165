"""Where a stranger looks first: forty behaviours, each in the file that its name suggests.

The table was made as follows: somebody who had seen only the list of files guessed one file for each behaviour. What
was missed was renamed or moved. CONTRIBUTING.md says which folder is for what.
"""

import ast
from pathlib import Path

import pytest

APP = Path(__file__).parent.parent / "app"

# What happens: the file and the name in it.
BEHAVIOURS = {
    "make a repository's name of a pasted URI or ARN": ("operations/repository_name.py", "parse_reference"),
    "offer names near to a misspelt one": ("console/nearest.py", "explain_refused_name"),
    "say what may be done next about an operation": ("console/operation_actions.py", "actions_on"),
    "list the repositories that a service can pull from": ("console/service_repositories.py", "service_repositories"),
    "preview a change without making it": ("console/previews.py", "preview"),
    "how long a page waits for AWS": ("console/timeouts.py", "PATIENCE"),
    "check which IAM permissions are missing": ("console/permissions.py", "check"),
    "the IAM statement beside a denied action": ("console/iam_hint.py", "iam_statement"),
    "record an operation, or find the one that runs": ("operations/start.py", "Starter"),
    "which of two requests goes first": ("operations/ordering.py", "join"),
    "cancel an operation from another replica": ("operations/cancellation.py", "CancelWatch"),
    "see that only one replica works": ("operations/lease.py", "Lease"),
    "resume operations after a crash": ("operations/recovery.py", "Recovery"),
    "write a policy and settle a lost answer": ("operations/policy_write.py", "write"),
    "look for writes that AWS carries out late": ("operations/late_writes.py", "look_for_late_writes"),
    "the steps of adding a repository": ("operations/grant.py", "update_policy"),
    "merge a statement into a policy": ("policy/grant.py", "plan_grant"),
    "take a service out of a policy": ("policy/revoke.py", "plan_revoke"),
    "decide whether a principal can pull": ("policy/evaluate.py", "evaluate"),
    "evaluate a condition": ("policy/conditions.py", "conditions_of"),
    "match a wildcard": ("policy/glob.py", "glob"),
    "correct a policy that was pasted together": ("policy/mend.py", "mend"),
    "undo a change and keep later ones": ("policy/undo.py", "plan_undo"),
    "compare two policies line by line": ("policy/diff.py", "diff_texts"),
    "warn about a policy": ("policy/findings.py", "findings"),
    "list who can pull by a policy": ("policy/who_can_pull.py", "readers"),
    "tell one of AWS's errors from another": ("aws/errors.py", "problem_of_aws"),
    "see that an answer of AWS is whole": ("aws/answers.py", "checked"),
    "bound the calls to AWS": ("aws/call_pool.py", "AwsCalls"),
    "wait for a role with one poll for everybody": ("aws/role_poller.py", "RolePoller"),
    "where credentials come from": ("aws/credentials.py", "SessionCredentials"),
    "read repositories in the background": ("inventory/background_sync.py", "Scanner"),
    "search repositories while somebody types": ("inventory/repository_search.py", "choices"),
    "export the history": ("history/export.py", "csv_lines"),
    "delete old history": ("history/retention.py", "Retention"),
    "sign-in links": ("auth/sign_in_links.py", "list_links"),
    "slow down wrong sign-ins": ("auth/rate_limit.py", "FailedTries"),
    "answer a problem with its status": ("http/problems.py", "install"),
    "security headers": ("http/security.py", "middleware"),
    "restore a backup": ("backup/restoring.py", "restore"),
}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_behaviour_is_in_the_file_that_its_name_suggests(behaviour):
    file, name = BEHAVIOURS[behaviour]
    tree = ast.parse((APP / file).read_text())
    targets = (target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets)
    defined = {getattr(node, "name", None) for node in tree.body} | {getattr(target, "id", None) for target in targets}
    assert name in defined, f"{file} has no {name}: where did it go, and does a stranger find it there?"
