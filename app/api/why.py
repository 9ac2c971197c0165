"""Why a service can't pull an image, or why the image doesn't run. Changes nothing."""

from __future__ import annotations

from app.api.deps import OF_SERVICE, NamedServiceDep
from app.api.responses import AWS, refusals
from app.api.routers import api_router
from app.api.schemas.why import Why, WhyRequest
from app.console.diagnosis import diagnose, question_of
from app.console.identity import endpoints_of
from app.diagnosis.report import report
from app.http.deps import ServicesDep
from app.threads import run_in_threadpool

router = api_router("Services")


@router.post(OF_SERVICE + "/why", summary="Why it can't pull, or doesn't run", responses=refusals(*AWS))
async def why(services: ServicesDep, named: NamedServiceDep, body: WhyRequest | None = None) -> Why:
    """Reads AWS now, with at most 15 calls within 10 seconds, and returns the root cause first."""
    request = body or WhyRequest()
    question = question_of(services, named, request.image, request.container, platform=request.platform)
    diagnoses = await diagnose(services, question)
    return await run_in_threadpool(lambda: Why.model_validate(report(diagnoses, endpoints_of(services))))
