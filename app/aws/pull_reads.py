"""Reads what decides on a pull: images, manifests, logs. Changes nothing.

Reading a manifest counts as a pull in ECR's records (`lastRecordedPullTime`): callers read one only on a person's
request, or after a deployment has failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from app.aws.answers import parsed
from app.aws.clients import CONNECT_TIMEOUT, Clients
from app.aws.ecr import text_or_none
from app.aws.errors import Call
from app.aws.ports import Answered
from app.aws.pull_ports import ImageDetail, ImageDetailPage, LogLine, LogPage, LogRange, Manifest
from app.aws.unanswered import host_of, problem_of_sdk
from app.errors import Problem

PAGE: Final = 1_000
LARGEST_CONFIG: Final = 4 * 1024 * 1024  # bytes
CONFIG_SECONDS: Final = 5.0
MANIFEST_TYPES: Final = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


@dataclass(frozen=True)
class BotoPullReads:
    """`pull_ports.PullReads` over boto's clients."""

    service: ClassVar = "ecr"

    clients: Clients
    region: str

    def repository_policy(self, registry_id: str, repository: str) -> Answered[str | None]:
        """Return the policy text, None only if ECR says that there is none."""
        arguments = _repository(registry_id, repository)
        return self._text_or_none("GetRepositoryPolicy", "policyText", "policy.not_found", arguments)

    def image(self, registry_id: str, repository: str, *, tag: str = "", digest: str = "") -> Answered[ImageDetail]:
        """Return one image, whatever its status."""
        arguments = {**_repository(registry_id, repository), "imageIds": [_image_id(tag, digest)]}
        answered = self._ecr("DescribeImages", "imageDetails", arguments)
        for raw in answered.value["imageDetails"]:
            return Answered(detail_of(raw), answered.request_id)
        raise Problem("image.not_found", request_id=answered.request_id, repository=repository)

    def images(self, registry_id: str, repository: str) -> Answered[tuple[ImageDetail, ...]]:
        """Return up to 1,000 tagged images, archived ones too."""
        page = self.images_page(registry_id, repository)
        return Answered(page.value.images, page.request_id)

    def images_page(self, registry_id: str, repository: str, after: str = "") -> Answered[ImageDetailPage]:
        """Return up to 1,000 tagged images, archived ones too, and what asks for the next page."""
        choice = {"tagStatus": "TAGGED", "imageStatus": "ANY"}
        arguments = {**_repository(registry_id, repository), "maxResults": PAGE, "filter": choice}
        if after:
            arguments["nextToken"] = after
        answered = self._ecr("DescribeImages", "imageDetails", arguments)
        details = tuple(map(detail_of, answered.value["imageDetails"]))
        return Answered(ImageDetailPage(details, answered.value.get("nextToken") or ""), answered.request_id)

    def archived_images(self, registry_id: str, repository: str) -> Answered[tuple[ImageDetail, ...]]:
        """Return up to 1,000 archived images, those of an index too, which have no tag."""
        arguments = {**_repository(registry_id, repository), "maxResults": PAGE, "filter": {"imageStatus": "ARCHIVED"}}
        answered = self._ecr("DescribeImages", "imageDetails", arguments)
        return Answered(tuple(map(detail_of, answered.value["imageDetails"])), answered.request_id)

    def lifecycle_policy(self, registry_id: str, repository: str) -> Answered[str | None]:
        """Return the lifecycle policy's text, None only if ECR says that there is none."""
        arguments = _repository(registry_id, repository)
        return self._text_or_none("GetLifecyclePolicy", "lifecyclePolicyText", "lifecycle.not_found", arguments)

    def repository_names(self) -> Answered[tuple[str, ...]]:
        """Return up to 1,000 names, sorted."""
        answered = self._ecr("DescribeRepositories", "repositories", {"maxResults": PAGE})
        names = sorted(raw["repositoryName"] for raw in answered.value["repositories"])
        return Answered(tuple(names), answered.request_id)

    def container_log(
        self, service: str, container: str, since: datetime | None, pattern: str = ""
    ) -> Answered[tuple[LogLine, ...]]:
        """Return the first page of a container's log, oldest first."""
        page = self.container_log_page(service, container, LogRange(since, pattern=pattern))
        return Answered(page.value.lines, page.request_id)

    def container_log_page(self, service: str, container: str, part: LogRange, after: str = "") -> Answered[LogPage]:
        """Return one page of a container's log, oldest first, and what asks for the next."""
        chosen = {
            "startTime": part.since,
            "endTime": part.until and part.until + timedelta(seconds=1),  # sent without its fraction
            "filterPattern": part.pattern,
            "pageToken": after,
        }
        arguments = {name: value for name, value in chosen.items() if value}
        call = Call("lightsail", "GetContainerLog", self.region, {"service": service})
        answered = self.clients.answer(call, "logEvents", serviceName=service, containerName=container, **arguments)
        lines = tuple(LogLine(raw.get("createdAt"), str(raw["message"])) for raw in answered.value["logEvents"])
        return Answered(LogPage(lines, answered.value.get("nextPageToken") or ""), answered.request_id)

    def stored_images(self, service: str) -> Answered[tuple[str, ...]]:
        """Return the names (`:service.label.3`) of the images that a service stores in Lightsail."""
        call = Call("lightsail", "GetContainerImages", self.region, {"service": service})
        answered = self.clients.answer(call, "containerImages", serviceName=service)
        names = (raw.get("image", "") for raw in answered.value["containerImages"])
        return Answered(tuple(filter(None, names)), answered.request_id)

    def manifest(self, registry_id: str, repository: str, *, tag: str = "", digest: str = "") -> Answered[Manifest]:
        """Return an image's manifest. ECR records this as a pull."""
        arguments = {
            **_repository(registry_id, repository),
            "imageIds": [_image_id(tag, digest)],
            "acceptedMediaTypes": list(MANIFEST_TYPES),
        }
        answered = self._ecr("BatchGetImage", "images", arguments)
        for raw in answered.value["images"]:
            members = _object(raw.get("imageManifest", ""))
            media_type = raw.get("imageManifestMediaType") or str(members.get("mediaType", ""))
            return Answered(Manifest(media_type, members), answered.request_id)
        failed = {failure.get("failureCode") for failure in answered.value.get("failures") or []}
        code = "image.kms_error" if "KmsError" in failed else "image.not_found"  # of the API's ImageFailureCode
        raise Problem(code, request_id=answered.request_id, repository=repository)

    def layer_url(self, registry_id: str, repository: str, digest: str) -> Answered[str]:
        """Return the URL from which a layer or config can be downloaded for an hour."""
        arguments = {**_repository(registry_id, repository), "layerDigest": digest}
        answered = self._ecr("GetDownloadUrlForLayer", "downloadUrl", arguments)
        return Answered(answered.value["downloadUrl"], answered.request_id)

    def image_config(self, url: str) -> Answered[Mapping[str, Any]]:
        """Return an image's config from the URL that `layer_url` returned: a few kilobytes, all or nothing."""
        call = Call("ecr", "GetDownloadUrlForLayer", self.region)
        try:
            session = URLLib3Session(timeout=(CONNECT_TIMEOUT, CONFIG_SECONDS), proxies=get_environ_proxies(url))
            response = session.send(AWSRequest("GET", url, stream_output=True).prepare())
            body = response.raw.read(LARGEST_CONFIG + 1) if response.status_code == 200 else b""
        except Exception as error:  # noqa: BLE001  (the SDK's own exceptions, and any that the connection raises)
            raise problem_of_sdk(error, call) from None
        config = _object(body.decode("utf-8", "replace")) if len(body) <= LARGEST_CONFIG else {}
        if not config:
            raise Problem(
                "aws.bad_answer", retryable=True, action=call.action, region=self.region, endpoint=host_of(url)
            )
        return Answered(config, "")

    def _text_or_none(
        self, operation: str, member: str, missing: str, arguments: dict[str, Any]
    ) -> Answered[str | None]:
        return text_or_none(self.clients, self._call(operation, arguments), member, missing, **arguments)

    def _ecr(self, operation: str, member: str, arguments: dict[str, Any]) -> Answered[Mapping[str, Any]]:
        return self.clients.answer(self._call(operation, arguments), member, **arguments)

    def _call(self, operation: str, arguments: Mapping[str, Any]) -> Call:
        subject = {"repository": arguments["repositoryName"]} if "repositoryName" in arguments else {}
        return Call("ecr", operation, self.region, subject)


def detail_of(raw: Mapping[str, Any]) -> ImageDetail:
    """Return an image from AWS's answer."""
    return ImageDetail(
        digest=raw.get("imageDigest", ""),
        tags=tuple(raw.get("imageTags") or ()),
        pushed_at=raw.get("imagePushedAt"),
        size=raw.get("imageSizeInBytes", 0),
        media_type=raw.get("imageManifestMediaType", ""),
        artifact_type=raw.get("artifactMediaType", ""),
        subject=raw.get("subjectManifestDigest", ""),
        status=raw.get("imageStatus", ""),
        last_pulled_at=raw.get("lastRecordedPullTime"),
        restored_at=raw.get("lastActivatedAt"),
    )


def _repository(registry_id: str, repository: str) -> dict[str, Any]:
    return {"repositoryName": repository, **({"registryId": registry_id} if registry_id else {})}


def _image_id(tag: str, digest: str) -> dict[str, str]:
    return {name: value for name, value in (("imageTag", tag), ("imageDigest", digest)) if value}


def _object(text: str) -> dict[str, Any]:
    """Return the JSON object in a text, empty if there is none."""
    value = parsed(text)
    return value if isinstance(value, dict) else {}
