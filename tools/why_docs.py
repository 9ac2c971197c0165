"""Writes docs/why.md: the published list of causes, each with an example, and the corpus's table. `--check` compares.

python -m tools.why_docs [--check]
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from app.aws.ports import ContainerService, Deployment, Role
from app.diagnosis.causes import CAUSES, Cause
from app.diagnosis.check_result import ORDER, Found
from app.diagnosis.diagnosis import GUESSES
from app.diagnosis.facts import Facts, Known
from app.diagnosis.fix_kinds import KINDS, Fix
from app.diagnosis.fixes import fixes_of
from app.diagnosis.reader import MOST_CALLS, MOST_ROUNDS
from app.diagnosis.words import CHECKS
from app.wording import fill
from tests.diagnosis.corpus import CASES

PAGE = Path(__file__).parent.parent / "docs" / "why.md"
ARN = "arn:aws:iam::947856326339:role/amazon/lightsail/us-east-1/containers/shop/private-repo-access/abc123"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web:1.4"

POLICY = '{"Version": "2012-10-17", "Statement": [{"Sid": "DenyOthers", "Effect": "Deny", "Principal": "*", "Action": "ecr:*"}]}'
REGISTRY_POLICY = '{"Version": "2012-10-17", "Statement": [{"Sid": "DenyOutside", "Effect": "Deny", "Principal": "*", "Action": "ecr:*"}]}'
LIFECYCLE = '{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10}, "action": {"type": "expire"}}]}'
BUTTONS = {"grant": "Add repository or Repair access", "activate": "Activate role"}

HEAD = """# Why can't it pull?

<!-- Made by `make why-docs` from app/diagnosis and tests/diagnosis; don't edit. -->

`sailpass why SERVICE [IMAGE]`, **Why can't it pull?** beside an access that isn't allowed and on a failed
deployment, and `POST /api/v1/services/{{region}}/{{name}}/why` with `{{"image": "…"}}` find the cause, in the order in
which AWS would fail. Each check is OK, the cause, not reached, or couldn't be checked; then the missing permission is
named. Two causes that stand are both shown, first the one that fails first.

```
sailpass why storefront-web                                  # the images of its newest deployment
sailpass why storefront-web 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web:1.4
sailpass why storefront-web --platform --as terraform --json
sailpass iam-policy --for why                                # the read-only IAM policy that it needs
```

- It works without a server and a database, with read-only credentials: at most {calls} calls to AWS, at most {rounds} one
  after the other, at most 10 seconds.
- Exit status: 0 no cause found, 1 a cause found, 2 wrong usage, 5 no server or not allowed, 7 not determined: no cause
  found, but not everything could be checked, or AWS couldn't be read.
- Reading an image's manifest counts as a pull in ECR's records (`lastRecordedPullTime`), which lifecycle rules may use. It
  is read only with `--platform` (**Check platform**), or after a failed deployment that nothing else explains. The output
  says so. Without an image named, the platform of an image that isn't an index stays unchecked: name the image.
- Values of environment variables are never shown, also where a log line contains one.
- *Certain* means proven by what was read; *likely* is what fits best. An organization's resource control policy can't be
  read: it is named only where a pull was refused and everything that can be read is fine. Policies have no dates, so
  the deployment may be older than the access: deploying again comes first, unless Sailpass has recorded the access
  before, or the same image was deployed again and failed again.

## Causes
"""


def page() -> str:
    """Return the page's text."""
    parts = [HEAD.format(calls=MOST_CALLS, rounds=MOST_ROUNDS)]
    for check in ORDER:
        parts.append(f"\n### {CHECKS[check]}\n")
        parts += (_cause(code, cause) for code, cause in CAUSES.items() if cause.check is check)
    parts.append(
        "\n## Fixes\n\nFilled in for the service and the image, as `aws` commands, Terraform and CloudFormation; an example of each.\n"
    )
    parts += _fixes()
    parts.append("\n## Corpus\n\n" + "\n".join(_corpus()) + "\n")
    return "".join(parts)


def _cause(code: str, cause: Cause) -> str:
    likely = " Named only where nothing else is found." if code in GUESSES else ""
    fixes = "; ".join(f"[{KINDS[kind].title}](#{kind})" for kind in cause.fixes)
    return (
        f"\n#### `{code}`\n\n**{fill(cause.title, cause.example)}.** {fill(cause.explanation, cause.example)}{likely}\n"
        + (f"\nFix: {fixes}\n" if fixes else "")
    )


def _fixes() -> Iterator[str]:
    """Each kind of fix once, as it comes with the first cause that has it."""
    for kind in Fix:
        code, cause = next((code, cause) for code, cause in CAUSES.items() if kind in cause.fixes)
        fix = next(fix for fix in fixes_of(Found(code, cause.example), _facts()) if fix.kind is kind)
        yield f'\n<a id="{kind}"></a>\n\n### {fix.title}\n'
        if button := BUTTONS.get(fix.operation):
            yield f"\nButton: **{button}**\n"
        for language, text in (("sh", fix.aws), ("hcl", fix.terraform), ("json", fix.cloudformation)):
            if text:
                yield f"\n```{language}\n{text}\n```\n"


def _facts() -> Facts:
    """An example service and image."""
    service = ContainerService(
        "us-east-1", "shop", "arn:aws:lightsail:us-east-1:123456789012:ContainerService/x", "123456789012", "RUNNING",
        Role(is_active=True, principal_arn=ARN), power="nano",
    )  # fmt: skip
    deployment = Deployment(7, "FAILED", None, public_container="web", public_port=80, health_check_path="/healthz")
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Facts(
        "us-east-1", "shop", IMAGE, moment, "web", service=Known(service), deployment=deployment, policy=Known(POLICY),
        registry_policy=Known(REGISTRY_POLICY), lifecycle=Known(LIFECYCLE),
    )  # fmt: skip


def _corpus() -> Iterator[str]:
    yield (
        f"{len(CASES)} causes are injected into the sandbox as AWS would show them (tests/diagnosis/corpus/), read over\n"
        "boto3, and diagnosed. The tests fail unless the right cause comes first for every one of them.\n"
    )
    yield "| check | causes in the list | cases in the corpus |\n|---|---|---|"
    cases = Counter(CAUSES[case.code].check for case in CASES)
    for check in ORDER:
        listed = sum(cause.check is check for cause in CAUSES.values())
        yield f"| {CHECKS[check]} | {listed} | {cases[check]} |"
    yield f"| all | {len(CAUSES)} | {len(CASES)} |\n"
    yield "| injected | first cause | further causes |\n|---|---|---|"
    for case in CASES:
        yield f"| {case.name} | `{case.code}` | {', '.join(f'`{code}`' for code in case.also) or '-'} |"


def main() -> int:
    """Write the page, or with `--check` say whether it is current."""
    text = page()
    if "--check" in sys.argv:
        return 0 if PAGE.exists() and PAGE.read_text() == text else 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
