"""Diagnoses an image on behalf of a page or a program: AWS is read in the pool of calls, the rest works in threads."""

from __future__ import annotations

from app.bootstrap import Services
from app.diagnosis.diagnosis import Diagnosis
from app.diagnosis.reader import Question
from app.diagnosis.run import Pool, diagnose_in_pool
from app.web.threads import run_in_threadpool


async def diagnose(services: Services, question: Question) -> tuple[Diagnosis, ...]:
    """Return the diagnosis of each image, within 10 seconds. Raises Problem where no call can be made at all."""
    pool = Pool(services.calls, run_in_threadpool)
    return await diagnose_in_pool(question, services.aws, pool, services.clock.now())


def question_of(
    services: Services, place: tuple[str, str], image: str, container: str = "", *, platform: bool = False
) -> Question:
    """Return what is asked about a service; what isn't there is looked for in the configured Regions."""
    return Question(*place, image, container, platform, services.regions)
