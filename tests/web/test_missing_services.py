"""A service that is gone keeps its pages while something is known of it; one that can't be read is not said to be missing."""

from __future__ import annotations

from app.bootstrap import Services
from app.inventory import store
from app.inventory.sync_state import What
from app.keys import ServiceKey
from tests.history.happened import NOON, happened
from tests.in_process import REGION, in_process_console
from tests.sandbox_server import start_sandbox

TABS = ("", "/images", "/deployments", "/history")


async def statuses(client, name, region=REGION):
    return {(await client.get(f"/containers/{region}/{name}{tab}")).status_code for tab in TABS}


def forget(services: Services, name: str) -> None:
    store.forget_service(services.db, ServiceKey(services.connection, REGION, name), services.clock.now())


async def test_a_page_is_of_what_exists_existed_or_cannot_be_told(tmp_path, monkeypatch):
    with start_sandbox() as sandbox:
        lightsail = sandbox.client("lightsail")
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, services):
            assert await statuses(client, "nobody-saw") == {404}
            # Newer than the list that was read.
            lightsail.create_container_service(serviceName="brand-new", power="nano", scale=1)
            assert await statuses(client, "brand-new") == {200}
            lightsail.delete_container_service(serviceName="brand-new")
            forget(services, "brand-new")
            assert await statuses(client, "brand-new") == {404}
            # Deleted, but still named by repository policies; deleted, but with a history.
            lightsail.delete_container_service(serviceName="storefront-web")
            forget(services, "storefront-web")
            assert await statuses(client, "storefront-web") == {200}
            happened(services.db, "grant-1", NOON, service="once-here", repository="tools/cli", region=REGION)
            assert await statuses(client, "once-here") == {200}
            # A name that is asked for and can't be read now.
            sandbox.fault(action="lightsail:GetContainerServices", kind="access_denied")
            assert await statuses(client, "not-told") == {200}


async def test_nothing_is_said_to_be_missing_before_the_services_have_been_read(tmp_path, monkeypatch):
    with start_sandbox() as sandbox:
        monkeypatch.setattr("tests.in_process.What", (What.REPOSITORIES,))
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, _):
            sandbox.clear_calls()
            sandbox.fault(action="lightsail:GetContainerServices", kind="access_denied")
            assert await statuses(client, "not-read") == {200}
