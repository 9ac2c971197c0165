"""Compare verdicts with those of an independent IAM simulator, `@cloud-copilot/iam-simulate`, on random policies.

The simulator is a program of its own under the AGPL: it is installed for developers alone (`npm ci` in this folder), runs
in a process of its own, and nothing of it is part of Sailpass. A verdict is contradicted where the simulator comes to
another one in any request context that a pull can have; one that is conditional should differ between two of them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from app.policy.evaluate import evaluate
from app.policy.layers import RegistryPolicy, RegistryScope
from app.policy.statement import PULL_ACTIONS
from app.policy.verdict import Access, Verdict
from tools.compare_simulator.cases import Case, cases
from tools.compare_simulator.worlds import ACCOUNT, NOW, PULLER, REPOSITORY, worlds_of

HERE = Path(__file__).parent
WORLDS = 24


def main() -> int:
    """Print what was found; 1 where a verdict is contradicted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    every = list(cases(options.cases, options.seed))
    answers = simulated(every, Random(options.seed))  # noqa: S311  (no secret)
    outcomes: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    for case, answer in zip(every, answers, strict=True):
        verdict = judged(case)
        outcome = compared(case, verdict, answer)
        outcomes[outcome] += 1
        if outcome == "contradicted":
            print(
                json.dumps({"case": case.__dict__, "ours": verdict.access, "why": verdict.sentence, "theirs": answer})
            )
        if outcome == "open in ours, decided in theirs":
            keys.update(key.lower() for key in verdict.keys)
    for outcome, count in outcomes.most_common():
        print(f"{count:6} {outcome}")
    print("decided in theirs although open in ours, by key:", dict(keys.most_common(12)))
    return 1 if outcomes["contradicted"] else 0


def judged(case: Case) -> Verdict:
    """Our own verdict."""
    registry = (
        RegistryPolicy(json.dumps(case.registry), RegistryScope(case.scope)) if case.registry else RegistryPolicy()
    )
    policy = json.dumps(case.repository)
    return evaluate(policy, PULLER, registry, repository_arn=REPOSITORY, now=datetime.fromisoformat(NOW))


def simulated(every: list[Case], random: Random) -> list[list[bool]]:
    """Whether the simulator lets the role pull, for each case in each of its worlds."""
    asked = "\n".join(json.dumps(_question(case, random)) for case in every)
    command = ["node", str(HERE / "simulate.mjs")]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    return [_answer(line) for line in done.stdout.splitlines()]


def _question(case: Case, random: Random) -> dict[str, Any]:
    statements = [
        {"Resource": "*", **statement} if "NotResource" not in statement else statement for statement in case.statements
    ]
    policy = {**case.repository, "Statement": statements}
    return {
        "policy": policy,
        "principal": PULLER,
        "repository": REPOSITORY,
        "account": ACCOUNT,
        "actions": PULL_ACTIONS,
        "worlds": worlds_of(policy, random, WORLDS),
    }


def _answer(line: str) -> list[bool]:
    answer = json.loads(line)
    if isinstance(answer, dict):
        sys.exit(f"the simulator failed: {answer['error']}")
    return list(answer)


def compared(case: Case, verdict: Verdict, answers: list[bool]) -> str:
    """How our verdict and the simulator's answers stand to each other."""
    theirs = set(answers)
    if verdict.access is Access.CONDITIONAL:
        return "open in both" if len(theirs) == 2 else "open in ours, decided in theirs"
    if theirs == {verdict.access is Access.ALLOWED}:
        return f"the same: {verdict.access}"
    if any("NotPrincipal" in statement for statement in case.statements):
        # AWS supports no Allow with NotPrincipal, and warns that a Deny may reach further than it seems; the simulator
        # takes both as they look, and says in its source that this needs research.
        return "stricter on NotPrincipal by design"
    if "${" in str(case.statements) and case.repository.get("Version") != "2012-10-17":
        return "variables before Version 2012-10-17, which AWS takes as text"
    return "contradicted"


if __name__ == "__main__":
    sys.exit(main())
