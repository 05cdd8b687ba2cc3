"""Sound to what a recogniser reads: log-mel energies (torchaudio), in frames of 10 ms."""

from functools import cache

import torch
import torchaudio
from jaxtyping import Float, Int
from torch import Tensor

RATE = 8000
"""Samples a second: telephone quality, as the recorded digits have it."""
N_FFT = 256
WINDOW = 200
"""Samples of a frame: 25 ms."""
HOP = 80
"""Samples from frame to frame: 10 ms."""
N_MELS = 40
LOWEST = 60.0
"""Hertz."""
FLOOR = 1e-8
FACTOR = 4
"""Frames of a token."""


@cache
def _filters() -> torchaudio.transforms.MelSpectrogram:
    return torchaudio.transforms.MelSpectrogram(
        RATE, n_fft=N_FFT, win_length=WINDOW, hop_length=HOP, f_min=LOWEST, n_mels=N_MELS
    )


def n_frames(samples: int) -> int:
    """Frames of so many samples; each is centred on a multiple of ``HOP``.

    Parameters
    ----------
    samples : int
        At ``RATE``.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> n_frames(8000)
    101
    """
    return samples // HOP + 1


def log_mel(
    waves: Float[Tensor, "batch sample"], lengths: Int[Tensor, "batch"] | None = None
) -> tuple[Float[Tensor, "batch frame mel"], Int[Tensor, "batch"]]:
    """Log-mel energies, each band's mean over the utterance taken off.

    Parameters
    ----------
    waves : Float[Tensor, "batch sample"]
        In [-1, 1] at ``RATE``, zeros after their ends.
    lengths : Int[Tensor, "batch"], optional
        Samples of each; ``None``: all.

    Returns
    -------
    features : Float[Tensor, "batch frame mel"]
        Zeros after the ends; what a microphone does to all frames alike is gone with the mean.
    frames : Int[Tensor, "batch"]
        How many are real.
    """
    energies = torch.log(_filters().to(waves.device)(waves) + FLOOR).transpose(1, 2)
    n = energies.shape[1]
    if lengths is None:
        frames = torch.full((len(waves),), n, device=waves.device)
    else:
        frames = lengths // HOP + 1
    real = (torch.arange(n, device=waves.device) < frames[:, None])[..., None]  # (b, frame, 1)
    mean = (energies * real).sum(1, keepdim=True) / frames[:, None, None]
    spread = ((energies - mean).square() * real).sum((1, 2), keepdim=True)
    spread = (spread / (frames[:, None, None] * N_MELS)).sqrt()
    return (energies - mean) / (spread + 0.1) * real, frames
