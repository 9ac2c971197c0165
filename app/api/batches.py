"""Batches: many repositories at once, looked at beforehand, watched, retried, cancelled and undone together."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query, Response

from app.api.deps import ROOT
from app.api.long_poll import LONGEST_WAIT, until_changed
from app.api.responses import AWS, refusals, started
from app.api.routers import api_router
from app.api.schemas.batches import Batch, BatchDetail, BatchPreview, BatchRequest
from app.bootstrap import Services
from app.console import batches as console
from app.console.batch_plans import items_of, plan_batch
from app.history import batches as history
from app.http.deps import PersonDep, ServicesDep
from app.operations.state import Outcome
from app.threads import run_in_threadpool

router = api_router("Batches", "/batches")

BatchId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="A batch's id.")]


@router.post("", status_code=202, summary="Change many repositories", responses=started(409, *AWS))
async def start_batch(services: ServicesDep, who: PersonDep, body: BatchRequest, response: Response) -> Batch:
    """Each item is an operation of its own; one that fails stops no other. The role is activated once per service.

    The same asked for twice is one batch while it runs.
    """
    request = body.to_request()
    items = await items_of(services, request)
    batch_id = await run_in_threadpool(services.batches.start, request.action, items, who)
    return await run_in_threadpool(accepted_batch, services, response, batch_id)


@router.post("/preview", summary="Preview a batch", responses=refusals(*AWS))
async def preview_batch(services: ServicesDep, body: BatchRequest) -> BatchPreview:
    """How many policies would change, and what would be refused and why, by the policies as they were last read."""
    plan = await plan_batch(services, body.to_request())
    return await run_in_threadpool(BatchPreview.of, plan)


@router.get("/{batch_id}", summary="State of a batch", responses=refusals(404))
async def get_batch(
    services: ServicesDep,
    batch_id: BatchId,
    state: Annotated[Literal["running"] | Outcome | None, Query(description="`running`: items not ended.")] = None,
    after: Annotated[int, Query(ge=0, le=2**62, description="`next` of a page.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    seen: Annotated[int, Query(ge=0, le=2**62, description="The `version` that you have.")] = 0,
    wait: Annotated[
        float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for another version than `seen`.")
    ] = 0,
) -> BatchDetail:
    """With some of its items. Ask again and again, with `seen` and `wait`, until `ended_at` is set."""
    await until_changed(lambda: history.version_of(services.db, batch_id), seen, wait)
    return await run_in_threadpool(_detail, services, batch_id, [state] if state else [], after, limit)


@router.post("/{batch_id}/retry", status_code=202, summary="Retry what failed", responses=started(404, 409))
def retry_batch(services: ServicesDep, who: PersonDep, batch_id: BatchId, response: Response) -> Batch:
    """A new batch of the items that failed or were cancelled; the one that was started before, if there is one."""
    return accepted_batch(services, response, services.batches.retry(batch_id, who))


@router.post("/{batch_id}/cancel", status_code=202, summary="Cancel the rest", responses=started(404, 409))
def cancel_batch(services: ServicesDep, who: PersonDep, batch_id: BatchId, response: Response) -> Batch:
    """Items that have not begun don't begin; those at work stop at their next safe point. What is done stays."""
    console.cancel(services, batch_id, who)
    return accepted_batch(services, response, batch_id)


@router.post("/{batch_id}/undo", status_code=202, summary="Undo a batch", responses=started(404, 409))
def undo_batch(services: ServicesDep, who: PersonDep, batch_id: BatchId, response: Response) -> Batch:
    """A new batch that takes back every change of this one, and nothing of what others changed since."""
    return accepted_batch(services, response, services.batches.undo(batch_id, who))


def accepted_batch(services: Services, response: Response, batch_id: str) -> Batch:
    """Return the batch that a route started, and name its address in the response."""
    response.headers["Location"] = f"{ROOT}/batches/{batch_id}"
    return Batch.of(console.get_batch(services, batch_id))


def _detail(services: Services, batch_id: str, states: list[str], after: int, limit: int) -> BatchDetail:
    batch = console.get_batch(services, batch_id)
    page = console.list_items(services, batch_id, states=states, after=after, limit=limit)
    return BatchDetail.of(batch, items=page.items, next=page.next)
