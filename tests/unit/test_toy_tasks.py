"""The small tasks: right answers by other means, no test example in training, odd input refused."""

import datetime
import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attn_core.inputs.refused import Refused
from attn_core.lessons.s3_3_transformer import toy_dates, toy_tasks
from attn_core.models.transformer_layers import END, PAD, START

TASKS = pytest.mark.parametrize("task", toy_tasks.TASKS)


def drawn(task, n=300, seed=0, **more):
    length = toy_tasks.SPECS[task].lengths[2]
    return toy_tasks.draw_sources(task, n, length, torch.Generator().manual_seed(seed), **more)


@given(st.text(toy_tasks.LETTERS, min_size=1))
def test_letters_are_copied_turned_round_and_sorted(text):
    assert toy_tasks.solve("copy", text) == text
    assert "".join(reversed(toy_tasks.solve("reverse", text))) == text
    found, rest = toy_tasks.solve("sort", text), list(text)
    for letter in found:
        assert letter == min(rest)
        rest.remove(letter)
    assert not rest


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_sums(a, b):
    assert int(toy_tasks.solve("add", f"{a}+{b}")) == a + b


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)), st.integers(0, 4))
def test_every_form_of_a_date_is_read_back(day, form):
    text = toy_dates.written(day, form)
    assert toy_tasks.solve("dates", text) == f"{day:%Y-%m-%d}"
    assert len(text) <= toy_tasks.SPECS["dates"].lengths[2]


@pytest.mark.parametrize(
    "text",
    ["", "30 February 2026", "March 2026", "a b c", "3 Foo 2026", "1 2 3 4", "2026年13月1日"],
)
def test_what_is_no_date_has_no_answer(text):
    assert toy_tasks.solve("dates", text) == ""


@pytest.mark.parametrize("text", ["", "1+", "+2", "12", "1+2+3", "a+b"])
def test_what_is_no_sum_has_no_answer(text):
    assert toy_tasks.solve("add", text) == ""


@TASKS
def test_no_test_example_is_ever_trained_on(task):
    tests = drawn(task, 200, test=True)
    assert len(set(tests)) == len(tests) == 200
    assert all(toy_tasks.is_test(task, s) for s in tests)
    for seed in range(5):
        trained = drawn(task, 500, seed)
        assert not set(trained) & set(tests)
        if task == "add":
            turned = {"+".join(reversed(s.split("+"))) for s in trained}
            assert not turned & set(tests)
        if task in ("sort", "dates"):  # here another input with the same answer would help
            answers = {toy_tasks.solve(task, s) for s in trained}
            assert not answers & {toy_tasks.solve(task, s) for s in tests}


@TASKS
def test_the_same_seed_draws_the_same_and_bounds_are_kept(task):
    assert drawn(task) == drawn(task)
    assert drawn(task) != drawn(task, seed=1)
    spec = toy_tasks.SPECS[task]
    for source in drawn(task) + drawn(task, test=True):
        right = toy_tasks.solve(task, source)
        longest = spec.longest(spec.lengths[2])
        assert 1 <= len(source) <= longest[0]
        assert 1 <= len(right) <= longest[1]
        assert set(source + right) <= set(spec.letters)


def test_where_there_are_few_tests_there_are_fewer():
    tests = toy_tasks.draw_sources("copy", 200, 2, torch.Generator().manual_seed(0), test=True)
    words = [a + b for a in toy_tasks.LETTERS for b in ["", *toy_tasks.LETTERS]]
    assert set(tests) <= {w for w in words if toy_tasks.is_test("copy", w)}
    assert 30 < len(tests) < 120


@TASKS
def test_tokens_and_back(task):
    sources = drawn(task, 20)
    ids = toy_tasks.to_ids(task, sources)
    for row, source in zip(ids.tolist(), sources, strict=True):
        assert toy_tasks.to_text(task, tuple(i for i in row if i != PAD)) == source
    framed = toy_tasks.to_ids(task, sources, end=True)
    assert (framed[:, 0] == START).all()
    assert ((framed == END).sum(1) == 1).all()
    assert toy_tasks.to_text(task, (START,)) == "·"


def test_a_learners_input_is_made_plain():
    assert toy_tasks.read_input("reverse", "  Hello ", 8) == "hello"
    assert toy_tasks.read_input("add", " 17 + 25", 2) == "17+25"
    assert toy_tasks.read_input("dates", "7  March 2026", 18) == "7 March 2026"


@pytest.mark.parametrize(
    ("task", "text", "key"),
    [
        ("copy", "  ", "s3_3.own.refused.none"),
        ("copy", "a" * 13, "s3_3.own.refused.long"),
        ("copy", "a1", "s3_3.own.refused.letter"),
        ("add", "1-2", "s3_3.own.refused.letter"),
        ("sort", "héllo", "s3_3.own.refused.letter"),
        ("dates", "7 März", "s3_3.own.refused.letter"),
    ],
)
def test_odd_input_is_refused_by_name(task, text, key):
    with pytest.raises(Refused) as found:
        toy_tasks.read_input(task, text, toy_tasks.SPECS[task].lengths[2])
    assert found.value.key == key


def test_any_text_is_read_or_refused():
    letters = random.Random(0)
    for task in toy_tasks.TASKS:
        for _ in range(200):
            text = "".join(
                chr(letters.choice((letters.randrange(32, 127), letters.randrange(1, 70_000))))
                for _ in range(letters.randrange(8))
            )
            try:
                found = toy_tasks.read_input(task, text, toy_tasks.SPECS[task].lengths[2])
            except Refused:
                continue
            toy_tasks.to_ids(task, [found])
            assert isinstance(toy_tasks.solve(task, found), str)
