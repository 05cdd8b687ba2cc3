"""The one training loop: schedule, clipping, averaged weights, checkpoints that a run goes on from.

A script makes a batch and a loss for each step; what every training does with them is here.
"""

import math
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel


def warm_then_cosine(steps: int, warm: int, least: float = 0.01) -> Any:
    """A learning rate that grows over the first steps and falls as half a cosine.

    Parameters
    ----------
    steps : int
        Of the whole training.
    warm : int
        Of its beginning, over which the rate grows linearly.
    least : float
        Share of the rate below which it does not fall.

    Returns
    -------
    callable
        From a step, counted from 0, to its share of the rate.
    """

    def share(step: int) -> float:
        falling = 0.5 + 0.5 * math.cos(math.pi * step / steps)
        return min(1.0, (step + 1) / warm) * max(falling, least)

    return share


def moving_mean(keep: float) -> Any:
    """How an average takes in new weights: nearly a mean at first, then one that forgets.

    Parameters
    ----------
    keep : float
        Share of the old average that is kept in the end, in [0, 1).

    Returns
    -------
    callable
        ``avg_fn`` of ``AveragedModel``.
    """

    def mean(average: Tensor, value: Tensor, seen: Tensor | int) -> Tensor:
        if not value.is_floating_point():  # a count
            return value
        step = int(seen)
        return torch.lerp(average, value, 1 - min(keep, (1 + step) / (10 + step)))

    return mean


def averaged_in(checkpoint: Path) -> dict[str, Tensor]:
    """The averaged weights in a loop's checkpoint, to start another training from.

    Parameters
    ----------
    checkpoint : Path
        A ``last.pt``.

    Returns
    -------
    dict of str to Tensor
        A state dict of the model.
    """
    saved = torch.load(checkpoint, weights_only=True)["average"]
    return {k.removeprefix("module."): v for k, v in saved.items() if k != "n_averaged"}


class Loop:
    """Steps of a training, from the last checkpoint on.

    Parameters
    ----------
    model : nn.Module
        Trained in place, by AdamW.
    rate : float
        Highest learning rate.
    steps : int
        Of the whole training.
    warm : int
        Steps over which the rate grows.
    keep : float or None
        Of ``moving_mean``; ``None`` for no averaged weights.
    out : Path or None
        Folder of the checkpoint; ``None`` for a training too short to stop.
    every : int
        Steps from one ``due`` to the next; the last step is always due.
    least : float
        Of ``warm_then_cosine``.
    clip : float
        Largest norm of all gradients.
    parts : sequence of tuple or None
        Parameters that learn at a share of the rate: (parameters, share); ``None``: all at the
        whole rate.
    adam : dict
        More of AdamW: betas, weight_decay.
    """

    def __init__(
        self,
        model: nn.Module,
        rate: float,
        steps: int,
        warm: int,
        keep: float | None = None,
        out: Path | None = None,
        every: int = 1,
        least: float = 0.01,
        clip: float = 1.0,
        parts: Sequence[tuple[Iterable[nn.Parameter], float]] | None = None,
        **adam: Any,
    ) -> None:
        self.model, self.steps, self.every, self.out = model, steps, every, out
        self.clip = clip
        shares = parts or [(model.parameters(), 1.0)]
        groups = [{"params": list(some), "lr": rate * share} for some, share in shares]
        self.optimiser = torch.optim.AdamW(groups, **adam)
        self.schedule = LambdaLR(self.optimiser, warm_then_cosine(steps, warm, least))
        self.average: AveragedModel | None = None
        if keep is not None:
            mean = moving_mean(keep)
            self.average = AveragedModel(model, avg_fn=mean, use_buffers=True)
        self.step, self.spent = 0, 0.0
        self.notes: dict[str, Any] = {}
        self._losses: list[float] = []
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            self._resume()

    @property
    def last(self) -> Path:
        """The checkpoint."""
        if self.out is None:
            raise ValueError("this training has no folder")
        return self.out / "last.pt"

    def _parts(self) -> dict[str, Any]:
        parts = {"model": self.model, "optimiser": self.optimiser, "schedule": self.schedule}
        return parts if self.average is None else parts | {"average": self.average}

    def _resume(self) -> None:
        if not self.last.exists():
            return
        saved = torch.load(self.last, weights_only=True)
        for name, part in self._parts().items():
            part.load_state_dict(saved[name])
        self.step, self.spent, self.notes = saved["step"], saved["spent"], saved["notes"]
        torch.set_rng_state(saved["random"])

    def __iter__(self) -> Iterator[int]:
        self._began = time.perf_counter()
        while self.step < self.steps:
            self.model.train()
            yield self.step

    def learn(self, loss: Tensor) -> None:
        """Take a step down a loss.

        Parameters
        ----------
        loss : Tensor
            A number.
        """
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimiser.step()
        self.schedule.step()
        if self.average is not None:
            self.average.update_parameters(self.model)
        self._losses.append(loss.item())
        self.step += 1

    def skip(self) -> None:
        """Go on to the next step without learning: there was nothing in this one."""
        self.schedule.step()
        self.step += 1

    @property
    def due(self) -> bool:
        """Whether it is time to measure and to save."""
        return self.step % self.every == 0 or self.step == self.steps

    def averaged(self) -> dict[str, Tensor]:
        """The averaged weights, else the model's.

        Returns
        -------
        dict of str to Tensor
            A state dict of the model; copies.
        """
        module = self.model if self.average is None else self.average.module
        return {name: value.clone() for name, value in module.state_dict().items()}

    def save(self, said: str, **notes: Any) -> None:
        """Write the checkpoint and a line on it.

        Parameters
        ----------
        said : str
            What was measured.
        notes : Any
            What the script wants back when it goes on: numbers, texts, tensors in dicts.
        """
        now = time.perf_counter()
        self.spent += now - self._began
        self._began = now
        self.notes |= notes
        loss = sum(self._losses) / max(1, len(self._losses))
        self._losses = []
        name = self.out.name if self.out else ""
        line = f"{name} step {self.step} loss {loss:.4f} {said} seconds {self.spent:.0f}\n"
        sys.stdout.write(line)
        sys.stdout.flush()
        state = {name: part.state_dict() for name, part in self._parts().items()}
        state |= {"step": self.step, "spent": self.spent, "notes": self.notes}
        state["random"] = torch.get_rng_state()
        torch.save(state, self.last.with_suffix(".tmp"))
        self.last.with_suffix(".tmp").replace(self.last)
