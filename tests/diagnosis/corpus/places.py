"""Injected causes: see `app/diagnosis/causes/places.py`."""

from __future__ import annotations

from tests.diagnosis.corpus.case import OTHER_ACCOUNT, TOKYO, case, uri
from tests.diagnosis.world import HOST, REGION, REPOSITORY, SERVICE, WEB, World
from tests.sandbox_server import ACCOUNT

# The service.


@case("service misspelt", "service.not_found", service="shopp")
def _(world: World) -> None:
    world.build()


@case("service in another Region", "service.not_found", region=TOKYO, image=WEB)
def _(world: World) -> None:
    world.build()


@case("Region without Lightsail", "region.unavailable", region="us-west-1", image=WEB)
def _(world: World) -> None:
    world.build()


@case("service disabled", "service.disabled")
def _(world: World) -> None:
    world.build()
    world.deploy()
    world.lightsail.update_container_service(serviceName=SERVICE, isDisabled=True)
    world.sandbox.advance(10)


@case("service being deleted", "service.deleting", image=WEB)
def _(world: World) -> None:
    world.build()
    world.sandbox.change_service(SERVICE, state="DELETING")


@case("service updating, nothing wrong", "service.busy", image=WEB)
def _(world: World) -> None:
    world.build()
    world.sandbox.change_service(SERVICE, state="UPDATING")


@case("nothing deployed and no image named", "service.no_deployment")
def _(world: World) -> None:
    world.build()


# The URI.

uri("spaces behind the URI", f"{WEB}  ", "uri.spaces")
uri("a line break behind the URI", f"{WEB}\n", "uri.spaces")
uri("a zero-width space in the URI", WEB.replace("/web", "/\u200bweb"), "uri.odd_characters")
uri("a full-width colon", WEB.replace(":1.4", "\uff1a1.4"), "uri.odd_characters")
uri("https:// in front", f"https://{WEB}", "uri.scheme")
uri("http:// in front", f"http://{WEB}", "uri.scheme")
uri("11 digits of account", WEB.replace(ACCOUNT, ACCOUNT[:-1]), "uri.account_digits")
uri("13 digits of account", WEB.replace(ACCOUNT, ACCOUNT + "0"), "uri.account_digits")
uri("account with dashes, one digit missing", WEB.replace(ACCOUNT, "1234-5678-901"), "uri.account_digits")
uri("a wrong digit of account", WEB.replace(ACCOUNT, "123456789013"), "uri.other_account")
uri(
    "another account's repository",
    f"{OTHER_ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/staging/web:0.2.0",
    "uri.other_account",
)
uri("another Region's host", WEB.replace(REGION, TOKYO), "uri.other_region")
uri("a Region that doesn't exist", WEB.replace(REGION, "us-esat-1"), "uri.other_region")
uri("dual-stack host", WEB.replace(f"dkr.ecr.{REGION}.amazonaws.com", f"dkr-ecr.{REGION}.on.aws"), "uri.dual_stack")
uri("FIPS host", WEB.replace("dkr.ecr.", "dkr.ecr-fips."), "uri.host")
uri("host without dkr", WEB.replace("dkr.ecr", "ecr"), "uri.host")
uri("host of China", WEB.replace("amazonaws.com", "amazonaws.com.cn"), "uri.host")
uri("host misspelt", WEB.replace("amazonaws.com", "amazonaws.co"), "uri.host")
uri("the repository's ARN", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{REPOSITORY}:1.4", "uri.host")
uri("quotation marks around the URI", f'"{WEB}"', "uri.odd_characters")
uri("two slashes behind the host", WEB.replace("/shop", "//shop"), "uri.name")
uri("a slash at the end", WEB.partition(":")[0] + "/", "uri.name", "image.no_latest")
uri("a variable for the account that wasn't filled in", WEB.replace(ACCOUNT, "$AWS_ACCOUNT_ID"), "uri.host")
uri("no slash behind the host", WEB.replace(".com/shop/", ".comshop/"), "uri.host", "repository.not_found")
uri("nothing behind the colon", f"{HOST}/{REPOSITORY}:", "uri.tag")
uri("uppercase in the repository", WEB.replace("shop/web", "Shop/Web"), "uri.name")
uri("no repository", f"{HOST}/", "uri.name")
uri("placeholder for the tag", WEB.replace("1.4", "<tag>"), "uri.tag")
uri("a shortened digest", f"{HOST}/{REPOSITORY}@sha256:3f2a9c", "uri.digest")
uri("repository's name alone", "shop/web:1.4", "uri.not_private")
uri("ECR Public's host", "public.ecr.aws/shop/web:1.4", "uri.not_private")
uri("Docker Hub's host before ECR's", f"docker.io/{WEB}", "uri.host")
uri("the command that pulls it", f"docker pull {WEB}", "uri.odd_characters")
uri("Docker Hub's host", "docker.io/shop/web:1.4", "uri.not_private")


@case("dual-stack host deployed", "uri.dual_stack")
def _(world: World) -> None:
    world.build()
    world.deploy(WEB.replace(f"dkr.ecr.{REGION}.amazonaws.com", f"dkr-ecr.{REGION}.on.aws"))


@case("another Region's host deployed", "uri.other_region")
def _(world: World) -> None:
    world.build()
    world.deploy(WEB.replace(REGION, TOKYO))


@case("uppercase, and no policy either", "uri.name", "policy.missing", image=WEB.replace("shop/web", "shop/WEB"))
def _(world: World) -> None:
    world.build(granted=False)


# The role.


@case("role never activated", "role.inactive")
def _(world: World) -> None:
    world.build(role=False)
    world.deploy()


@case("role switched off by a person", "role.inactive")
def _(world: World) -> None:
    world.build()
    world.switch_role(on=False)
    world.deploy()


@case("role switched off by a stack", "role.inactive_stack")
def _(world: World) -> None:
    world.build()
    world.deploy()
    world.update_stack(Power="micro")
    world.deploy()


@case("role switched off by a stack a moment ago", "role.inactive_stack", "service.busy", image=WEB)
def _(world: World) -> None:
    world.build()
    world.sandbox.update_stack(SERVICE, {"Power": "micro"})


@case("service older than the role", "role.inactive", image=WEB)
def _(world: World) -> None:
    world.build(role=False)
    world.sandbox.change_service(SERVICE, privateRegistryAccess=False)


@case("role without an ARN yet", "role.no_arn", image=WEB)
def _(world: World) -> None:
    world.build(role=False)
    world.sandbox.options(arn_lag_seconds=600)
    world.switch_role(on=True)


# The repository.


@case("repository misspelt", "repository.not_found", image=WEB.replace("shop/web", "shop/wbe"))
def _(world: World) -> None:
    world.build()


@case("repository misspelt and deployed", "repository.not_found")
def _(world: World) -> None:
    world.build()
    world.deploy(WEB.replace("shop/web", "shop-web"))


@case("repository in another Region only", "repository.other_region", image=f"{HOST}/tokyo/api:1.3.0")
def _(world: World) -> None:
    world.build()
