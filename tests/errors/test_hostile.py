"""Text from AWS and from people is shown on every page as text, never as markup."""

import pytest

WEB = "/containers/us-east-1/storefront-web"
EVIL = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>{{ 7*7 }}"
OURS = ("/static/",)


def hurts(page):
    """What of the hostile text has become markup."""
    scripts = [
        one.get("src", "inline") for one in page.soup.select("script") if not str(one.get("src")).startswith(OURS)
    ]
    handlers = [one.name for one in page.soup.find_all() if any(name.startswith("on") for name in one.attrs)]
    return scripts + handlers + [one.name for one in page.soup.select("img, iframe, style, base, object")]


@pytest.fixture
def hostile_policy(sandbox, repository):
    arn = sandbox.service("storefront-web")["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"]
    statements = [
        {"Sid": EVIL, "Effect": "Allow", "Principal": {"AWS": [EVIL, arn]}, "Action": ["ecr:BatchGetImage", EVIL]},
        {
            "Sid": "Odd",
            "Effect": "Deny",
            "NotPrincipal": {"AWS": arn},
            "Action": EVIL,
            "Condition": {EVIL: {EVIL: EVIL}},
        },
        {"Sid": EVIL, "Effect": "Allow", "Principal": {EVIL: EVIL}, "NotAction": EVIL, EVIL: EVIL},
    ]
    sandbox.put_policy(repository, {"Version": EVIL, "Statement": statements})
    return repository


@pytest.mark.parametrize("path", ["policy?", "repositories/preview?kind=grant&", "repositories/preview?kind=prune&"])
def test_a_hostile_policy_is_shown_as_text(mika, hostile_policy, path):
    page = mika.reads(f"{WEB}/{path}repository={hostile_policy}")
    assert page.status == 200
    assert "<img src=x onerror=alert(1)>" in page.text
    assert "{{ 7*7 }}" in page.text
    assert hurts(page) == []


@pytest.mark.parametrize("verb", ["remove", "repair", "prune"])
def test_dialogs_about_a_hostile_policy_say_it_as_text(mika, hostile_policy, verb):
    mika.reads(f"{WEB}/policy?repository={hostile_policy}")
    page = mika.reads(f"{WEB}/repositories/{verb}?repository={hostile_policy}")
    assert page.status == 200
    assert hurts(page) == []


def test_an_operation_on_a_hostile_policy_shows_its_changes_as_text(mika, sandbox, hostile_policy):
    sandbox.fault(kind="error", action="ecr:SetRepositoryPolicy", code="Evil", message=EVIL)
    page = mika.ended(mika.adds(hostile_policy))
    assert page.step("Update the repository policy")[0] == "error"
    assert hurts(page) == []
    history = mika.reads("/history")
    assert hurts(history) == []


def test_a_policy_that_is_a_page_of_html_is_shown_as_text(mika, sandbox, repository):
    sandbox.put_policy(repository, f"</pre>{EVIL}")
    page = mika.reads(f"{WEB}/policy?repository={repository}")
    assert "</pre><img src=x" in page.text
    assert hurts(page) == []


def test_what_aws_says_is_shown_as_text_on_pages_and_at_operations(mika, sandbox, repository):
    sandbox.fault(kind="error", code="EvilException", message=EVIL, match={"region": "us-east-1"})
    page = mika.sees("/containers", "EvilException")
    assert "<script>alert(2)</script>" in page.text
    assert hurts(page) == []
    assert hurts(mika.reads(f"{WEB}/policy?repository={repository}")) == []


def test_hidden_characters_in_what_aws_says_are_made_visible(mika, sandbox):
    sandbox.fault(kind="error", code="EvilException", message="user\u202egnp.exe", match={"region": "us-east-1"})
    assert "\u202e" not in mika.sees("/containers", "EvilException").text


def test_a_deployment_of_hostile_values_is_shown_as_text(mika, sandbox, service):
    containers = {"web": {"image": "nginx", "command": [EVIL], "environment": {"EVIL": EVIL}, "ports": {"80": "HTTP"}}}
    endpoint = {"containerName": "web", "containerPort": 80, "healthCheck": {"path": f"/{EVIL}"}}
    deployment = {"containers": containers, "publicEndpoint": endpoint}
    sandbox.client("lightsail").create_container_service_deployment(serviceName=service, **deployment)
    page = mika.sees(f"/containers/us-east-1/{service}/deployments", "<img src=x")
    assert hurts(page) == []


TYPED = [
    f"{WEB}/repositories/new",
    f"{WEB}/repositories/options?repository={{}}",
    f"{WEB}/repositories/remove?repository={{}}",
    f"{WEB}/policy?repository={{}}",
    "/containers?q={}",
    "/containers/us-east-1/{}",
    "/containers/{}/storefront-web/images",
    "/history?service={}&person={}&since={}&kind={}",
    "/permissions?region={}&names={}",
    "/operations/{}",
    f"{WEB}/images?added={{}}",
]


@pytest.mark.parametrize("path", TYPED)
def test_what_is_typed_into_an_address_comes_back_as_text(mika, path):
    quoted = "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%22%27%3E%3Cscript%3Ealert(2)%3C%2Fscript%3E"
    page = mika.reads(path.replace("{}", quoted))
    assert page.status in (200, 404, 422)
    assert hurts(page) == []


def test_a_name_typed_into_the_dialog_comes_back_as_text(mika):
    page = mika.sends(f"{WEB}/repositories", repository=EVIL)
    assert page.soup.select_one("#repository")["value"] == EVIL
    assert hurts(page) == []
