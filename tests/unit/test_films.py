"""Films by title, histories in links, lists from strangers."""

import csv
import io

import pytest

from attn_core.inputs import film_lists, films
from attn_core.inputs.limits import MAX_FILMS, MAX_FILMS_BYTES
from attn_core.inputs.refused import Refused
from attn_core.lessons.s6_1_recommendation.experiment import SAMPLES


@pytest.mark.parametrize(
    ("typed", "year", "label"),
    [
        ("the matrix", None, "The Matrix (1999)"),
        ("Matrix, The", None, "The Matrix (1999)"),
        ("AMÉLIE", None, "Amelie (2001)"),
        ("Shichinin no samurai", None, "Seven Samurai (1954)"),
        ("Psycho (1960)", None, "Psycho (1960)"),
        ("Psycho", 1998, "Psycho (1998)"),
        ("wall·e", None, "WALL·E (2008)"),
    ],
)
def test_a_title_is_found_as_people_write_it(typed, year, label):
    assert films.by_title(typed, year).label == label


def test_every_label_is_its_own():
    found = films.catalogue()
    assert len({f.label for f in found}) == len(found)
    assert [f.place for f in found] == list(range(len(found)))
    assert all(films.by_id(f.id) is f for f in found)


def test_samples_are_in_the_catalogue():
    for sample in SAMPLES.values():
        assert films.from_text(films.to_text(sample)) == sample


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "none",
        "1--1",
        "x" * 10_000,
        "-".join(["99999999999999999999"] * 99),
        "1-２-٣",
        "\x00",
    ],
)
def test_a_spoilt_link_is_a_history_all_the_same(text):
    found = films.from_text(text)
    assert len(found) <= MAX_FILMS
    assert all(films.by_id(f) for f in found)


def test_a_history_comes_back_from_its_file():
    for sample in SAMPLES.values():
        found = film_lists.read_csv(film_lists.to_csv(sample))
        assert found == film_lists.FilmList(sample, (), 0)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_columns_are_found_by_name(mark):
    rows = [
        ["year", "title"],
        ["1979", "Alien"],
        ["2001", "No such film"],
        ["1982", "Blade Runner"],
    ]
    text = "\n".join(mark.join(row) for row in rows)
    found = film_lists.read_csv(text.encode())
    assert found.history == (1214, 541)
    assert found.unknown == ("No such film",)


def test_titles_one_a_line_and_twice():
    found = film_lists.read_csv("Alien\nAlien (1979)\n\nBlade Runner".encode("utf-16"))
    assert found.history == (1214, 541)


def test_of_a_long_list_the_last_films_count():
    every = tuple(f.id for f in films.catalogue())[: MAX_FILMS + 7]
    out = io.StringIO()
    csv.writer(out).writerows([["movie_id"], *([i] for i in every)])
    found = film_lists.read_csv(out.getvalue().encode())
    assert found.history == every[-MAX_FILMS:]
    assert found.n_left == 7


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "refused.empty"),
        (b" \n\n", "refused.empty"),
        (b"title,year\n", "refused.films"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "refused.binary"),
        (b"\xff\xfe\xfa", "refused.encoding"),
        (b"a,b\n" * 99, "refused.films"),
        (b"x" * (MAX_FILMS_BYTES + 1), "refused.large"),
        (b"Alien\n" * 200_000, "refused.large"),
        (b'title\n"' + b"x" * 90_000, "refused.films"),
        (b"movie_id\n-5\n1e9\n99999999999999\n", "refused.films"),
    ],
)
def test_what_is_no_list_of_films_is_refused(data, key):
    with pytest.raises(Refused) as refused:
        film_lists.read_csv(data)
    assert refused.value.key == key


def test_unknown_names_are_named_and_cut():
    named = film_lists.named(tuple("abcdefg"))
    assert named.startswith("“a”, “b”")
    assert named.endswith("…")
    found = film_lists.read_csv(b"Alien\n" + b"<b>" * 300)
    assert max(map(len, found.unknown)) <= 60


def test_rows_of_a_film_that_was_named_before_are_counted():
    found = film_lists.read_csv(b"Alien (1979)\nBlade Runner\n" * 40)
    assert (len(found.history), found.n_repeated, found.n_left) == (2, 78, 0)
