"""Noise for sounds: its colour, its level, and the same noise for the same seed."""

import numpy as np
from jaxtyping import Float
from scipy import fft


def coloured_noise(n: int, slope: float, rng: np.random.Generator) -> Float[np.ndarray, "sample"]:
    """Noise of unit power whose spectrum falls as frequency to ``-slope``.

    Parameters
    ----------
    n : int
        Samples, at least 2.
    slope : float
        0 is white, 1 pink.
    rng : np.random.Generator
        Source of every choice.

    Returns
    -------
    Float[np.ndarray, "sample"]
        Of mean square 1, about.
    """
    whole = fft.next_fast_len(n, real=True)
    spectrum = fft.rfft(rng.standard_normal(whole))
    spectrum *= np.maximum(np.arange(len(spectrum)), 1) ** (-slope / 2)
    noise = fft.irfft(spectrum, whole)[:n]
    return (noise / (noise.std() or 1.0)).astype(np.float32)
