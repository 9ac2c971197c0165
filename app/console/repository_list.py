"""All private repositories of the configured Regions with who can pull, from the console's own store."""

from __future__ import annotations

from dataclasses import dataclass

from app.bootstrap import Services
from app.console.findings import Knowledge, knowledge, settle
from app.console.freshness import Freshness, freshness, together
from app.findings import queries as findings
from app.inventory import repositories, sync_state
from app.inventory.repositories import ListedRepository, RepositoryCounts, RepositoryCursor, RepositoryFilter
from app.inventory.sync_state import Reading, What


@dataclass(frozen=True)
class RepositoryListAnswer:
    """One page by name, then Region; `listing` False: IAM doesn't allow listing, so only known ones are shown.

    `tags_follow`: the newest tags of some of these are being read.
    """

    rows: tuple[ListedRepository, ...]
    counts: RepositoryCounts
    knowledge: Knowledge
    freshness: Freshness
    next: RepositoryCursor | None = None
    listing: bool = True
    tags_follow: bool = False


def list_repositories(
    services: Services,
    criteria: RepositoryFilter,
    after: RepositoryCursor | None = None,
    *,
    limit: int = repositories.PAGE,
) -> RepositoryListAnswer:
    """Return one page. Raises Problem `request.bad_state`."""
    settle(services)
    db, connection, now = services.db, services.connection, services.clock.now()
    page = repositories.list_repositories(db, connection, criteria, after=after, limit=limit)
    findings_known = knowledge(services, findings.count_findings(db, connection, now))
    reads = {read.region: read for read in sync_state.readings(db, connection) if read.what is What.REPOSITORIES}
    regions = [reads.get(region, Reading(region, What.REPOSITORIES)) for region in services.regions]
    refused = any(read.problem is not None and read.problem.code == "aws.access_denied" for read in regions)
    follow = [services.tag_reader.request(row.region, row.name, row.newest) for row in page.rows]
    return RepositoryListAnswer(
        page.rows,
        repositories.count_repositories(db, connection),
        findings_known,
        together([freshness(read, now) for read in regions], now),
        page.next,
        listing=not refused,
        tags_follow=any(follow),
    )
