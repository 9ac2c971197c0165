"""The search over everything: what it costs with 10,000 repositories, its actions, and the list of services it leads to."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from app.console.paging import page_of
from app.console.search import Group
from app.console.service_list import AccessFilter, ServiceFilter, Sort, fitting
from app.inventory import store
from app.messages import i18n, labels
from app.web.views.search import search_page
from app.web.views.shortcuts import find_actions, find_pages
from tests.build import REGION, a_repository, a_service
from tests.databases import migrated_file, sqlite_db, statements
from tests.inventory.at import NOON, allow, keep_many
from tests.web.asking import ask
from tests.web.examples import Examples

__all__ = ["migrated_file", "sqlite_db"]

SERVICES = (("us-east-1", "storefront-web"), ("us-east-1", "deploy-bot"), ("eu-west-1", "tools"))


def console_of(db):
    return SimpleNamespace(db=db, connection="default", regions=(REGION,), settings=SimpleNamespace(auth="local"))


def lines(page, name):
    return [labels.say(line.text) for section in page.sections if section.name == name for line in section.lines]


def costs(db, query):
    """How many statements the page and the palette send, and how many lines they show."""
    shown = []
    with statements(db) as sent:
        for in_palette in (False, True):
            page = search_page(console_of(db), query, in_palette=in_palette)
            shown.append([len(section.lines) for section in page.sections])
    return len([each for each in sent if not each.startswith("BEGIN")]), shown


@pytest.mark.parametrize("query", ["team", "arn:aws", "00000000-0000-7000-8000-000000000001", "nothing at all"])
def test_a_search_costs_the_same_with_10000_repositories(sqlite_db, query):
    store.remember_service(sqlite_db, "default", a_service("team-web"), NOON)
    ci = [allow(f"arn:aws:iam::210987654321:role/ci-{number}") for number in range(12)]
    keep_many(sqlite_db, [f"team/{number:05}" for number in range(12)], *ci)
    before = costs(sqlite_db, query)
    others = [a_repository(f"team/{number:05}") for number in range(10_000)]
    store.remember_repositories(sqlite_db, "default", REGION, others, NOON)
    assert costs(sqlite_db, query) == before


def test_all_that_were_counted_are_a_link_away(sqlite_db):
    keep_many(sqlite_db, [f"team/{number:03}" for number in range(120)])
    page = search_page(console_of(sqlite_db), "team")
    (found,) = (section for section in page.sections if section.name == Group.REPOSITORIES)
    assert (len(found.lines), labels.say(found.more.text)) == (10, "All 120 repositories")
    assert found.more.url == "/search?q=team&kind=repositories"
    whole = search_page(console_of(sqlite_db), "team:1.0", group=Group.REPOSITORIES)
    assert [len(section.lines) for section in whole.sections] == [100]
    assert whole.list_url == "/repositories?q=team"


def test_a_region_that_was_not_read_is_named(sqlite_db):
    assert search_page(console_of(sqlite_db), "x").unread == (REGION,)


@pytest.mark.parametrize(
    "query, first",
    [
        ("add repo", "Add repository to storefront-web"),
        ("deploy store", "Deploy an image to storefront-web"),
        ("TOOLS why", "Why can't tools pull?"),
        ("deploy-bot", "Add repository to deploy-bot"),
    ],
)
def test_an_action_is_found_by_words_of_what_it_does_and_of_its_service(query, first):
    assert labels.say(find_actions(query, SERVICES, 5)[0].text) == first


def test_without_a_word_there_are_pages_and_no_actions(sqlite_db):
    page = search_page(console_of(sqlite_db), "  ")
    assert [section.name for section in page.sections] == ["pages"]
    assert "Findings" in lines(page, "pages")
    assert find_actions("", SERVICES, 5) == ()


def test_names_are_found_in_the_readers_language_and_in_english(catalogues):
    token = i18n.use("ja", catalogues)
    try:
        for query in ("履歴", "history"):
            assert [each.url for each in find_pages(query, signs_in=True)] == ["/history"]
        assert find_actions("リポジトリを追加 store", SERVICES, 5)[0].url.endswith("/storefront-web/repositories/new")
    finally:
        i18n.leave(token)


def test_sign_ins_are_offered_where_people_sign_in():
    assert find_pages("sign-ins", signs_in=True)
    assert not find_pages("sign-ins", signs_in=False)


def summaries(count):
    one = Examples().containers().listed.items[0]
    return [
        replace(
            one, service=a_service(f"s-{number:03}", region=("us-east-1", "eu-west-1")[number % 2]), broken=number % 3
        )
        for number in range(count)
    ]


def test_containers_beyond_fifty_are_a_page_away(gallery):
    listed = page_of(summaries(120), 2)
    assert (listed.number, listed.pages, listed.total, listed.items[0].service.name) == (2, 3, 120, "s-050")
    assert page_of(summaries(120), 99).number == 3
    text = ask(gallery({"c": replace(Examples().containers(), listed=listed, total=120)}), "/p/c").text
    assert 'href="/containers?page=3" rel="next"' in text
    assert 'href="/containers" rel="prev"' in text


def test_containers_are_filtered_and_sorted_together():
    wanted = ServiceFilter(region="us-east-1", access=AccessFilter.BROKEN, sort=Sort.BROKEN)
    listed = fitting(summaries(12), wanted)
    assert [(each.service.name, each.broken) for each in listed] == [
        ("s-002", 2),
        ("s-008", 2),
        ("s-004", 1),
        ("s-010", 1),
    ]
