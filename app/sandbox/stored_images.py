"""The images that are pushed to a container service itself, named `:service.label.number`."""

from __future__ import annotations

from typing import Any

from app.sandbox import ids
from app.sandbox.state import Service


def store_image(service: Service, label: str, at: float) -> dict[str, Any]:
    """Store an image under the label's next number, as GetContainerImages returns it first: the newest is."""
    name = f":{service.name}.{label}.{_newest(service, label) + 1}"
    digest = f"sha256:{ids.digest('stored image', name).hex()}"
    image = {"image": name, "digest": digest, "createdAt": round(at, 3)}
    service.images.insert(0, image)
    return image


def find_stored_image(service: Service, image: str) -> str:
    """Return the stored image of a name (`:service.label.latest` for the newest), "" for none."""
    if not image.endswith(".latest"):
        return image if any(each["image"] == image for each in service.images) else ""
    label = image.removesuffix(".latest").rpartition(".")[2]
    number = _newest(service, label)
    return f":{service.name}.{label}.{number}" if number else ""


def _newest(service: Service, label: str) -> int:
    start = f":{service.name}.{label}."
    names = [each["image"] for each in service.images]
    return max((int(name.removeprefix(start)) for name in names if name.startswith(start)), default=0)
