"""A head that is knocked out has no say in a mean of heads."""

import pytest
import torch

from attn_core.attention.functional import mean_of_heads
from attn_core.attention.interventions import Intervention
from attn_core.lessons.s4_1_segmentation import experiment
from attn_core.lessons.s6_1_recommendation import experiment as s6_1_recommendation


def test_the_mean_is_of_heads_that_attend():
    weights = torch.rand(3, 4, 5).softmax(-1)
    assert torch.equal(mean_of_heads(weights), weights.mean(0))
    weights[1] = 0
    torch.testing.assert_close(mean_of_heads(weights), (weights[0] + weights[2]) / 2)
    assert not mean_of_heads(torch.zeros(3, 4, 5)).any()


def test_4_1_tells_what_the_live_heads_do():
    config, site = experiment.Config(), experiment.SITE
    whole = experiment.run(config, None, "cpu")
    heads = whole.traces[site].weights.shape[1]
    person = torch.tensor(whole.details["person"]) >= 0.5
    out = Intervention(heads=tuple((site, h) for h in range(1, heads)))
    cut = experiment.run(config, out, "cpu")
    inside = torch.tensor(cut.details["person"]) >= 0.5
    alone = cut.traces[site].weights[0, 0].float()[:, inside].sum(-1)[inside].mean()
    assert bool(person.any())
    assert cut.numbers["person_to_person"] == pytest.approx(float(alone), abs=0.01)


def test_6_1_tells_what_the_live_heads_read():
    config = s6_1_recommendation.Config(ranker="self")
    sites = s6_1_recommendation.SELF_SITES
    out = Intervention(heads=((sites[-1], 0),))
    found = s6_1_recommendation.run(config, out, "cpu").details["weights"]["self"]
    assert sum(found) == pytest.approx(1, abs=0.01)
