"""What `sailpass doctor` finds out about AWS: credentials and where they come from, Regions, and what AWS answers.

Reads only: GetCallerIdentity, one GetContainerServices and one DescribeRepositories per Region.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from app.aws.session import BotoAws
from app.doctor.report import DoctorFinding, Level
from app.errors import Problem
from app.messages.problems import what_happened, what_to_do
from app.settings import Settings

# Regions asked at a time.
AT_A_TIME = 8
SERVICES = ("lightsail", "ecr", "sts")


def cloud(settings: Settings, aws: BotoAws) -> Iterator[DoctorFinding]:
    """Yield what stands between Sailpass and AWS, in the order in which it must be fixed."""
    regions_finding, regions = _regions(settings, aws)
    yield regions_finding
    endpoints = _endpoints(aws)
    if endpoints is not None:
        yield endpoints
    credentials = _credentials(aws, regions)
    yield credentials
    if credentials.level is Level.PROBLEM:
        yield DoctorFinding("AWS account", Level.UNKNOWN, "not asked: there are no credentials")
        return
    account = _account(aws)
    yield account
    if account.level is Level.PROBLEM:
        return
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        yield from pool.map(lambda region: _region(aws, region), regions)


def _regions(settings: Settings, aws: BotoAws) -> tuple[DoctorFinding, tuple[str, ...]]:
    try:
        regions = aws.regions() if settings.regions == ("all",) else settings.regions
        default = "" if regions else aws.default_region() or ""
    except Problem as problem:
        return _problem("Regions", problem), ()
    details = {"from": "SAILPASS_REGIONS" if regions else "AWS settings", "regions": regions or (default,)}
    if not regions and not default:
        todo = "Set AWS_REGION to one Region, or SAILPASS_REGIONS to several."
        return DoctorFinding("Regions", Level.PROBLEM, "none is configured", todo, {"from": "", "regions": ()}), ()
    chosen = regions or (default,)
    for region in chosen:
        unusable = aws.region_problem(region)
        if unusable is not None:
            return _problem("Regions", unusable), chosen
    source = "SAILPASS_REGIONS" if regions else "the AWS settings"
    return DoctorFinding("Regions", Level.OK, f"{', '.join(chosen)} (from {source})", details=details), chosen


def _endpoints(aws: BotoAws) -> DoctorFinding | None:
    """The addresses that the settings name in place of AWS's own; None for AWS itself."""
    try:
        named = {service: address for service in SERVICES if (address := aws.endpoint(service))}
    except Problem as problem:
        return _problem("Endpoints", problem)
    if not named:
        return None
    text = "not AWS itself: " + ", ".join(f"{service} at {address}" for service, address in named.items())
    return DoctorFinding("Endpoints", Level.NOTE, text, details=dict(named))


def _credentials(aws: BotoAws, regions: tuple[str, ...]) -> DoctorFinding:
    try:
        source = aws.credential_source(regions[0] if regions else "")
    except Problem as problem:
        return _problem("Credentials", problem)
    details = {"method": source.method, "from": source.origin, "profile": source.profile}
    return DoctorFinding("Credentials", Level.OK, f"from {source.origin}", details=details)


def _account(aws: BotoAws) -> DoctorFinding:
    try:
        caller = aws.identity().caller().value
    except Problem as problem:
        return _problem("AWS account", problem)
    text = f"{caller.account}, signed in as {caller.arn}"
    return DoctorFinding("AWS account", Level.OK, text, details={"account": caller.account, "arn": caller.arn})


def _region(aws: BotoAws, region: str) -> DoctorFinding:
    """Whether Lightsail and ECR answer in a Region; the first problem, where one does not."""
    try:
        services = len(aws.services(region).list_services().value)
    except Problem as problem:
        return _problem(region, problem)
    listing = aws.probe("ecr:DescribeRepositories", region)
    if listing.problem is not None and not listing.allowed:
        return _problem(region, listing.problem)
    counted = "1 container service" if services == 1 else f"{services} container services"
    details = {"container_services": services, "ecr": True}
    return DoctorFinding(region, Level.OK, f"{counted}; Amazon ECR answers", details=details)


def _problem(subject: str, problem: Problem) -> DoctorFinding:
    details = {"code": problem.code, "aws_code": problem.aws_code}
    return DoctorFinding(subject, Level.PROBLEM, what_happened(problem), what_to_do(problem), details)
