"""A pretend accelerator: finds mixed devices on a machine that has no GPU.

Its tensors hold numbers in the CPU's memory, say that they are on ``pretend:0`` and refuse to meet
tensors of the CPU as a GPU's do. ``with accelerator() as device:`` makes it one of the devices that
models can be placed on, in this thread alone. It is slow (each operation passes through Python).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from attn_core import zoo
from attn_core.checkpoints import device as devices

NAME = "pretend"
_setup_privateuseone_for_python_backend(NAME)


class Far(Tensor):
    """A tensor on the pretend device; ``near`` holds its numbers."""

    near: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, near: Tensor) -> "Far":
        made = Tensor._make_wrapper_subclass(
            cls,
            near.shape,
            strides=near.stride(),
            storage_offset=near.storage_offset(),
            dtype=near.dtype,
            layout=near.layout,
            device=torch.device(NAME, 0),
            requires_grad=near.requires_grad,
        )
        made.near = near
        return made

    def __repr__(self) -> str:
        return f"Far({tuple(self.shape)})"

    def tolist(self) -> Any:
        return self.near.tolist()

    def numpy(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            f"can't convert {NAME}:0 device type tensor to numpy. "
            "Use Tensor.cpu() to copy the tensor to host memory first."
        )

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


def _near(x: Any) -> Any:
    return x.near if isinstance(x, Far) else x


def _far(x: Any) -> Any:
    return Far(x) if isinstance(x, Tensor) and not isinstance(x, Far) else x


def _is_there(device: Any) -> bool:
    return device is not None and torch.device(device).type == NAME


def _lstm_cell(ours: Tensor, theirs: Tensor, cell: Tensor, *biases: Tensor) -> tuple[Tensor, ...]:
    gates = ours + theirs + sum(biases)
    in_, forget, new, out = gates.chunk(4, -1)
    cell = forget.sigmoid() * cell + in_.sigmoid() * new.tanh()
    return out.sigmoid() * cell.tanh(), cell, gates


def _gru_cell(ours: Tensor, theirs: Tensor, hidden: Tensor, *biases: Tensor) -> tuple[Tensor, ...]:
    if biases:
        ours, theirs = ours + biases[0], theirs + biases[1]
    (reset, update, new), (h_reset, h_update, h_new) = ours.chunk(3, -1), theirs.chunk(3, -1)
    reset, update = (reset + h_reset).sigmoid(), (update + h_update).sigmoid()
    new = (new + reset * h_new).tanh()
    return new + update * (hidden - new), ours


FUSED: dict[str, Callable[..., tuple[Tensor, ...]]] = {
    "aten::_thnn_fused_lstm_cell": _lstm_cell,
    "aten::_thnn_fused_gru_cell": _gru_cell,
}
"""Kernels that torch takes for cells on every device but the CPU, which has none of them."""

MIXED_BY_RIGHT = {"aten::_pack_padded_sequence", "aten::_pad_packed_sequence"}
"""Lengths stay on the CPU."""

INDEXED = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}
"""Indices of the CPU are allowed into a GPU's tensor, not the other way round."""


def _check(name: str, args: Any, leaves: list[Tensor]) -> None:
    """What a GPU refuses: tensors of the CPU beside its own, but for single numbers."""
    if not any(isinstance(t, Far) for t in leaves) or name in MIXED_BY_RIGHT:
        return
    strangers = [t for t in leaves if not isinstance(t, Far) and t.dim() > 0]
    if name in INDEXED and isinstance(args[0], Far):
        strangers = [t for t in strangers if any(t is value for value in args[2:])]
    if strangers:
        raise RuntimeError(
            "Expected all tensors to be on the same device, but found at least two devices, "
            f"{NAME}:0 and cpu! (in {name})"
        )


def _run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """One operation of torch, on tensors of either device."""
    name = func._schema.name
    leaves = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
    some = any(isinstance(t, Far) for t in leaves)
    to_here = {k: v for k, v in kwargs.items() if k not in ("device", "pin_memory")}
    if name == "aten::copy_":  # between devices by right
        func(_near(args[0]), _near(args[1]), *args[2:], **kwargs)
        return args[0]
    if name == "aten::_to_copy":
        out = func(_near(args[0]), **to_here)
        return Far(out) if (_is_there(kwargs["device"]) if kwargs.get("device") else some) else out
    if name == "aten::_local_scalar_dense":
        return func(_near(args[0]))
    if not some and not _is_there(kwargs.get("device")):
        return func(*args, **kwargs)
    generator = kwargs.get("generator")
    if generator is not None and generator.device.type != NAME:
        raise RuntimeError(f"Expected a '{NAME}' device type for generator but found 'cpu'")
    _check(name, args, leaves)
    if name in FUSED:
        return tree_map(_far, FUSED[name](*[_near(a) for a in args if a is not None]))
    out = func(*tree_map(_near, args), **tree_map(_near, to_here))
    if name in MIXED_BY_RIGHT:
        return Far(out[0]), out[1]
    if kwargs.get("device") is not None and not _is_there(kwargs["device"]):
        return out  # made beside a tensor of ours, but for the CPU
    # What an operation in place gives back is the very tensor that it was given.
    given = {id(t.near): t for t in leaves if isinstance(t, Far)}
    return tree_map(lambda o: given.get(id(o), _far(o)) if isinstance(o, Tensor) else o, out)


class _Operations(TorchDispatchMode):
    """Operations that make a tensor there from none, and those of plain tensors beside ours."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


def _listed(index: Any) -> Any:
    """Lists among indices as tensors of the CPU, which may index ours."""
    if isinstance(index, list):
        return torch.tensor(index)
    return tuple(map(_listed, index)) if isinstance(index, tuple) else index


class _FromNumbers(TorchFunctionMode):
    """What makes tensors of Python's numbers never reaches the dispatcher: made here, then sent."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        ours = bool(args) and isinstance(args[0], Far)
        numbers = func in (torch.tensor, torch.as_tensor) and not isinstance(args[0], Tensor)
        if func is Tensor.new_tensor and ours:
            made = torch.tensor(*args[1:], dtype=kwargs.get("dtype", args[0].dtype))
            return Far(made) if _is_there(kwargs.get("device", NAME)) else made
        if numbers and _is_there(kwargs.get("device")):
            return Far(func(*args, **kwargs | {"device": "cpu"}))
        if func is Tensor.__getitem__ and ours:
            return func(args[0], _listed(args[1]))
        if func is Tensor.__setitem__ and ours:
            tensors = [t for t in tree_leaves(args) if isinstance(t, Tensor)]
            _check("aten::index_put_", args, tensors)
            return func(args[0].near, *tree_map(_near, (_listed(args[1]), args[2])))
        return func(*args, **kwargs)


def _enter(self: Any) -> None:
    """Tensors made in inference mode can't be wrapped: no gradients is the nearest to it."""
    self.instead = torch.no_grad() if self.mode else torch.enable_grad()
    self.instead.__enter__()


def _exit(self: Any, *error: Any) -> None:
    self.instead.__exit__(*error)


@contextmanager
def accelerator() -> Iterator[str]:
    """The pretend device's name, for as long as models can be placed on it.

    Yields
    ------
    str
        To be given wherever a device is.
    """
    with ExitStack() as stack:
        stack.enter_context(patch.object(devices, "DEVICES", (*devices.DEVICES, NAME)))
        stack.enter_context(patch.object(torch.inference_mode, "__enter__", _enter))
        stack.enter_context(patch.object(torch.inference_mode, "__exit__", _exit))
        stack.enter_context(_Operations())
        stack.enter_context(_FromNumbers())
        try:
            yield NAME
        finally:
            for key in [key for key in zoo._loaded if key[1] == NAME]:
                del zoo._loaded[key]
