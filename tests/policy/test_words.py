import ast
import inspect
import re
from itertools import chain
from pathlib import Path

import pytest

import app.policy
from app.messages import problems
from app.policy import mend
from app.policy.commands import System, Target, activate_role, policy_commands
from app.policy.grant import plan_grant
from app.policy.matching import Reach
from app.policy.messages import WORDS, say
from app.policy.revoke import plan_revoke
from tests.policy.build import a_policy, a_statement
from tests.policy.names import PULLER

SOURCES = sorted(Path(inspect.getfile(app.policy)).parent.glob("*.py"))
CODES = re.compile(r"(?:verdict|grant|revoke|prune|finding|unseen|refusal|room|mend|command)\.[a-z_]+")


LAYERED = ("denied", "allowed", "action_missing", "maybe")


def literals():
    trees = (ast.parse(path.read_text()) for path in SOURCES if path.name != "words.py")
    nodes = chain.from_iterable(ast.walk(tree) for tree in trees)
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_code_written_out_in_the_code_has_words():
    used = {text for text in literals() if CODES.fullmatch(text) and not text.endswith("_")}
    assert used
    assert used <= set(WORDS)


def test_every_code_put_together_in_the_code_has_words():
    reaches = [f"verdict.denied_{reach}" for reach in Reach]
    reaches += [f"verdict.allowed_{reach}" for reach in Reach if reach is not Reach.OTHERS]
    layers = [f"verdict.{kind}_in_{where}" for kind in LAYERED for where in ("registry", "both")]
    obstacles = [f"grant.{layer}{how}" for layer in ("", "registry_") for how in ("denied", "maybe_denied")]
    others = [Reach.ACCOUNT, Reach.EVERYONE]
    covered = [f"grant.covered_{reach}" for reach in others]
    still = [f"revoke.still_{how}{more}" for how in (*others, "registry") for more in ("", "_if")]
    faults = [mend.PASTED, mend.NESTED, mend.ESCAPED, mend.ANSWER, mend.BARE, mend.COMMA, mend.VERSIONS]
    assert {*reaches, *layers, *obstacles, *covered, *still, *(f"mend.{one}" for one in faults)} <= set(WORDS)


def test_every_command_has_words():
    target = Target("eu-west-1", "shop", "220022002200", "shop/api")
    granting = plan_grant(None, principal_arn=PULLER, service="shop")
    revoking = plan_revoke(granting.after, principals=[PULLER])
    commands = [*policy_commands(target, granting, System.POSIX), *policy_commands(target, revoking, System.POSIX)]
    commands.append(activate_role(target, System.POSIX))
    assert {f"command.{command.code}" for command in commands} <= set(WORDS)


def test_every_problem_of_the_policy_code_has_its_two_sentences():
    raised = {text for text in literals() if re.fullmatch(r"policy\.[a-z_]+", text)}
    assert len(raised) >= 9
    assert raised <= set(problems.WORDS)


@pytest.mark.parametrize("code", WORDS)
def test_each_sentence_can_be_filled_and_none_doubles_a_place(code):
    places = re.findall(r"%\((\w+)\)s", WORDS[code])
    assert "%(" not in say(code, dict.fromkeys(places, "x"))
    assert len(places) == len(set(places))


def test_a_verdict_reads_as_a_sentence():
    assert say("verdict.allowed_everyone", {"statement": "#2 (Open)"}) == "Statement #2 (Open) allows everyone to pull."


PURE = re.compile(
    r"app\.(errors|json_escapes|limits|wording|policy)|__future__|json|math|re|bisect|itertools|functools|shlex|collections|dataclasses"
    r"|datetime|enum|operator|typing"
)


def nodes_of(kind):
    return [node for path in SOURCES for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kind)]


def test_the_policy_code_imports_nothing_that_could_do_io():
    modules = [node.module for node in nodes_of(ast.ImportFrom)]
    modules += [alias.name for node in nodes_of(ast.Import) for alias in node.names]
    assert [name for name in modules if not re.match(rf"(?:{PURE.pattern})(?:\.|$)", name)] == []


def test_the_policy_code_reads_no_clock():
    assert {node.attr for node in nodes_of(ast.Attribute)}.isdisjoint({"utcnow", "today", "now_utc"})
    reads = [node for node in nodes_of(ast.Call) if isinstance(node.func, ast.Attribute) and node.func.attr == "now"]
    assert reads == []


def test_nothing_said_about_a_grant_is_left_without_its_place():
    change = plan_grant(a_policy(a_statement("*")), principal_arn=PULLER, service="shop")
    assert [say(one.code, one.params) for one in change.leftovers] == [
        "Statement #1 already allows everyone, so no statement is added. Remove can't take this access away."
    ]
