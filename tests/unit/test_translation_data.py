"""The pairs' split: no sentence on two sides, whatever is written twice."""

import random

import pytest

from attn_core.datasets import translation as d

EN = ["I read.", "i read", "You read!", "We sleep.", "They eat?", "It rains.", "Go!", "No."]


@pytest.fixture(scope="module")
def pairs():
    rng = random.Random(0)
    rows = [d.Pair(f"{rng.choice(EN)} {i % 700}", f"我{i % 611}读书。") for i in range(3000)]
    return list(dict.fromkeys(rows))


def test_no_sentence_is_on_two_sides(pairs, monkeypatch):
    monkeypatch.setattr(d, "N_TEST", 40)
    monkeypatch.setattr(d, "N_VALIDATION", 20)
    lonely = [d.Pair(f"word number {i}", f"词{i}号") for i in range(300)]
    parts = d.split(pairs + lonely)
    assert sum(map(len, parts.values())) == len(pairs) + len(lonely)
    assert len(parts["test"]) >= 40
    assert len(parts["validation"]) >= 20
    for side in ("en", "zh"):
        plain = {k: {d._plain(getattr(p, side)) for p in part} for k, part in parts.items()}
        assert not plain["train"] & plain["test"]
        assert not plain["train"] & plain["validation"]
        assert not plain["validation"] & plain["test"]


def test_pairs_that_share_a_sentence_in_a_chain_stay_together():
    chain = [d.Pair("A b.", "甲"), d.Pair("a b!", "乙"), d.Pair("C", "乙"), d.Pair("D", "丙")]
    found = sorted(map(len, d.groups(chain)))
    assert found == [1, 3]


def test_tokenizers_give_back_what_they_read():
    english = d.english_tokenizer(["the cat sat on the mat"] * 3 + ["a dog, a cat"] * 3)
    assert english.decode(english.encode("the cat, on a mat").ids) == "the cat, on a mat"
    chinese = d.chinese_tokenizer(["我读书。", "我读书。"])
    assert chinese.encode("我读🦕").ids[-1] == 3
    assert chinese.decode(chinese.encode("读书。").ids) == "读书。"
