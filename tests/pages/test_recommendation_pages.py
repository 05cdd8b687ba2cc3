"""Lesson 6.1 through ``app.py``: histories, candidates, lists from strangers, spoilt links."""

import pytest
from test_pages import opened, title, warm, words  # noqa: F401 (warm is a fixture)

from attn_core.inputs.films import by_id, catalogue, to_text
from attn_core.inputs.limits import MAX_FILMS
from attn_core.lessons.s6_1_recommendation import experiment
from pages.frame import i18n
from pages.s6_1_recommendation import inputs

PAGE = "s6_1_recommendation"


def first(at):
    """The film that is listed first, from its button."""
    return next(b.label for b in at.button if b.key == "top-0")


def history(at):
    return at.session_state["_store"]["6.1"].get("films", inputs.DEFAULT)


def map_of(at):
    """What is open, also where the address that the learner came by does not say it."""
    return at.session_state["_store"]["6.1"]["open"]


def upload(at, data, name="films.csv"):
    at.file_uploader(key="upload-films").set_value((name, data, "text/csv")).run()
    assert not at.exception


def press(at, key):
    next(b for b in at.button if b.key == key).click().run()
    assert not at.exception


def pick(at, film):
    at.button_group(key="6.1:picked").set_value(film).run()


@pytest.mark.parametrize("ranker", experiment.RANKERS)
@pytest.mark.parametrize("sample", experiment.SAMPLES)
def test_every_example_recommends_what_the_experiment_says(sample, ranker):
    config = experiment.Config(experiment.SAMPLES[sample], ranker)
    at = opened(PAGE, films=to_text(config.history), ranker=ranker)
    wanted = experiment.run(config).details["top"][0]["label"]
    assert i18n.plain(wanted) in first(at)


def test_a_film_is_added_by_its_title():
    at = opened(PAGE)
    at.selectbox(key="film_search").set_value(2571).run()
    assert history(at).endswith("-2571")
    assert history(at) in at.query_params["films"]
    assert "The Matrix" not in first(at)
    at.selectbox(key="film_search").set_value(1).run()  # known already: it moves to the end
    assert history(at).endswith("-2571-1")
    assert not history(at).startswith("1-")


def test_a_picked_film_is_moved_and_taken_out():
    at = opened(PAGE)
    assert next(b for b in at.button if b.key == "film-later").disabled
    pick(at, 1)
    press(at, "film-later")
    assert history(at).startswith("1214-1-588")
    press(at, "film-last")
    assert history(at).endswith("-1200-1")
    press(at, "film-earlier")
    assert history(at).endswith("-1-1200")
    press(at, "film-remove")
    assert "-1-" not in f"-{history(at)}-"
    assert len(history(at).split("-")) == len(experiment.Config().history) - 1


def test_an_empty_history_gets_a_sentence_and_keeps_the_list():
    at = opened(PAGE)
    was = first(at)
    press(at, "film-clear")
    assert any(title("en", "refused.no_history") in w.value for w in at.warning)
    assert first(at) == was
    at.selectbox(key="film_example").set_value("crime").run()
    assert not at.warning
    assert first(at) != was


def test_a_single_film_has_nothing_to_compare():
    at = opened(PAGE, films="318", part="apart")
    assert title("en", "s6_1.reading.single") in words(at)


def test_another_candidate_is_asked_about():
    at = opened(PAGE)
    press(at, "top-3")
    wanted = experiment.run(experiment.Config()).details["top"][3]
    assert at.session_state["6.1:candidate"] == wanted["id"]
    assert i18n.plain(wanted["label"]) in words(at)


def test_a_candidate_that_was_seen_is_not_asked_about():
    at = opened(PAGE, candidate="1214")
    assert title("en", "s6_1.candidate_seen") in words(at)


def test_the_longest_history_is_read():
    every = [film.id for film in catalogue()[: MAX_FILMS + 20]]
    at = opened(PAGE, films="-".join(map(str, every)), part="apart")
    assert not at.warning
    assert words(at).count("**") > 4


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "refused.empty"),
        (b"title\n", "refused.films"),
        (b"\x00\x01\x02" * 99, "refused.binary"),
        (b"\xff\xfe\xfa", "refused.encoding"),
        (b"Alien\n" * 170_000, "refused.large"),
        (b"title,year\n<script>alert(1)</script>,1999\n", "refused.films"),
    ],
)
def test_what_is_no_list_of_films_is_refused_and_the_history_stays(data, key):
    at = opened(PAGE)
    was = first(at)
    upload(at, data)
    start = title("en", key).split("{")[0][:18]
    assert any(start in w.value for w in at.warning)
    assert not any("<script>" in w.value for w in at.warning)
    assert first(at) == was


def test_a_list_is_used_and_what_is_unknown_is_named():
    at = opened(PAGE)
    upload(at, b"title,year\nPsycho,1960\nNo such film,2001\nVertigo,1958\n")
    assert any("No such film" in w.value for w in at.warning)
    press(at, "use-films")
    assert [by_id(int(f)).name for f in history(at).split("-")] == ["Psycho", "Vertigo"]


@pytest.mark.parametrize(
    "link",
    [
        {"films": "x"},
        {"films": "1-1-1-9999999"},
        {"films": "1" * 5000},
        {"candidate": "evil"},
        {"candidate": "-1"},
        {"ranker": "nobody"},
        {"open": "target~0~99"},
        {"open": "features~7~1"},
        {"changes": '{"tokens":[["target",0],["self.0",99]]}'},
        {"temperature": "0"},
    ],
)
def test_a_spoilt_link_opens_all_the_same(link):
    at = opened(PAGE, **link)
    assert not at.exception


def test_changes_inside_attention_move_the_list_and_are_undone():
    at = opened(PAGE, changes='{"tokens":[["self.0",6],["self.1",6]]}')
    now = experiment.run(experiment.Config())
    assert title("en", "s6_1.reading.changed").split("{")[0] in words(at)
    press(at, "undo-all")
    assert i18n.plain(now.details["top"][0]["label"]) in first(at)
    assert title("en", "s6_1.reading.changed").split("{")[0] not in words(at)


@pytest.mark.parametrize("part", ["apart", "check"])
@pytest.mark.parametrize("site", ["features~0~3", "self.0~1~2", "target~0~1"])
def test_the_run_is_taken_apart_whatever_is_open(part, site):
    at = opened(PAGE, "zh", part=part, open=site, ranker="target")
    assert not at.exception
    assert len(words(at)) > 300


def test_the_map_follows_the_list_and_a_link_s_own_stays():
    at = opened(PAGE)
    at.button_group(key="6.1:ranker").set_value("target").run()
    assert at.query_params["open"] == "target~0~0"
    press(at, "top-3")
    assert at.query_params["open"] == "target~0~3"
    at.button_group(key="6.1:ranker").set_value("self").run()
    assert "open" not in at.query_params
    press(at, "top-2")
    assert "open" not in at.query_params
    assert map_of(opened(PAGE, ranker="target")) == "target~0~0"
    at = opened(PAGE, ranker="target", open="features~0~3")
    assert at.query_params["open"] == "features~0~3"
    press(at, "top-3")
    assert at.query_params["open"] == "features~0~3"


def test_a_candidate_outside_the_ten_has_the_last_row():
    at = opened(PAGE, ranker="target", candidate="318")
    top = [f["id"] for f in experiment.run(experiment.Config(ranker="target")).details["top"]]
    row = top.index(318) if 318 in top else len(top)
    assert map_of(at) == f"target~0~{row}"


def test_repeated_films_of_a_list_are_counted():
    at = opened(PAGE)
    upload(at, b"Psycho (1960)\nVertigo\n" * 9)
    wanted = title("en", "s6_1.repeated").format(n=16)
    assert any(wanted in i.value for i in at.info)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_last_film_whose_absence_helps_is_said_to_gain(lang, monkeypatch):
    monkeypatch.setattr(i18n, "language", lambda: lang)
    films = next((s for s in experiment.SAMPLES.values() if _helps(s)), None) or next(
        s
        for s in (
            (*o[:-1], other)
            for o in experiment.SAMPLES.values()
            for other in (3, 7, 19, 34, 39, 48, 150, 165, 231)
            if other not in o
        )
        if len(s) > 2 and _helps(s)
    )
    at = opened(PAGE, lang, films=to_text(films))
    at.radio(key="guess").set_value("last").run()
    at.button(key="predict-act").click().run()
    said = " ".join(m.value for m in (*at.success, *at.info))
    assert title(lang, "s6_1.without.gains") in said
    assert "-0." not in said.replace("\\", "")


def _helps(history):
    result = experiment.run(experiment.Config(history))
    return (result.details["effects"]["self"]["effect"] or [0])[-1] < 0
