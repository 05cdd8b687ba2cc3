"""What every lesson keeps to, whoever wrote it: one check over all fifteen.

A new lesson is held to it as soon as it stands in ``attn_core.lessons.every``.
"""

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
import torch

from attn_core.attention.interventions import Cell, Intervention
from attn_core.contract.result import load_default
from attn_core.jobs.cache import Keep
from attn_core.lessons.every import EVERY
from pages.frame import results

SMALL = {
    "s1_additive": {"word": "cat"}, "s3_1_incremental": {"length": 16},
    "s3_3_transformer": {"text": "Thank you."}, "s5_3_recogniser": {"sound": "pi"},
}  # fmt: skip
"""Inputs that take less time than the default."""
CLOSE = 2**-9
"""Weights kept in half precision sum to 1 within it."""

every = pytest.mark.parametrize("taught", EVERY.values(), ids=lambda t: t.lesson.number)


@cache
def ran(slug, changes=None):
    experiment = EVERY[slug].experiment
    return experiment.run(experiment.Config(**SMALL.get(slug, {})), changes)


@every
def test_config_is_frozen_hashable_and_equal_to_its_copy(taught):
    config = taught.experiment.Config()
    assert hash(config) == hash(dataclasses.replace(config))
    assert config == taught.experiment.Config(**dataclasses.asdict(config)) or any(
        dataclasses.is_dataclass(getattr(config, f.name)) for f in dataclasses.fields(config)
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(config, dataclasses.fields(config)[0].name, None)


@every
def test_before_is_idempotent_and_keeps_the_default(taught):
    experiment = taught.experiment
    for config in (experiment.Config(), experiment.Config(**SMALL.get(taught.lesson.slug, {}))):
        assert experiment.before(experiment.before(config)) == experiment.before(config)
    assert experiment.before(experiment.Config()) == experiment.Config()


@every
def test_the_same_call_gives_the_same_answer(taught):
    experiment, slug = taught.experiment, taught.lesson.slug
    again = experiment.run(experiment.Config(**SMALL.get(slug, {})))
    found = ran(slug)
    assert found.queries == again.queries
    assert found.keys == again.keys
    assert found.traces.keys() == again.traces.keys()
    for site, trace in found.traces.items():
        assert torch.equal(trace.weights, again.traces[site].weights), site


@every
def test_rows_sum_to_one_and_names_fit(taught):
    result = ran(taught.lesson.slug)
    for site, trace in result.traces.items():
        queries, keys = result.names(site)
        rows = 1 if trace.weights.shape[2] == 1 else len(queries)  # a pooling has one row
        assert trace.weights.shape[2:] == (rows, len(keys)), site
        assert trace.scores.shape == trace.weights.shape
        if trace.normaliser != "sigmoid":
            sums = trace.weights.float().sum(-1)
            off = torch.minimum((sums - 1).abs(), sums.abs())
            assert float(off.max()) <= CLOSE, site


@every
def test_what_is_open_at_first_exists(taught):
    result = ran(taught.lesson.slug)
    at = taught.experiment.opened(result)
    _, heads, n_query, _ = result.traces[at.site].weights.shape
    assert 0 <= at.head < heads
    assert at.query is not None
    assert 0 <= at.query < n_query


@every
def test_each_site_obeys_a_cut_key_a_score_and_a_temperature(taught):
    """What is set is what the trace says, at every site that weighs scores."""
    plain = ran(taught.lesson.slug)
    weighed = {s: t for s, t in plain.traces.items() if t.normaliser in ("softmax", "sigmoid")}
    cells = {}
    for site, trace in weighed.items():
        allowed = trace.weights[0, 0].float() > 1e-3
        row = int(allowed.sum(-1).argmax())
        cells[site] = row, int(trace.weights[0, 0, row].float().argmax())
    cut = ran(
        taught.lesson.slug, Intervention(tokens=tuple((s, key) for s, (_, key) in cells.items()))
    )
    scores = tuple(Cell(s, 0, row, key, -2.5) for s, (row, key) in cells.items())
    edited = ran(taught.lesson.slug, Intervention(scores=scores))
    warm = ran(taught.lesson.slug, Intervention(temperature=4.0))
    for site, (row, key) in cells.items():
        if cut.traces[site].weights.shape == plain.traces[site].weights.shape:
            assert float(cut.traces[site].weights[0, :, :, key].float().abs().max()) == 0, site
        if edited.traces[site].weights.shape == plain.traces[site].weights.shape:
            assert float(edited.traces[site].scores[0, 0, row, key]) == pytest.approx(-2.5), site
        old, new = plain.traces[site].weights, warm.traces[site].weights
        assert old.shape != new.shape or not torch.equal(old, new), site


@every
def test_stored_default_has_the_shapes_of_a_fresh_run(taught):
    stored = load_default(taught.lesson.slug)
    fresh = taught.experiment.run(taught.experiment.Config())
    assert stored.traces.keys() == fresh.traces.keys()
    for site, trace in fresh.traces.items():
        assert stored.traces[site].weights.shape == trace.weights.shape


@every
def test_eight_who_ask_the_same_thing_make_one_run(taught, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", Keep("results", results.MAX_BYTES))
    made, together = [], threading.Barrier(8)
    experiment = taught.experiment

    class Counted:
        Config = experiment.Config
        before = staticmethod(experiment.before)
        opened = staticmethod(experiment.opened)

        @staticmethod
        def run(config, intervention, device):
            made.append(config)
            return ran(taught.lesson.slug)

    counted = dataclasses.replace(taught, experiment=Counted())
    changes = Intervention(temperature=1.5)

    def ask(_):
        together.wait()
        return results.run(counted, experiment.Config(), changes, "cpu")[0]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert len(made) == 1
    assert all(each is found[0] for each in found)
