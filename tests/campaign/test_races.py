"""Many concurrent operations on one repository, from two replicas, while another writer edits its policy."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from app.db import Database
from app.history import queries
from app.history.models import Operation
from campaign.check import judge
from campaign.play import told
from tests.console import start_console, until
from tests.sandbox_server import start_sandbox_process

REGION, REPOSITORY = "us-east-1", "analytics/api-000000"
EVERY = 0.1  # seconds between two edits of the foreign writer
OPERATIONS = 20
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def statement(sid: str, arn: str) -> dict:
    return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": arn}, "Action": PULL}


class ForeignWriter(threading.Thread):
    """Reads the policy, changes a statement of his own, and writes it back: as blindly as everybody else must.

    `revisions` are all the writes that the policy has seen, whoever wrote.
    """

    def __init__(self, sandbox) -> None:
        super().__init__()
        self.sandbox = sandbox
        self.revisions: dict[tuple[float, str], dict] = {}
        self.over = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.over.wait(EVERY):
            number += 1
            policy = self.sandbox.policy(REPOSITORY)["policy"] or {"Version": "2008-10-17", "Statement": []}
            mine = statement("Foreign", f"arn:aws:iam::210987654321:role/deploy-{number}")
            kept = [each for each in policy["Statement"] if each["Sid"] != "Foreign"]
            self.sandbox.put_policy(REPOSITORY, {**policy, "Statement": [*kept, mine]})
            self.note()

    def note(self) -> None:
        for each in self.sandbox.policy(REPOSITORY)["revisions"]:
            self.revisions[each["at"], each["by"]] = {"at": each["at"], "by": each["by"], "document": each["policy"]}


@contextlib.contextmanager
def foreign_writer(sandbox) -> Iterator[ForeignWriter]:
    writer = ForeignWriter(sandbox)
    writer.start()
    try:
        yield writer
    finally:
        writer.over.set()
        writer.join()
        writer.note()


@pytest.fixture
def sandbox():
    """One repository, and active services half of which can pull from it."""
    with start_sandbox_process(seed="large", repositories=1, services=28) as running:
        arns = [arn for _, arn in services(running)]
        granted = [statement(f"AllowLightsailPull-{number}", arn) for number, arn in enumerate(arns[::2])]
        running.put_policy(REPOSITORY, {"Version": "2008-10-17", "Statement": granted})
        yield running


def services(sandbox) -> list[tuple[str, str]]:
    """So many active services as there are operations, with the ARNs of their roles."""
    roles = [
        (each["containerServiceName"], each["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"])
        for each in sandbox.control("GET", "services")["services"]
    ]
    return [(name, arn) for name, arn in roles if arn][:OPERATIONS]


@pytest.fixture
def replicas(sandbox, postgres_url, tmp_path):
    settings = {"sandbox": sandbox, "regions": REGION, "database_url": postgres_url}
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        starts = [start_console(tmp_path / name, instance=name, **settings) for name in "ab"]
        yield tuple(pool.map(stack.enter_context, starts))


def evidence(sandbox, first, writer) -> dict:
    """As the campaign's judge takes it."""
    now = sandbox.policy(REPOSITORY)["policy"]
    revisions = [writer.revisions[key] for key in sorted(writer.revisions)]
    found = {"first": first, "now": now, "revisions": [each for each in revisions if each["document"] != first]}
    known = {name: {"arn": arn, "general": "", "every": [arn]} for name, arn in services(sandbox)}
    return {"calls": sandbox.calls(), "stale": [], "repositories": {REPOSITORY: found}, "services": known}


def history(url: str) -> list[dict]:
    db = Database(url)
    with db.read() as session:
        ids = session.scalars(select(Operation.id).order_by(Operation.asked_at, Operation.id)).all()
    found = [told(queries.get_operation(db, each)) for each in ids]
    db.close()
    return found


@pytest.mark.postgres
def test_two_replicas_and_a_foreign_writer_on_one_repository_lose_nothing(sandbox, replicas, postgres_url):
    first = sandbox.policy(REPOSITORY)["policy"]
    with foreign_writer(sandbox) as writer:
        for number, (service, _) in enumerate(services(sandbox)):
            verb = "repositories" if number % 2 else "repositories/remove"
            form = {"Content_Type": "application/x-www-form-urlencoded"}
            asked = replicas[number // 2 % 2].post(
                f"/containers/{REGION}/{service}/{verb}", f"repository={REPOSITORY}", **form
            )
            assert asked.status == 303
        until(lambda: history(postgres_url), lambda told: all(each["outcome"] for each in told), seconds=300)
    operations = history(postgres_url)
    assert judge(evidence(sandbox, first, writer), operations).wrong == []
    assert [each["outcome"] for each in operations] == ["succeeded"] * OPERATIONS
