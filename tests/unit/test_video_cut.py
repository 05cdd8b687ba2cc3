"""Lesson 6.2 where no head is left to pool with, and where frames are frozen."""

from attn_core.attention.interventions import Intervention
from attn_core.contract.selection import Selection
from attn_core.lessons.s6_2_video import experiment, quiz, views
from attn_core.wire.looked_at import silent


def test_a_site_without_a_head_reads_nothing():
    config = experiment.Config(attention="space")
    site = experiment.FRAMES_SITE
    whole = experiment.run(config, None, "cpu")
    heads = whole.traces[site].weights.shape[1]
    out = Intervention(heads=tuple((site, h) for h in range(heads)))
    cut = experiment.run(config, out, "cpu")
    assert not silent(whole, Selection(site, query=0))
    assert silent(cut, Selection(site, query=0))
    assert not any(cut.details["frames"])


def test_a_made_clip_is_known_though_frames_are_frozen():
    assert views.under_freeze(experiment.Config()) is None
    known = experiment.truth_in(experiment.Config())
    found = views.under_freeze(experiment.Config(frozen=(8,)))
    assert known is not None
    assert found == {
        "frames": "9",
        "motion": known.kind,
        "first": known.first + 1,
        "last": known.last + 1,
    }


def test_the_map_opens_at_the_frame_that_is_outlined():
    config = experiment.Config()
    assert experiment.default_row(experiment.run(config, None, "cpu")) == config.frame


def test_the_challenge_tells_the_probability_on_screen():
    config = experiment.Config()
    result = experiment.run(config, None, "cpu")
    goal = quiz.challenge(config, Intervention(), result)
    assert goal.values["p"] == f"{result.numbers['probability']:.2f}"
    assert goal.progress == 0
