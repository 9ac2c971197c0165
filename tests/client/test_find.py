"""Which service is meant: an ambiguous name is an error."""

import pytest

from app.client import find
from app.client.api import Api
from app.client.find import find_service, find_service_named_by
from app.errors import Problem
from tests.client.answering import Console, a_listing


def looked_up(name, console, region=""):
    return find_service(Api(console), name, region)


def test_the_one_of_that_name_is_found():
    console = Console(services=[a_listing(("us-east-1", "web"), ("us-east-1", "api"))])
    assert looked_up("web", console)["region"] == "us-east-1"


def test_a_name_in_two_regions_is_a_question():
    console = Console(services=[a_listing(("us-east-1", "web"), ("ap-northeast-1", "web"))])
    with pytest.raises(Problem) as asked:
        looked_up("web", console)
    assert (asked.value.code, asked.value.params["regions"]) == ("service.ambiguous", "us-east-1, ap-northeast-1")


def test_a_region_settles_it():
    console = Console(**{"services__ap-northeast-1__web": [{"region": "ap-northeast-1", "name": "web"}]})
    assert looked_up("web", console, "ap-northeast-1")["region"] == "ap-northeast-1"


def test_one_that_was_made_just_now_is_asked_for_in_each_region():
    made = {"region": "us-east-1", "name": "new"}
    console = Console(services=[a_listing()], **{"services__us-east-1__new": [made]})
    assert looked_up("new", console) == made
    assert "GET /api/v1/services/ap-northeast-1/new" in console.asked


def test_a_server_that_has_just_started_is_waited_for(monkeypatch):
    monkeypatch.setattr(find, "PAUSE", 0)
    console = Console(services=[a_listing(read=False), a_listing(("us-east-1", "web"))])
    assert looked_up("web", console)["name"] == "web"


@pytest.mark.parametrize("region", ["", "us-east-1"])
def test_a_name_typed_wrongly_gets_those_like_it(region):
    console = Console(services=[a_listing(("us-east-1", "storefront"), ("us-east-1", "worker"))])
    with pytest.raises(Problem) as told:
        looked_up("Storefrnt", console, region)
    assert (told.value.code, told.value.params["nearest"]) == ("service.unknown_but", "storefront")


def test_a_name_like_no_other_is_just_unknown():
    with pytest.raises(Problem) as told:
        looked_up("zzz", Console(services=[a_listing(("us-east-1", "web"))]))
    assert told.value.code == "service.unknown"


def named_by(console, region=""):
    return find_service_named_by(Api(console), "team/app", "gone", region)


def previews(**needed):
    """What GET /services and the previews of two regions answer."""
    answers = {f"services__{region}__gone__preview": [{"needed": is_named}] for region, is_named in needed.items()}
    return Console(services=[a_listing()], **answers)


def test_a_service_that_is_gone_is_where_a_policy_names_it():
    console = previews(**{"us-east-1": False, "ap-northeast-1": True})
    assert named_by(console) == {"region": "ap-northeast-1", "name": "gone"}


def test_a_region_is_enough_to_look_in_for_one_that_is_gone():
    console = previews(**{"us-east-1": True})
    assert named_by(console, "us-east-1")["region"] == "us-east-1"
    assert not any("ap-northeast-1" in asked for asked in console.asked)


def test_policies_of_two_regions_that_name_it_are_a_question():
    with pytest.raises(Problem) as told:
        named_by(previews(**{"us-east-1": True, "ap-northeast-1": True}))
    assert told.value.code == "service.ambiguous"


def test_one_that_no_policy_names_is_unknown():
    with pytest.raises(Problem) as told:
        named_by(previews(**{"us-east-1": False, "ap-northeast-1": False}))
    assert told.value.code == "service.unknown"
