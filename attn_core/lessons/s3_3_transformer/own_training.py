"""A learner's own Transformer: every setting on a control, trained on a small task as a job.

Adam and the schedule are those of Vaswani et al. 2017, section 5.3: β = (0.9, 0.98), ε = 10⁻⁹ and
equation 3, a linear warm-up and then a rate that falls with the inverse square root of the step.
Equation 3 ties its height to d_model and the warm-up; here the height is a setting of its own:
rate(step) = rate · min(step / warm_up, √(warm_up / step)). There is no label smoothing.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import load, save
from torch import Tensor, nn

from attn_core.jobs.line import Report
from attn_core.lessons.s3_3_transformer import toy_tasks
from attn_core.lessons.s3_3_transformer.own_settings import Own, admit
from attn_core.models.transformer import Transformer
from attn_core.models.transformer_layers import PAD, START, Traces
from attn_core.models.translate_search import Written, search, transformer_steps

MOMENTS = (0.0, 0.02, 0.04, 0.07, 0.11, 0.16, 0.22, 0.3, 0.4, 0.52, 0.66, 0.82, 1.0)
"""Parts of the training after which it is tested and its attention kept: early ones are closer."""
N_TEST = 200
KINDS = ("cross", "encoder", "self")


def schedule(step: int, warm_up: int) -> float:
    """Part of the highest rate (Vaswani et al. 2017, equation 3, brought to a height of 1).

    Examples
    --------
    >>> [schedule(step, 100) for step in (50, 100, 400)]
    [0.5, 1.0, 0.5]
    """
    return min(step / warm_up, math.sqrt(warm_up / step))


class Training:
    """A model, its examples and its optimiser.

    Parameters
    ----------
    config : Own
        Settings; weights come from torch's global generator.
    """

    def __init__(self, config: Own) -> None:
        self.config = config
        self.model = Transformer(config.model)
        self.draw = torch.Generator().manual_seed(1_000 + config.seed)
        self.optimiser = torch.optim.Adam(
            self.model.parameters(), config.rate, betas=(0.9, 0.98), eps=1e-9
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda done: schedule(done + 1, config.warm_up)
        )
        self.tests = toy_tasks.draw_sources(
            config.task, N_TEST, config.length, torch.Generator().manual_seed(7), test=True
        )

    def step(self) -> float:
        """Learn from one batch."""
        config = self.config
        sources = toy_tasks.draw_sources(config.task, config.batch, config.length, self.draw)
        loss = loss_on(self.model.train(), config.task, sources)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.schedule.step()
        return loss.item()

    def accuracy(self) -> float:
        """Share of test inputs that are answered without any mistake, written greedily."""
        answers = answer(self.model, self.config.task, self.tests, self.config.length)
        right = sum(
            toy_tasks.to_text(self.config.task, found.ids) == toy_tasks.solve(self.config.task, s)
            for found, s in zip(answers, self.tests, strict=True)
        )
        return right / len(self.tests)


def loss_on(model: Transformer, task: str, sources: list[str]) -> Float[Tensor, ""]:
    """Mean cross-entropy of the right answers, given the right characters before."""
    target = toy_tasks.to_ids(task, [toy_tasks.solve(task, s) for s in sources], end=True)
    logits, _ = model(toy_tasks.to_ids(task, sources), target[:, :-1], traced=False)
    return nn.functional.cross_entropy(
        logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD
    )


def answer(model: Transformer, task: str, sources: list[str], length: int) -> list[Written]:
    """What a model writes, greedily."""
    most = 2 + max(toy_tasks.SPECS[task].longest(length)[1], *map(len, sources))
    found = search(transformer_steps(model.eval()), toy_tasks.to_ids(task, sources), 1, 0.0, most)
    return [row[0] for row in found]


@torch.inference_mode()
def look(model: Transformer, task: str, source: str, length: int) -> dict[str, Any]:
    """A model's answer to one input, and all its attention while it wrote it.

    "source", "written" and "right"; "cross", "encoder" and "self": arrays of (layer, head, query,
    key), half precision. The decoder's query i wrote character i; the last one wrote the end.
    """
    found = answer(model, task, [source], length)[0]
    ids = torch.tensor([[START, *found.ids]])
    _, traces = model(toy_tasks.to_ids(task, [source]), ids)
    out = {kind: _stack(traces, kind) for kind in KINDS}
    return out | {
        "source": source,
        "written": toy_tasks.to_text(task, found.ids),
        "right": toy_tasks.solve(task, source),
    }


def _stack(traces: Traces, kind: str) -> np.ndarray:
    """One kind's weights of all layers."""
    kept = [trace.weights[0] for site, trace in traces.items() if kind in site]
    return torch.stack(kept).to(torch.float16).numpy()


def train(report: Report, should_stop: Callable[[], bool], **settings: Any) -> dict[str, Any]:
    """Train, as a job.

    "settings"; "loss": rows of "step" and "loss", the mean since the row before; "accuracy": rows
    of "step" and "accuracy" on ``n_test`` inputs that were never trained on; "steps" made;
    "seconds"; "diverged": whether the loss was no number any more; "moments": for each row of
    "accuracy" what ``look`` found on one and the same of those inputs; "weights": safetensors in
    half precision. What is reported on the way has the last two empty.
    """
    config = Own(**settings)
    admit(config)
    began = time.perf_counter()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        run = Training(config)
        shown = max(run.tests[:40], key=len)
        found: dict[str, Any] = {
            "settings": asdict(config),
            "loss": [],
            "accuracy": [],
            "steps": 0,
            "seconds": 0.0,
            "diverged": False,
            "moments": [],
            "weights": b"",
            "n_test": len(run.tests),
        }
        moments: list[dict[str, Any]] = []

        def measure() -> None:
            row = {"step": found["steps"], "accuracy": run.accuracy()}
            found["accuracy"] = [*found["accuracy"], row]
            moments.append(look(run.model, config.task, shown, config.length))

        stops = {round(part * config.steps) for part in MOMENTS}
        window = max(1, config.steps // 60)
        losses: list[float] = []
        measure()
        while found["steps"] < config.steps and not should_stop() and not found["diverged"]:
            losses.append(run.step())
            found["steps"] += 1
            found["diverged"] = not math.isfinite(losses[-1])
            if len(losses) == window and not found["diverged"]:
                row = {"step": found["steps"], "loss": sum(losses) / window}
                found["loss"], losses = [*found["loss"], row], []
            if found["steps"] in stops and not found["diverged"]:
                measure()
            found["seconds"] = time.perf_counter() - began
            report(found["steps"] / config.steps, "s3_3.own.training", dict(found))
        if found["accuracy"][-1]["step"] != found["steps"] and not found["diverged"]:
            measure()
        state = {k: v.half().contiguous() for k, v in run.model.state_dict().items()}
    state.pop("source.weight")  # the same table as target.weight
    return found | {"moments": moments, "weights": save(state)}


def restored(weights: bytes, settings: dict[str, Any]) -> Transformer:
    """The trained model again, for its learner alone."""
    state = load(weights)
    with torch.random.fork_rng(devices=[]):
        model = Transformer(Own(**settings).model)
    model.load_state_dict(
        {k: v.float() for k, v in state.items()} | {"source.weight": state["target.weight"].float()}
    )
    return model.eval()
