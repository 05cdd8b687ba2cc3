"""Exact attention block by block: the online softmax, forward and backward, in plain PyTorch.

Milakov and Gimelshein 2018 (online softmax); Rabe and Staats 2021 (attention in O(√n) memory);
Dao et al. 2022 (FlashAttention, algorithms 1 and 4, whose backward pass this repeats). Not one
multiplication is saved: what is saved is the memory of the n × n scores.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attn_core.layers.block_masks import BlockMask, blocks


@dataclass(frozen=True, slots=True)
class BlockStep:
    """One block of keys added to one block of queries.

    Parameters
    ----------
    queries, keys : range
        Which.
    maximum, total : Float[Tensor, "batch head query"]
        Running maximum m of the scores, and running sum l of their exponentials against m.
    output : Float[Tensor, "batch head query d_value"]
        What the queries' output would be if no further key came.
    """

    queries: range
    keys: range
    maximum: Float[Tensor, "batch head query"]
    total: Float[Tensor, "batch head query"]
    output: Float[Tensor, "batch head query d_value"]


def from_mask(mask: Bool[Tensor, "#batch #head query key"]) -> BlockMask:
    """Blocks of a mask that exists as a whole.

    Parameters
    ----------
    mask : Bool[Tensor, "#batch #head query key"]
        ``True`` = may attend.

    Returns
    -------
    callable
        From blocks to views of it.
    """
    return lambda q, k: mask[..., q.start : q.stop, k.start : k.stop]


def _scores(
    query: Tensor, key: Tensor, queries: range, keys: range, scale: float, mask: BlockMask | None
) -> Float[Tensor, "batch head query key"]:
    rows = query[..., queries.start : queries.stop, :]
    scores = rows @ key[..., keys.start : keys.stop, :].transpose(-2, -1)
    scores = scores if scale == 1 else scores * scale
    allowed = None if mask is None else mask(queries, keys)
    return scores if allowed is None else scores.masked_fill(~allowed.to(scores.device), -math.inf)


def _empty(mask: BlockMask | None, queries: range, keys: range) -> bool:
    """Whether nothing of a block may be attended to, so that it is never computed."""
    allowed = None if mask is None else mask(queries, keys)
    return allowed is not None and not bool(allowed.any())


def steps(
    query: Float[Tensor, "batch head query d_head"],
    key: Float[Tensor, "batch head key d_head"],
    value: Float[Tensor, "batch head key d_value"],
    size: int,
    mask: BlockMask | None = None,
    scale: float | None = None,
) -> Iterator[BlockStep]:
    """The online softmax, one block at a time, for those who want to watch.

    Parameters
    ----------
    query, key, value : Float[Tensor, "batch head length d_head"]
        As for any attention.
    size : int
        Of a block of queries and of keys.
    mask : callable, optional
        From blocks to their mask.
    scale : float, optional
        ``None`` is 1/√d_head.

    Yields
    ------
    BlockStep
        After each block that was computed; empty blocks are passed over.
    """
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    for queries in blocks(query.shape[-2], size):
        shape = (*query.shape[:-2], len(queries))
        maximum = query.new_full(shape, -math.inf)
        total = query.new_zeros(shape)
        output = query.new_zeros((*shape, value.shape[-1]))
        for keys in blocks(key.shape[-2], size):
            if _empty(mask, queries, keys):
                continue
            scores = _scores(query, key, queries, keys, scale, mask)
            higher = torch.maximum(maximum, scores.amax(-1))
            # A row that has seen nothing yet has −inf as its maximum: keep it from becoming NaN.
            base = higher.masked_fill(higher == -math.inf, 0.0)
            weights = torch.exp(scores - base[..., None])
            kept = torch.exp(maximum - base)
            total = total * kept + weights.sum(-1)
            output = output * kept[..., None] + weights @ value[..., keys.start : keys.stop, :]
            maximum = higher
            yield BlockStep(queries, keys, maximum, total, _divided(output, total))


def _divided(output: Tensor, total: Tensor) -> Tensor:
    return output / total.masked_fill(total == 0, 1.0)[..., None]


def _attend(
    query: Tensor, key: Tensor, value: Tensor, size: int, mask: BlockMask | None, scale: float
) -> tuple[Tensor, Tensor]:
    """What ``steps`` ends in, with its blocks reused in place and one division for each query.

    Returns
    -------
    output : Tensor
        As ``blockwise_attention``.
    log_total : Tensor
        The logarithm of each row's sum of exponentials; +inf where there is none, so that
        exp(score − inf) is 0.
    """
    output = query.new_zeros((*query.shape[:-1], value.shape[-1]))
    log_total = query.new_full(query.shape[:-1], math.inf)
    scaled = query * scale
    for queries in blocks(query.shape[-2], size):
        rows = slice(queries.start, queries.stop)
        maximum = query.new_full((*query.shape[:-2], len(queries), 1), -math.inf)
        total, summed = torch.zeros_like(maximum), output[..., rows, :]
        for keys in blocks(key.shape[-2], size):
            if _empty(mask, queries, keys):
                continue
            scores = _scores(scaled, key, queries, keys, 1.0, mask)
            higher = torch.maximum(maximum, scores.amax(-1, keepdim=True))
            base = higher.masked_fill(higher == -math.inf, 0.0)
            weights = scores.sub_(base).exp_()
            kept = maximum.sub_(base).exp_()
            total.mul_(kept).add_(weights.sum(-1, keepdim=True))
            summed.mul_(kept).add_(weights @ value[..., keys.start : keys.stop, :])
            maximum = higher
        some = total > 0
        summed.div_(total.masked_fill(~some, 1.0))
        log_total[..., rows] = torch.where(some, maximum + total.log(), math.inf)[..., 0]
    return output, log_total


class _Blockwise(torch.autograd.Function):
    """Forward keeps the output and one number a row; backward computes the scores again."""

    # torch gives these two an untyped context.
    @staticmethod
    def forward(ctx, query, key, value, size, mask, scale):  # type: ignore[no-untyped-def]
        output, log_total = _attend(query, key, value, size, mask, scale)
        ctx.save_for_backward(query, key, value, output, log_total)
        ctx.settings = (size, mask, scale)
        return output

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        query, key, value, output, log_total = ctx.saved_tensors
        size, mask, scale = ctx.settings
        d_query, d_key, d_value = map(torch.zeros_like, (query, key, value))
        row_sum = (gradient * output).sum(-1)  # D in Dao et al. 2022, algorithm 4
        for queries in blocks(query.shape[-2], size):
            q = slice(queries.start, queries.stop)
            for keys in blocks(key.shape[-2], size):
                if _empty(mask, queries, keys):
                    continue
                k = slice(keys.start, keys.stop)
                scores = _scores(query, key, queries, keys, scale, mask)
                weights = torch.exp(scores - log_total[..., q, None])
                d_value[..., k, :] += weights.transpose(-2, -1) @ gradient[..., q, :]
                d_weights = gradient[..., q, :] @ value[..., k, :].transpose(-2, -1)
                d_scores = weights * (d_weights - row_sum[..., q, None]) * scale
                d_query[..., q, :] += d_scores @ key[..., k, :]
                d_key[..., k, :] += d_scores.transpose(-2, -1) @ query[..., q, :]
        return d_query, d_key, d_value, None, None, None


def blockwise_attention(
    query: Float[Tensor, "batch head query d_head"],
    key: Float[Tensor, "batch head key d_head"],
    value: Float[Tensor, "batch head key d_value"],
    size: int,
    mask: BlockMask | None = None,
    scale: float | None = None,
) -> Float[Tensor, "batch head query d_value"]:
    """Softmax(Q Kᵀ · scale) V without ever holding more than a block of scores.

    Parameters
    ----------
    query, key, value : Float[Tensor, "batch head length d_head"]
        As for any attention.
    size : int
        Of a block of queries and of keys, at least 1; scores take size² numbers a head.
    mask : callable, optional
        From blocks to their mask, see ``causal_blocks`` and ``from_mask``. A query with nothing to
        attend to gets zeros. Blocks with nothing to attend to are never computed.
    scale : float, optional
        ``None`` is 1/√d_head.

    Returns
    -------
    Float[Tensor, "batch head query d_value"]
        The same as attention at once, up to rounding; gradients too.

    Examples
    --------
    >>> one = torch.ones(1, 1, 3, 2)
    >>> blockwise_attention(one, one, one, size=2).flatten().tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    out: Tensor = _Blockwise.apply(query, key, value, size, mask, scale)
    return out
