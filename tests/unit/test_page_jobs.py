"""Every job that a page starts runs in the worker, with the report that the worker makes."""

import ast
import importlib
import pickle
from dataclasses import asdict
from pathlib import Path

import pytest

from attn_core.jobs import worker
from attn_core.lessons.s1_additive import live as s1_live
from attn_core.lessons.s2_1_self_attention import evidence
from attn_core.lessons.s2_2_positional_encoding import order_task
from attn_core.lessons.s2_3_multi_head import heads
from attn_core.lessons.s3_1_incremental import cost, live
from attn_core.lessons.s3_2_scaled_dot_product import overflow, timing
from attn_core.lessons.s3_3_transformer import own_settings, own_training
from attn_core.lessons.s4_1_segmentation import compared
from attn_core.lessons.s4_2_detection import compared as s4_2_compared
from attn_core.lessons.s4_2_detection import config as s4_2_given
from attn_core.lessons.s5_2_ctc import experiment
from attn_core.lessons.s5_3_recogniser import views
from attn_core.lessons.s6_1_recommendation import (
    experiment as s6_1_recommendation,
)
from attn_core.lessons.s6_1_recommendation import (
    views as s6_1_views,
)
from attn_core.lessons.s6_2_video import compared as s6_2_compared
from attn_core.lessons.s6_3_bioinformatics import recorded, samples
from attn_core.lessons.speech import compared as speech_compared
from pages.frame import i18n

PAGES = Path(__file__).parents[2] / "pages"


class Enough(Exception):
    """The first report was made."""


def to_the_first_report(report, should_stop, *, of, arguments):
    """A job that makes its first report, of the worker's kind, and goes no further."""

    def first(*args, **named):
        report(*args, **named)
        raise Enough

    return of(first, should_stop, **arguments)


def _film():
    config = s6_1_recommendation.Config()
    return {"history": config.history, "ranker": config.ranker, "candidate": config.candidate}


def _picture():
    return {"picture": s4_2_compared.as_read(s4_2_given.SAMPLES[0], "digits")}


JOBS = {
    s6_2_compared.everywhere: lambda: {"picture": "astronaut"},
    order_task.train_side_by_side: lambda: {"steps": 40, "length": 8},
    s6_1_views.taken_out: _film,
    recorded.false_alarms: lambda: {"dna": samples.text("genome", "hbb"), "seed": 0},
    s4_2_compared.noise_and_compare: _picture,
    speech_compared.under_noise: lambda: {
        "wave": speech_compared.as_sent("pi"), "said": None, "checkpoints": experiment.CHECKPOINTS,
    },
    cost.cost: lambda: {"methods": cost.METHODS[:1], "longest": 512, "budget": 0.01},
    live.decode_times: lambda: {
        "language": "en", "until": live.POSITIONS[0],
    },
    live.bits_by_window: lambda: {"language": "en"},
    overflow.sweep_job: dict,
    timing.timing: lambda: {"n_list": (64,), "d_k": 8, "repeats": 1},
    heads.train_side_by_side: dict,
    s1_live.compare: dict,
    views.cover_each: lambda: {"wave": speech_compared.as_sent("pi")},
    own_training.train: lambda: asdict(own_settings.Own()),
    compared.hide_and_compare: lambda: {"picture": compared.as_read("astronaut")},
    evidence.compare: lambda: {"text": "A good film.", "language": "en", "model": "sst"},
}  # fmt: skip


def _started():
    """The functions that pages hand to ``work.job``."""
    found = set()
    for path in sorted(PAGES.glob("s*/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "long_work.job":
                module, name = ast.unparse(node.args[1]).split(".")
                page = importlib.import_module(f"pages.{path.parent.name}.{path.stem}")
                found.add(getattr(getattr(page, module), name))
    return found


def test_every_job_of_a_page_is_tested_here():
    assert _started() == set(JOBS)


@pytest.mark.parametrize("of", JOBS, ids=lambda f: f"{f.__module__.split('.')[-1]}.{f.__name__}")
def test_a_job_reports_as_the_worker_has_it(of):
    sent = []
    arguments = {"of": of, "arguments": JOBS[of]()}
    payload = pickle.dumps((to_the_first_report, arguments))
    with pytest.raises(Enough):
        worker._do(payload, lambda: False, sent.append)
    (fraction, message), *_ = [m[1:3] for m in sent if m[0] == "report"]
    assert 0 <= fraction <= 1
    assert i18n.catalogue("en").gettext(message) != message, f"no words for {message}"
