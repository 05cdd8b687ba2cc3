"""Where a model runs: CUDA, else MPS, else CPU."""

import torch
from torch import nn

DEVICES = ("cuda", "mps", "cpu")


def available() -> tuple[str, ...]:
    """Devices this machine offers, best first; "cpu" is always the last.

    Returns
    -------
    tuple of str
        Some of ``DEVICES``.

    Examples
    --------
    >>> available()[-1]
    'cpu'
    """
    found = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    return tuple(name for name in DEVICES if found[name])


def exact() -> None:
    """Float32 stays float32 on a GPU: no ten-bit products (TF32) for speed.

    Torch lets cuDNN use them where it convolves, which moves lesson 4.1's and 4.2's numbers by
    2e-3 from the CPU's. What a lesson shows is the same wherever it was computed.
    """
    torch.backends.cudnn.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")


def place(module: nn.Module, device: str) -> tuple[nn.Module, str]:
    """Move a module, or leave it on the CPU where the device can't take it.

    Parameters
    ----------
    module : nn.Module
        A model, moved in place.
    device : str
        One of ``DEVICES``.

    Returns
    -------
    module : nn.Module
        The same one.
    device : str
        Where it is now; not the wanted one where that failed.

    Raises
    ------
    ValueError
        If the device is none of ``DEVICES``.
    """
    if device not in DEVICES:
        raise ValueError(f"device is {device!r}; it must be one of {DEVICES}")
    exact()
    try:
        return module.to(device), device
    except (RuntimeError, AssertionError, NotImplementedError):  # out of memory, no such device
        return module.to("cpu"), "cpu"
