"""A character model one step at a time, with little between the multiplications.

The same as ``Characters.forward`` with a cache, made for writing: one matrix for query, key and
value, angles of all places computed once, keys and values in buffers that are made once. What an
ordinary step spends on small operations is more than it spends on multiplying.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from attn_core.attention.interventions import Intervention
from attn_core.layers.positional.sinusoidal import BASE, frequencies
from attn_core.layers.scaled_dot_product import scaled_dot_product_attention
from attn_core.models.characters import Block, Characters


class _Layer:
    """A block's weights as a step takes them, and its buffers."""

    def __init__(self, block: Block, room: int) -> None:
        attention = block.attention
        parts = (attention.query_projection, attention.key_projection, attention.value_projection)
        self.block = block
        self.weight = torch.cat([part.weight for part in parts])
        self.bias = torch.cat([part.bias for part in parts])
        width = attention.output_projection.in_features // attention.n_heads
        shape = (2, 1, attention.n_heads, room, width)
        self.buffer = self.weight.new_empty(shape)  # keys, then values

    def __call__(
        self,
        x: Float[Tensor, "query d_model"],
        turn: tuple[Tensor, Tensor],
        at: int,
        mask: Bool[Tensor, "query key"] | None,
        site: str,
        changes: Intervention | None,
    ) -> Float[Tensor, "query d_model"]:
        block, n = self.block, x.shape[0]
        norm = block.attention_norm
        normed = F.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps)
        heads = F.linear(normed, self.weight, self.bias).view(n, 3, block.attention.n_heads, -1)
        pairs = heads[:, :2].unflatten(-1, (-1, 2))  # (q, 2, h, d/2, 2)
        cosine, sine = turn
        query, key = torch.addcmul(pairs * cosine, pairs.flip(-1), sine).flatten(-2).unbind(1)
        self.buffer[0, 0, :, at : at + n] = key.transpose(0, 1)
        self.buffer[1, 0, :, at : at + n] = heads[:, 2].transpose(0, 1)
        keys, values = self.buffer[:, :, :, : at + n]
        query = query.transpose(0, 1)[None]  # (1, h, q, d)
        allowed = None if mask is None else mask[None, None]
        if changes is None:
            found = F.scaled_dot_product_attention(query, keys, values, attn_mask=allowed)
        else:
            found, _ = scaled_dot_product_attention(
                query, keys, values, allowed, site=site, intervention=changes
            )
        x = x + block.attention.output_projection(found[0].transpose(0, 1).flatten(1))
        hidden = F.gelu(block.expand(block.forward_norm(x)))
        return x + block.contract(hidden)


class Steps:
    """Reads a text from left to right, some characters at a time.

    Parameters
    ----------
    model : Characters
        In ``eval()`` mode.
    n : int
        Characters that will be read in all.
    room : int
        Most that are kept at once.
    """

    def __init__(self, model: Characters, n: int, room: int) -> None:
        self.model, self.seen, self.held = model, 0, 0
        # A module list says only that it holds modules.
        blocks: list[Block] = list(model.blocks)  # type: ignore[arg-type]
        self.layers = [_Layer(block, room) for block in blocks]
        device, dtype = model.tokens.weight.device, model.tokens.weight.dtype
        width = self.layers[0].buffer.shape[-1]
        angles = torch.arange(n).double()[:, None] * frequencies(width, BASE)
        # (n, 1, 1, d/2, 2): alike for query and key, and for all heads. (a, b) turns into
        # (a cos − b sin, b cos + a sin).
        sine = torch.stack([-angles.sin(), angles.sin()], -1)
        self._cosine = angles.cos()[:, None, None, :, None].to(device, dtype)
        self._sine = sine[:, None, None].to(device, dtype)

    def read(
        self,
        ids: Int[Tensor, "query"],
        mask: Bool[Tensor, "query key"] | None = None,
        changes: Intervention | None = None,
    ) -> Float[Tensor, "vocabulary"]:
        """Read the next characters.

        Parameters
        ----------
        ids : Int[Tensor, "query"]
            At least one.
        mask : Bool[Tensor, "query key"], optional
            ``True`` = may attend; ``None`` only where all that is kept, and each other, may be.
        changes : Intervention, optional
            A learner's, with places among what is kept.

        Returns
        -------
        Float[Tensor, "vocabulary"]
            Logits for the character after the last.
        """
        n, model = len(ids), self.model
        here = slice(self.seen, self.seen + n)
        turn = self._cosine[here], self._sine[here]
        x = F.embedding(ids, model.tokens.weight)
        for i, layer in enumerate(self.layers):
            x = layer(x, turn, self.held, mask, f"decoder.{i}", changes)
        self.seen, self.held = self.seen + n, self.held + n
        return F.linear(model.norm(x[-1:]), model.tokens.weight)[0]

    def forget(self, window: int, sinks: int) -> bool:
        """Keep the first ``sinks`` and the last ``window`` characters alone.

        Parameters
        ----------
        window, sinks : int
            At least 0.

        Returns
        -------
        bool
            Whether any was forgotten.
        """
        if self.held <= window + sinks:
            return False
        for layer in self.layers:
            last = layer.buffer[..., self.held - window : self.held, :].clone()
            layer.buffer[..., sinks : sinks + window, :] = last
        self.held = window + sinks
        return True
