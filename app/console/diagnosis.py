"""Why an image can't be pulled or doesn't run: calls to AWS run in the pool, the rest in threads."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from app.bootstrap import Services
from app.console.repository_images import repository_tags
from app.deployments.images import image_uri
from app.diagnosis.diagnosis import Diagnosis
from app.diagnosis.image_uri import parse_image
from app.diagnosis.reader import Question
from app.diagnosis.run import Pool, diagnose_in_pool
from app.history.queries import last_grants
from app.inventory import queries
from app.keys import RegionAndName
from app.threads import run_in_threadpool


async def diagnose(services: Services, question: Question) -> tuple[Diagnosis, ...]:
    """Return the diagnosis of each image, within 10 seconds. Raises Problem if no call can be made at all."""
    pool = Pool(services.calls, run_in_threadpool)
    question = replace(question, access_given=await run_in_threadpool(_given, services, question))
    return await diagnose_in_pool(question, services.aws, pool, services.clock.now())


def _given(services: Services, question: Question) -> dict[str, datetime]:
    grants = last_grants(services.db, services.service_key(question.region, question.service))
    return {repository: grant.at for repository, grant in grants.items()}


def question_of(
    services: Services, region_and_name: RegionAndName, image: str, container: str = "", *, platform: bool = False
) -> Question:
    """Return the question about a service; missing things are looked for in the configured Regions."""
    return Question(*region_and_name, image, container, platform, services.regions)


async def image_of_repository(services: Services, region: str, service: str, repository: str) -> str:
    """Return the repository's image that the service runs or last failed to run, else the newest tag, else the URI.

    "" where neither the service nor the repository is known.
    """
    known_service = await run_in_threadpool(queries.last_seen, services.db, services.service_key(region, service))
    deployments = (known_service.next_deployment, known_service.current_deployment) if known_service else ()
    for deployment in deployments:
        for container in deployment.containers if deployment else ():
            image = parse_image(container.image)
            if image.is_private and image.repository == repository:
                return container.image
    newest = await repository_tags(services, region, repository)
    if newest is None:
        return image_uri(known_service.account, region, repository, "") if known_service else ""
    return f"{newest.uri}:{newest.tags[0]}" if newest.tags else newest.uri
