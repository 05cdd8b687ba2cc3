"""Every job that a page starts runs in the worker, with the report that the worker makes."""

import ast
import importlib
import pickle
from dataclasses import asdict
from pathlib import Path

import pytest

from attn_core import worker
from attn_core.experiments import (
    cost_lab,
    incremental_live,
    order_task,
    own_settings,
    own_transformer,
    s1_live,
    s2_1_evidence,
    s2_3_heads,
    s4_1_compared,
    s4_2_compared,
    s4_2_given,
    s5_2_ctc,
    s5_3_views,
    s6_1_recommendation,
    s6_1_views,
    s6_2_compared,
    s6_3_recorded,
    s6_3_samples,
    sdp_overflow,
    sdp_timing,
    speech_compared,
)
from pages.shared import i18n

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
    s6_3_recorded.false_alarms: lambda: {"dna": s6_3_samples.text("genome", "hbb"), "seed": 0},
    s4_2_compared.noise_and_compare: _picture,
    speech_compared.under_noise: lambda: {
        "wave": speech_compared.as_sent("pi"), "said": None, "checkpoints": s5_2_ctc.CHECKPOINTS,
    },
    cost_lab.cost: lambda: {"methods": cost_lab.METHODS[:1], "longest": 512, "budget": 0.01},
    incremental_live.decode_times: lambda: {
        "language": "en", "until": incremental_live.POSITIONS[0],
    },
    incremental_live.bits_by_window: lambda: {"language": "en"},
    sdp_overflow.sweep_job: dict,
    sdp_timing.timing: lambda: {"n_list": (64,), "d_k": 8, "repeats": 1},
    s2_3_heads.train_side_by_side: dict,
    s1_live.compare: dict,
    s5_3_views.cover_each: lambda: {"wave": speech_compared.as_sent("pi")},
    own_transformer.train: lambda: asdict(own_settings.Own()),
    s4_1_compared.hide_and_compare: lambda: {"picture": s4_1_compared.as_read("astronaut")},
    s2_1_evidence.compare: lambda: {"text": "A good film.", "language": "en", "model": "sst"},
}  # fmt: skip


def _started():
    """The functions that pages hand to ``work.job``."""
    found = set()
    for path in sorted(PAGES.glob("shared/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "work.job":
                module, name = ast.unparse(node.args[1]).split(".")
                page = importlib.import_module(f"pages.shared.{path.stem}")
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
