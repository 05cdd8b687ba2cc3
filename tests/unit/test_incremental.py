"""Lesson 3.1: continuing a text, blocks watched, costs measured, numbers recorded."""

import math
import pickle

import pytest
import torch
from torch.nn import functional as F

from attn_core.attention.interventions import Cell, Intervention
from attn_core.contract.selection import Selection
from attn_core.evidence import files
from attn_core.evidence.verdicts import verdict
from attn_core.inputs.refused import Refused
from attn_core.lessons.s3_1_incremental import blockwise as blockwise_view
from attn_core.lessons.s3_1_incremental import cost, experiment, live, quiz
from attn_core.lessons.s3_1_incremental import quality as claims_quality
from attn_core.measures import cost as cost_measure
from attn_core.models.characters import Characters, CharactersConfig
from attn_core.models.characters_text import draw, for_kept, go_on, mask_of

CONFIG = CharactersConfig("abcdefgh ", d_model=24, n_heads=3, n_layers=3)
PROMPT = (1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    found = Characters(CONFIG).eval()
    torch.nn.init.normal_(found.tokens.weight, std=0.2)
    return found


CHANGES = (
    None,
    Intervention(heads=(("decoder.1", 2),)),
    Intervention(tokens=(("decoder.0", 3), ("decoder.2", 20), ("decoder.1", 0))),
    Intervention(
        weights=(Cell("decoder.0", 0, 5, 2, 0.9), Cell("decoder.1", 1, 25, 24, 0.7)),
        scores=(Cell("decoder.2", 0, 26, 25, 8.0),),
        mask_cells=(Cell("decoder.0", 2, 22, 21, 0.0),),
        temperature=0.5,
    ),
)


@pytest.mark.parametrize("changes", CHANGES, ids=["plain", "head", "tokens", "cells"])
@pytest.mark.parametrize(("window", "sinks"), [(0, 0), (1, 0), (6, 0), (6, 3), (40, 2)])
def test_with_and_without_the_cache_the_same_is_written(model, window, sinks, changes):
    settings = {"temperature": 3.0, "seed": 3, "window": window, "sinks": sinks}
    if changes:
        changes = experiment.reachable(changes, len(PROMPT) + 23, window, sinks)
    cached = go_on(model, PROMPT, 24, changes=changes, **settings)
    again = go_on(model, PROMPT, 24, changes=changes, cached=False, **settings)
    assert cached.ids == again.ids
    assert len(set(cached.ids[len(PROMPT) :])) > 3
    torch.testing.assert_close(cached.logits, again.logits, atol=1e-5, rtol=0)


def test_changes_are_felt(model):
    plain = go_on(model, PROMPT, 24, temperature=1.0)
    for changes in CHANGES[1:]:
        found = go_on(model, PROMPT, 24, temperature=1.0, changes=changes)
        assert (found.logits - plain.logits).abs().max() > 1e-3


def test_it_stops_when_told(model):
    asked = iter([False, False, True])
    assert len(go_on(model, PROMPT, 9, should_stop=lambda: next(asked)).ids) == len(PROMPT) + 2
    with pytest.raises(ValueError, match="0 characters"):
        go_on(model, (), 3)


def test_drawing():
    logits = torch.tensor([9.0, 0.0, math.log(3.0)])  # id 0, the unknown, is never written
    assert draw(logits, 0.0, torch.Generator()) == 2
    generator = torch.Generator().manual_seed(0)
    drawn = [draw(logits, 1.0, generator) for _ in range(4000)]
    assert set(drawn) == {1, 2}
    assert drawn.count(2) / 4000 == pytest.approx(0.75, abs=0.03)


def test_places_among_what_is_kept():
    cell = Cell("decoder.0", 1, 9, 8, 0.5)
    changes = Intervention(weights=(cell, Cell("decoder.0", 1, 9, 4, 0.5)))
    (kept,) = for_kept(changes, 9, (0, 7, 8, 9)).weights
    assert (kept.query, kept.key) == (0, 2)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("window", "sinks"), [(0, 0), (8, 0), (8, 4)])
def test_the_lessons_run(language, window, sinks):
    config = experiment.Config(language=language, window=window, sinks=sinks, length=32)
    result = experiment.run(config)
    n = len(result.queries)
    assert result.numbers["gap"] < 1e-4
    assert result.numbers["cells"] == int(mask_of(n, window, sinks).sum())
    for trace in result.traces.values():
        assert torch.equal(trace.mask[0, 0], mask_of(n, window, sinks))
        torch.testing.assert_close(trace.weights.sum(-1), torch.ones(trace.weights.shape[:-1]))
    details = result.details
    assert len(details["written"]) == 32
    assert "".join(result.keys[1:]) == "".join(result.queries[:-1])
    row = experiment.default_row(result)
    found = experiment.reading(result, Selection(query=row))
    assert row >= details["first"]
    assert found["seen"] == int(mask_of(n, window, sinks)[row].sum())
    assert 2 ** -details["bits"][row] == pytest.approx(found["probability"])


def test_what_is_not_there_cannot_be_opened():
    ahead = Intervention(mask_cells=(Cell("decoder.0", 0, 5, 50, 1.0),))
    plain = experiment.run(experiment.Config(length=16))
    found = experiment.run(experiment.Config(length=16), ahead)
    assert found.details["n_closed"] == 1
    assert found.details["written"] == plain.details["written"]
    assert found.numbers["gap"] < 1e-4


@pytest.mark.parametrize("text", [" ", "\n\n", "\t"])
def test_no_beginning_is_refused(text):
    with pytest.raises(Refused, match=r"refused\.no_text"):
        experiment.run(experiment.Config(text=text))


@pytest.mark.parametrize(
    "bad",
    [
        {"window": 3},
        {"sinks": -1},
        {"length": 10_000},
        {"language": "fr"},
        {"seed": -1},
        {"sampling": 0.1},
    ],
)
def test_values_out_of_bounds(bad):
    with pytest.raises(ValueError, match="must be"):
        experiment.Config(**bad)


def test_one_character_and_far_too_many():
    one = experiment.run(experiment.Config(text="O", length=8))
    assert "prompt_bits" not in one.numbers
    assert quiz.questions(experiment.Config(text="O", length=8), one)
    long = experiment.run(experiment.Config(text="word ” " * 400, length=8))
    assert long.details["n_left"] == 7 * 400 - 256
    assert long.details["n_unknown"] == long.details["prompt"].count('"')


# Blocks


@pytest.fixture(scope="module")
def shown():
    return experiment.run(experiment.Config(length=32, window=16, sinks=2))


@pytest.mark.parametrize("size", [1, 5, 16, 64])
def test_stepping_ends_in_torchs_answer(shown, size):
    walk = blockwise_view.walk(shown, "decoder.2", 3, size)
    trace = shown.traces["decoder.2"]
    wanted = F.scaled_dot_product_attention(
        trace.query[:, 3:4],
        trace.key[:, 3:4],
        trace.value[:, 3:4],
        attn_mask=mask_of(walk.n, 16, 2)[None, None],
    )[0, 0]
    torch.testing.assert_close(walk.answer, wanted)
    assert walk.gap < 1e-5
    row = walk.n - 1
    last = blockwise_view.history(walk, len(walk.steps) - 1, row)[-1]
    assert last["gap"] < 1e-5
    scores = trace.scores[0, 3, row][mask_of(walk.n, 16, 2)[row]]
    assert last["maximum"] == pytest.approx(float(scores.max()), abs=1e-4)
    assert last["total"] == pytest.approx(float((scores - scores.max()).exp().sum()), rel=1e-4)


def test_cells_by_what_became_of_them(shown):
    walk = blockwise_view.walk(shown, "decoder.0", 0, 16)
    first = blockwise_view.cells(walk, 0)
    assert int((first == blockwise_view.DONE).sum()) == 16 * 17 // 2
    end = blockwise_view.cells(walk, len(walk.steps) - 1)
    assert not bool((end == blockwise_view.LATER).any())
    assert torch.equal(end == blockwise_view.DONE, walk.allowed)
    assert torch.equal(end, blockwise_view.ever(walk.allowed, "blocks", 16))
    counts = [
        blockwise_view.counts(blockwise_view.ever(walk.allowed, how, 16).tolist())
        for how in blockwise_view.HOW
    ]
    assert len({c["used"] for c in counts}) == 1
    assert counts[0]["computed"] == walk.n**2
    assert counts[2]["computed"] == counts[2]["used"] == shown.numbers["cells"]
    with pytest.raises(ValueError, match="how is"):
        blockwise_view.ever(walk.allowed, "magic", 4)


# Costs


@pytest.mark.parametrize("n", [64, 200, 512])
def test_memory_of_the_whole_map_is_its_closed_form(n):
    call = cost.calls(n, heads=2)["full"]
    with torch.inference_mode():
        assert cost_measure.peak_bytes(call) == 2 * 2 * n * n * 4 + 2 * n * 64 * 4
    assert cost.estimate("full", n, 2) == 2 * 2 * n * n * 4 + 2 * n * 64 * 4


def test_multiply_adds_by_hand():
    n, d = 512, cost.D_HEAD
    ways = cost.calls(n, window=64, block=64)
    count = {m: cost_measure.multiply_adds(ways[m]) for m in ("full", "blockwise", "window")}
    assert count["full"] == count["blockwise"] == 2 * n * n * d
    assert count["window"] == (2 * 8 - 1) * 64 * 64 * 2 * d  # two blocks a row, one in the first
    assert cost_measure.multiply_adds(ways["cached"]) == 2 * n * d


def test_all_ways_that_claim_to_be_the_same_are():
    ways = cost.calls(300, heads=2)
    with torch.inference_mode():
        full = ways["full"]()
        torch.testing.assert_close(ways["blockwise"](), full, atol=1e-5, rtol=0)
        torch.testing.assert_close(ways["fused"](), full, atol=1e-5, rtol=0)
        torch.testing.assert_close(ways["cached"]()[0], full[:, :, -1:], atol=1e-5, rtol=0)


def test_slopes_of_powers():
    rows = [
        {"method": "full", "n": n, "seconds": 3e-9 * n**2, "bytes": 8 * n**2}
        for n in (256, 512, 1024, 2048, 4096)
    ]
    for found in cost.slopes(rows):
        assert found["fitted"] == pytest.approx(found["theory"])
        assert found["points"] == cost.FITTED
    assert cost.slopes(rows[:1]) == []


def test_what_does_not_fit_is_refused_before_it_starts(monkeypatch):
    with pytest.raises(Refused) as refused:
        cost.check(("full", "fused"), 16_384, 8, free=4 * 2**30)
    assert refused.value.values["size"] == "16.1"
    assert refused.value.values["limit"] == "4.0"
    cost.check(("blockwise", "fused"), 16_384, 8, free=4 * 2**30)
    monkeypatch.setattr(cost, "most_bytes", lambda: 2**20)
    monkeypatch.setattr(cost, "calls", lambda *a: pytest.fail("it was started"))
    with pytest.raises(Refused, match="cost_memory"):
        cost.cost(lambda *a: None, lambda: False, longest=1024)
    with pytest.raises(Refused, match="no_method"):
        cost.check((), 256)
    with pytest.raises(ValueError, match="longest is 1000"):
        cost.check(("full",), 1000)


def test_the_lab_measures_reports_and_stops():
    reported = []
    found = cost.cost(
        lambda *a: reported.append(a), lambda: len(reported) > 6, longest=1024, budget=0.0
    )
    assert found["stopped"]
    assert [r["n"] for r in found["rows"]] == [256] * 5 + [512] * 2
    assert all(r["seconds"] > 0 and r["bytes"] > 0 for r in found["rows"])
    assert reported[-1][2]["rows"]
    assert [a[0] for a in reported] == sorted(a[0] for a in reported)
    assert pickle.loads(pickle.dumps(found)) == found
    assert cost.compared(found["rows"])["adds"] == "1.00"


def test_memory_that_is_free():
    assert 0 < cost_measure.most_bytes() <= cost_measure.free_bytes()


# Live experiments and what was recorded


def test_decoding_is_timed_both_ways():
    seen = []
    found = live.decode_times(
        lambda fraction, *_: seen.append(fraction), lambda: False, language="zh", until=64
    )
    assert found["same"]
    assert found["gap"] < 1e-4
    assert found["exact"] < 1e-10
    assert {r["way"] for r in found["rows"]} == {"cached", "uncached"}
    assert seen == sorted(seen)
    assert max(seen) <= 1.01
    with pytest.raises(ValueError, match="until is 5"):
        live.decode_times(lambda *a: None, lambda: False, language="en", until=5)


def test_decoding_stops_when_told():
    found = live.decode_times(lambda *a: None, lambda: True, language="en", until=64)
    assert found["rows"] == []


def test_bits_of_pieces_and_stream_are_those_of_the_model(model):
    config = CharactersConfig("abcdefgh ", d_model=24, n_heads=3, n_layers=3, context=16)
    small = Characters(config).eval()
    small.load_state_dict(model.state_dict())
    ids = torch.randint(0, 10, (64,), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        logits, _, _ = small(ids[None, :-1], None, mask_of(63, 4, 2))
        wanted = F.cross_entropy(logits[0], ids[1:], reduction="none") / math.log(2)
        found = live.surprises(small, ids, "stream", 4, 2)
        torch.testing.assert_close(found, wanted[16:], atol=1e-5, rtol=1e-5)
        piece, _, _ = small(ids[None, 8:24])
        first = F.cross_entropy(piece[0, 8:], ids[17:25], reduction="none") / math.log(2)
        pieces = live.surprises(small, ids, "pieces", 0, 0)
    torch.testing.assert_close(pieces[8:16], first, atol=1e-5, rtol=1e-5)


def test_a_stopped_reading_keeps_what_it_has():
    asked = iter([False, True])
    found = live.bits_by_window(lambda *a: None, lambda: next(asked), language="zh", sinks=2)
    assert [(r["window"], r["sinks"]) for r in found["rows"]] == [(0, 0)]
    with pytest.raises(ValueError, match="sinks 0"):
        live.bits_by_window(lambda *a: None, lambda: False, language="zh", sinks=0)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_samples_are_short_and_say_where_they_are_from(language):
    sample = live.held_out(language)
    assert 1000 < len(sample["text"].encode()) <= 4096
    assert "public domain" in sample["licence"]


def test_claims_on_file_are_made_of_what_was_recorded():
    found = live.recorded()
    quality = claims_quality.quality(found["bits"])
    on_file = {c.key: c for c in files.load("3.1.d").measure.conditions}
    for condition in quality.conditions:
        if condition.metric != "largest_error":
            assert on_file[condition.key] == condition
    assert {r["n"] for r in found["cost"]["rows"]} == set(cost.LENGTHS)
    blockwise = {c.key: c for c in files.load("3.1.b").measure.conditions}["blockwise"]
    for seed, value in blockwise.values:
        row = next(
            r for r in found["cost"]["rows"] if (r["method"], f"n{r['n']}") == ("blockwise", seed)
        )
        assert value == pytest.approx(row["bytes"] / 2**20)


def test_verdicts_say_what_the_lesson_says():
    a = verdict(files.load("3.1.a"))
    assert a.name == "holds_when"
    assert a.holds_when == ("cache", "window")
    b = {r.key: r.verdict for r in verdict(files.load("3.1.b")).conditions}
    assert b["blockwise"] == "holds"
    assert b["cache"] == "does_not_hold"
    d = {r.key: r for r in verdict(files.load("3.1.d")).conditions}
    assert d["blockwise"].value < 1e-5
    assert d["window_8_en"].verdict == "does_not_hold"


# Quiz


def test_prediction_is_settled_by_counting():
    found = quiz.reveal(experiment.Config(length=16), "cpu")
    assert found["raw"] == 1.0
    assert quiz.truth(found) == "none"
    assert quiz.truth({"raw": 0.5}) == "half"
    assert quiz.truth({"raw": 0.1}) == "most"


def test_questions_and_challenge(shown):
    config = experiment.Config(length=32, window=16, sinks=2)
    where, cells, adds, rounding = quiz.questions(config, shown, Selection("decoder.1", 2, 40))
    weights = shown.traces["decoder.1"].weights[0, 2, 11]
    assert where.options[where.answer].startswith(f"{int(weights.argmax()) + 1}:")
    assert cells.options[cells.answer] == f"{int(shown.numbers['cells']):,}"
    assert adds.options[adds.answer].endswith("same")
    assert rounding.options[rounding.answer].endswith("no")
    done = quiz.challenge(config, Intervention(), shown)
    loss = shown.numbers["prompt_bits"] - shown.numbers["prompt_bits_whole"]
    assert done.reached == (loss <= 0.1 and shown.numbers["share_of_causal"] <= 0.5)
    cut = Intervention(heads=(("decoder.0", 0),))
    assert not quiz.challenge(config, cut, shown).reached
    whole = experiment.Config(length=32)
    assert not quiz.challenge(whole, Intervention(), experiment.run(whole)).reached


def test_the_head_that_opens_watches_line_breaks():
    for language in experiment.LANGUAGES:
        result = experiment.run(experiment.Config(language=language))
        found = experiment.opened(result)
        watching = experiment.break_watching(result)
        assert watching[found.site, found.head] == max(watching.values()) > experiment.WATCHING
        row, keys = len(result.keys) - 1, result.keys
        weights = result.traces[found.site].weights[0, found.head]
        by_hand = [
            float(weights[i, max(j for j in range(i + 1) if keys[j] == "⏎")])
            for i in range(keys.index("⏎"), row + 1)
        ]
        assert watching[found.site, found.head] == pytest.approx(sum(by_hand) / len(by_hand))
    one_line = experiment.run(experiment.Config(text="a b", length=8, seed=5))
    if "⏎" not in one_line.keys:
        assert experiment.break_watching(one_line) == {}
    assert experiment.opened(one_line).site in one_line.traces
