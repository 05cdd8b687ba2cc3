"""Lesson 6.1 as a learner uses it: search, move, take out, ask, edit, send a list."""

import re

import pytest
from conftest import cell, settled, view, wait_painted
from playwright.sync_api import expect

URL = "/6-1-recommendation"


def listed(page, place):
    return page.locator(f".st-key-top-{place} button").first


def first(page):
    return listed(page, 0)


def chip(page, name):
    return page.get_by_role("button", name=re.compile(rf"^\d+ · {name}$")).or_(
        page.get_by_role("radio", name=re.compile(rf"^\d+ · {name}$"))
    )


def rows(page, n):
    page.wait_for_function(
        f"() => document.querySelector('[data-painted]')?.attnViewer?.view?.n[1] === {n}"
    )


def test_a_film_is_searched_added_moved_and_taken_out(page, server):
    page.goto(f"{server}{URL}")
    settled(page)
    rows(page, 8)
    search = page.get_by_role("combobox", name=re.compile("Add a film"))
    search.click()
    search.fill("seven samurai")
    page.get_by_role("option", name=re.compile("Seven Samurai")).click()
    rows(page, 9)
    expect(page).to_have_url(re.compile("films=1-1214-588-1240-4886-541-6377-1200-2019"))
    chip(page, "Seven Samurai").wait_for()  # the one that was added is picked
    page.get_by_role("button", name="Earlier").click()
    expect(page).to_have_url(re.compile("6377-2019-1200"))
    page.get_by_role("button", name="Take out").click()
    rows(page, 8)
    expect(page).not_to_have_url(re.compile("2019"))


def test_order_alone_moves_list_and_attention(page, server):
    page.goto(f"{server}{URL}")
    settled(page)
    was, drawn = first(page).inner_text(), wait_painted(page)
    chip(page, "Toy Story").click()
    page.get_by_role("button", name="To the end").click()
    wait_painted(page, drawn)
    page.wait_for_function(
        "() => document.querySelector('[data-painted]').attnViewer.view.keys.at(-1).label"
        ".startsWith('Toy Story')"
    )
    expect(first(page)).not_to_have_text(was)


def test_a_film_of_the_list_is_asked_about(page, server):
    page.goto(f"{server}{URL}?open=target~0~0")
    settled(page)
    assert view(page)["n"] == [10, 8]
    name = listed(page, 4).inner_text().split(". ", 1)[1].split(" · ")[0]
    listed(page, 4).click()
    expect(page.get_by_text(f"Why {name}?")).to_be_visible()
    expect(page).to_have_url(re.compile("candidate=\\d+"))


def test_a_film_hidden_from_attention_is_marked_and_comes_back(page, server):
    page.goto(f"{server}{URL}")
    settled(page)
    page.mouse.click(*cell(page, 7, 6))
    page.get_by_role("button", name="Cut key").click()
    expect(page.get_by_text(re.compile("With your changes"))).to_be_visible()
    expect(page).to_have_url(re.compile("changes="))
    page.get_by_role("button", name=re.compile("Reset all")).last.click()
    expect(page.get_by_text(re.compile("With your changes"))).to_have_count(0)


def test_a_list_is_sent_and_taken_home(page, server, tmp_path):
    page.goto(f"{server}{URL}")
    settled(page)
    page.get_by_role("button", name=re.compile("List")).click()
    path = tmp_path / "seen.csv"
    path.write_text("title,year\nPsycho,1960\nNo such film,2001\nVertigo,1958\n")
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text(re.compile(r"not found \(1\).*No such film"))).to_be_visible()
    page.get_by_role("button", name="Use these films (2)").click()
    rows(page, 2)
    with page.expect_download() as download:
        page.get_by_role("button", name="History as CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert [line.split(",")[1] for line in text.splitlines()] == ["title", "Psycho", "Vertigo"]


@pytest.mark.parametrize("data", [b"", b"\x00\x01" * 500, b"Alien\n" * 170_000])
def test_what_is_no_list_gets_a_sentence(page, server, tmp_path, data):
    page.goto(f"{server}{URL}")
    settled(page)
    page.get_by_role("button", name=re.compile("List")).click()
    path = tmp_path / "seen.csv"
    path.write_bytes(data)
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text(re.compile("file is empty|not a text file|at most"))).to_be_visible()
    rows(page, 8)


def test_a_newcomer_bets_and_sees(page, server):
    page.goto(f"{server}{URL}")
    settled(page)
    page.get_by_role("button", name=re.compile("Predict first")).click()
    page.get_by_text("the last one: it is the freshest").click()
    page.get_by_role("button", name="Take each one out").click()
    expect(page.get_by_text(re.compile("loses most without"))).to_be_visible()


def test_films_are_taken_out_one_by_one(page, server):
    page.goto(f"{server}{URL}?part=claim")
    settled(page)
    page.get_by_role("button", name="Run it here").click()
    expect(page.get_by_text(re.compile("One history is a look"))).to_be_visible(timeout=90_000)
