"""Parses the image that a deployment names, finds its faults, and guesses what was meant. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from app.diagnosis.check_result import Certainty, Found, Sentence
from app.ecr_names import DOCKER_HUB, ECR_HOST, FULL_WIDTH, NAME, PUBLIC_HOSTS, SCHEME, named, pasted, trimmed

LONGEST: Final = 1_000
_HOST: Final = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com")
_DUAL_STACK: Final = re.compile(
    r"(?P<account>\d{12})\.dkr-ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.on\.(?:aws|amazonwebservices\.com\.cn)"
)
# A host that should be ECR's: digits first, `ecr` somewhere; or a placeholder before `.dkr.ecr`: `$ACCOUNT`, `<account>`.
_ECR_LIKE: Final = re.compile(
    r"\d[\d-]*\d\.(?=[^/]*ecr)[a-z0-9.-]+(?::\d+)?|[^/.]+\.dkr[.-]ecr(?:-fips)?\.[^/]+", re.IGNORECASE
)
# A registry that was to be filled in: `$REGISTRY/shop/web`, `{{ registry }}/shop/web`, `<registry>/shop/web`
_PLACEHOLDER: Final = re.compile(r"[^/]{0,80}[$<{%][^/]{0,80}")
# Of one's own computer or network, which Lightsail doesn't reach: `localhost:5000`, `registry:5000`
_LOCAL_HOST: Final = re.compile(r"(?:localhost|127\.0\.0\.1|host\.docker\.internal)(?::\d+)?|[a-z0-9-]+:\d+")
_API_HOST: Final = re.compile(r"(?:api\.|dkr\.)?ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_REGION: Final = re.compile(r"(?<![a-z0-9-])(?P<region>[a-z]{2}(?:-[a-z]+){1,3}-\d)(?![a-z0-9-])")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_STORED: Final = re.compile(r":[a-z0-9-]+\.[a-z0-9-]+\.(?:\d+|latest)")
_ARN: Final = re.compile(
    r"arn:[a-z-]+:ecr:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):repository/(?P<name>[^:@]+(?::[^@]+)?(?:@.+)?)"
)
# The console's page of a repository or of one image: `…/shop/web?region=us-east-1`, `…/shop/web/_/image/sha256:…/details`
_CONSOLE: Final = re.compile(
    r"(?:[a-z0-9-]+\.)?console\.aws\.amazon\.com/ecr/repositories/private/(?P<account>\d{12})/"
    r"(?P<name>[a-z0-9._/-]+?)(?:/_/(?:image/(?P<digest>sha256:[0-9a-f]{64}))?[^?#]*)?(?:[?#].*)?"
)
_QUOTES: Final = "\"'`,;"
_ACCOUNT_DIGITS: Final = 12


class RegistryHost(StrEnum):
    """Where an image is pulled from."""

    ECR = "ecr"
    ECR_PUBLIC = "ecr_public"
    DOCKER_HUB = "docker_hub"
    OTHER = "other"
    STORED = "stored"
    NONE = "none"


@dataclass(frozen=True)
class ImageUri:
    """An image as it was named, and as it was probably meant.

    `plain` is the text without what is around it by mistake. `account`, `region`, `repository`, `tag` and `digest` are
    what was probably meant, "" if absent from the text; `faults` are what is wrong with it, in the order in which it
    fails.
    """

    text: str
    registry: RegistryHost = RegistryHost.NONE
    host: str = ""
    account: str = ""
    region: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""
    faults: tuple[Found, ...] = field(default=())
    plain: str = ""

    @property
    def is_private(self) -> bool:
        """Whether the image is meant to be in a private ECR repository."""
        return self.registry is RegistryHost.ECR

    @property
    def names_image(self) -> bool:
        """Whether the intended tag or digest is clear."""
        return bool(self.repository) and not any(fault.code in ("uri.tag", "uri.digest") for fault in self.faults)

    @property
    def lacks_tag(self) -> bool:
        """Whether what stands for the tag, and decides, can't be one."""
        return not self.digest and any(fault.code == "uri.tag" for fault in self.faults)

    @property
    def reference(self) -> str:
        """Tag and digest as they follow the repository; `:latest` if neither is given."""
        tag = f":{self.tag}" if self.tag or not self.digest else ""
        tag = ":latest" if tag == ":" else tag
        return f"{tag}@{self.digest}" if self.digest else tag

    def uri(self, account: str, region: str, repository: str = "") -> str:
        """Return the URI of the same image at ECR's own host in another account, Region or repository."""
        return f"{account}.dkr.ecr.{region}.amazonaws.com/{repository or self.repository}{self.reference}"


def parse_image(text: str) -> ImageUri:
    """Parse an image's name. Never raises: errors are in `faults`."""
    original = text
    text = text[:LONGEST]
    faults: list[Found] = []
    plain = trimmed(text)
    if plain != text:
        faults.append(Found("uri.spaces", {"image": plain}, (Sentence("evidence.image", {"image": repr(text)}),)))
    if odd := _odd(plain) or _quotes(plain):
        faults.append(Found("uri.odd_characters", {"characters": odd}))
        plain = _without_odd(plain)
    if scheme := SCHEME.match(plain):
        faults.append(Found("uri.scheme", {"scheme": scheme[0]}))
        plain = plain[scheme.end() :]
    bare = plain.lstrip("/")
    uri = _split(bare)
    if bare and bare != plain:
        faults.append(Found("uri.host", {"host": plain[: len(plain) - len(bare)] + bare.partition("/")[0]}))
    return replace(uri, text=original, plain=bare.rstrip("/"), faults=(*faults, *uri.faults))


def _split(text: str) -> ImageUri:
    if not text:
        return ImageUri(text, RegistryHost.NONE)
    if _STORED.fullmatch(text):
        return ImageUri(text, RegistryHost.STORED)
    if arn := _ARN.fullmatch(text):
        fault = Found("uri.host", {"host": text.partition("/")[0]})
        uri = ImageUri(text, RegistryHost.ECR, account=arn["account"], region=arn["region"], faults=(fault,))
        return _referenced(uri, arn["name"])
    if page := _CONSOLE.fullmatch(text):
        fault = Found("uri.host", {"host": text.partition("/")[0]})
        region = _REGION.search(text.partition("/")[0]) or _REGION.search(text.partition("?")[2])
        uri = ImageUri(text, RegistryHost.ECR, account=page["account"], region=region["region"] if region else "")
        digest = f"@{page['digest']}" if page["digest"] else ""
        return _referenced(replace(uri, faults=(fault,)), page["name"].rstrip("/") + digest)
    host, slash, path = text.partition("/")
    if not slash:
        host, path = ("", text) if not _is_meant_as_ecr(text.partition(":")[0]) else (text, "")
    elif not _is_host(host):
        host, path = "", text
    return _of_host(text, host, path)


def _of_host(text: str, host: str, path: str) -> ImageUri:
    lower = host.lower()
    if lower in PUBLIC_HOSTS:
        return _referenced(ImageUri(text, RegistryHost.ECR_PUBLIC, host, repository=path.partition("/")[2]), path)
    if lower in DOCKER_HUB and ECR_HOST.fullmatch(path.partition("/")[0]):
        behind = _split(path)  # Docker Hub has no such repository
        fault = Found("uri.host", {"host": f"{host}/{behind.host}"})
        return replace(behind, text=text, faults=(fault, *behind.faults))
    if lower in DOCKER_HUB or not host:
        return _referenced(ImageUri(text, RegistryHost.DOCKER_HUB, host), path)
    if not _is_meant_as_ecr(host):
        return _referenced(ImageUri(text, RegistryHost.OTHER, host), path)
    account, region, faults = _read_host(host)
    return _referenced(ImageUri(text, RegistryHost.ECR, host, account, region, faults=faults), path)


def _is_host(part: str) -> bool:
    """Return whether the first part of a path is a registry, by Docker's rule, or was to be filled in with one."""
    return "." in part or ":" in part or part == "localhost" or _PLACEHOLDER.fullmatch(part) is not None


def _is_meant_as_ecr(host: str) -> bool:
    """Return whether a host is that of ECR, or stands where it should: Lightsail reaches none of the others."""
    lower = host.lower()
    known = (_HOST, _DUAL_STACK, _ECR_LIKE, _API_HOST, _PLACEHOLDER, _LOCAL_HOST)
    return any(pattern.fullmatch(lower) for pattern in known)


def _read_host(host: str) -> tuple[str, str, tuple[Found, ...]]:
    """Return account and Region as probably meant, and what is wrong with the host."""
    if match := _HOST.fullmatch(host):
        return match["account"], match["region"], ()
    lower = host.lower()
    if match := _DUAL_STACK.fullmatch(lower):
        dual_stack = Found("uri.dual_stack", {"host": host}, certainty=Certainty.LIKELY)
        return match["account"], match["region"], (dual_stack,)
    digits = lower.partition(".")[0].replace("-", "")
    region = _REGION.search(lower.partition(".")[2] or lower)
    account = digits if digits.isdecimal() else ""
    faults: list[Found] = []
    if account and len(account) != _ACCOUNT_DIGITS:
        faults.append(Found("uri.account_digits", {"account": account, "digits": len(account)}))
    else:  # any other form is wrong
        is_ecrs = _HOST.fullmatch(lower.replace(".ecr-fips.", ".ecr."))  # whether Lightsail takes it isn't published
        faults.append(Found("uri.host", {"host": host}, certainty=Certainty.LIKELY if is_ecrs else Certainty.CERTAIN))
    return (account if len(account) == _ACCOUNT_DIGITS else ""), region["region"] if region else "", tuple(faults)


def _referenced(uri: ImageUri, path: str) -> ImageUri:
    """Return the image with its repository, tag and digest read from what follows the host."""
    name, at, digest = path.partition("@")
    repository, colon, tag = name.partition(":")
    faults = list(uri.faults)
    fixed = re.sub(r"/{2,}", "/", repository.lower()).strip("/")
    if not NAME.fullmatch(repository):
        faults.append(Found("uri.name", {"repository": repository or "/"}))
    if colon and not _TAG.fullmatch(tag):
        faults.append(Found("uri.tag", {"tag": tag or ":"}))
    if at and not _DIGEST.fullmatch(digest):
        faults.append(Found("uri.digest", {"digest": digest or "@"}))
    if uri.registry is RegistryHost.ECR_PUBLIC:
        repository = fixed = repository.partition("/")[2]
    return replace(
        uri,
        repository=fixed if NAME.fullmatch(fixed) else "",
        tag=tag.rstrip("/") if _TAG.fullmatch(tag.rstrip("/")) else "",
        digest=_meant_digest(digest),
        faults=tuple(faults),
    )


def _meant_digest(digest: str) -> str:
    """Return the digest that was meant: in lowercase, and with its algorithm; "" if digits are missing."""
    whole = f"sha256:{digest.lower().removeprefix('sha256:')}"
    return whole if _DIGEST.fullmatch(whole) else ""


def _without_odd(text: str) -> str:
    """Return the text without the characters that no image has, or the image alone of a command that was pasted."""
    letters = "".join(
        letter
        for letter in text.translate(FULL_WIDTH)
        if letter.isascii() and (letter.isprintable() or letter.isspace())
    )
    image = pasted(letters)
    return image if len(letters.split()) > 1 and " " not in image else "".join(letters.split()).strip(_QUOTES)


def _quotes(text: str) -> str:
    """Return the names of quotation marks or commas that were copied along with the text."""
    around = dict.fromkeys(letter for letter in (text[:1], text[-1:]) if letter and letter in _QUOTES)
    return ", ".join(map(named, around))


def _odd(text: str) -> str:
    """Return the names of characters inside that no image name can hold."""
    odd = dict.fromkeys(letter for letter in text if not letter.isascii() or letter.isspace() or letter < "!")
    return ", ".join(map(named, [*odd][:3]))
