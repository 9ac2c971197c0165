"""One process that gives one service access to many repositories, in one of three ways.

Started by `batch.py`; reads a JSON object of what is wanted from its standard input and prints the seconds that it took.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from app.bootstrap import Services, build
from app.history import batches
from app.migrate import migrate
from app.operations.batches import NewItem
from app.operations.state import Kind, Outcome
from app.settings import load
from benchmarks.throughput_child import read_region

REGION = "us-east-1"
THREADS = 8


def by_script(wanted: dict[str, Any], threads: int) -> float:
    """Seconds that a script takes which reads, writes and reads back each policy, and keeps no history."""
    config = Config(max_pool_connections=threads, retries={"mode": "standard"})
    ecr = boto3.client("ecr", region_name=REGION, config=config)
    began = time.perf_counter()
    arn = _arn(wanted["service"])
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda name: _grant(ecr, arn, wanted["service"], name), wanted["repositories"]))
    return time.perf_counter() - began


def _arn(service: str) -> str:
    lightsail = boto3.client("lightsail", region_name=REGION)
    found = lightsail.get_container_services(serviceName=service)["containerServices"][0]
    return str(found["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"])


def _grant(ecr: Any, arn: str, service: str, name: str) -> None:
    policy = _read(ecr, name) or {"Version": "2008-10-17", "Statement": []}
    policy["Statement"].append(
        {
            "Sid": f"AllowLightsailPull-{service}",
            "Effect": "Allow",
            "Principal": {"AWS": arn},
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        }
    )
    ecr.set_repository_policy(repositoryName=name, policyText=json.dumps(policy))
    if arn not in json.dumps(_read(ecr, name)):
        raise RuntimeError(f"{name} does not name {arn}")


def _read(ecr: Any, name: str) -> dict[str, Any] | None:
    try:
        return dict(json.loads(ecr.get_repository_policy(repositoryName=name)["policyText"]))
    except ecr.exceptions.RepositoryPolicyNotFoundException:
        return None


async def by_batch(wanted: dict[str, Any]) -> float:
    """Seconds from the request of a batch to its end."""
    settings = load(data_dir=Path(wanted["folder"]), regions=REGION, database_url=wanted["database_url"] or None)
    services = build(settings)
    migrate(services.db)
    await read_region(services)
    await services.start()
    try:
        return await asyncio.to_thread(_batch, services, wanted)
    finally:
        await services.stop()


def _batch(services: Services, wanted: dict[str, Any]) -> float:
    items = [NewItem(REGION, wanted["service"], name) for name in wanted["repositories"]]
    began = time.perf_counter()
    batch_id = services.batches.start(Kind.GRANT, items, "benchmark")
    while any(runner.outcome is None for runner in batches.runners_of(services.db, batch_id)):
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    counts = batches.counts_of(services.db, [batch_id])[batch_id]
    if counts != {Outcome.SUCCEEDED: len(items)}:
        raise RuntimeError(f"of {len(items)} items: {counts}")
    return seconds


def main(wanted: dict[str, Any]) -> float:
    if wanted["way"] == "batch":
        return asyncio.run(by_batch(wanted))
    return by_script(wanted, THREADS if wanted["way"] == "threads" else 1)


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
