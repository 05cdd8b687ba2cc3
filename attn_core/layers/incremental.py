"""Attention to keys and values that are kept: the KV cache of a decoder, and its memory.

A decoder that writes one token at a time compares one new query with keys that have not changed
since they were made (Shazeer 2019, section 2.3). Keeping them turns the work of a step from
quadratic in what is written into linear; nothing about the result changes.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.layers.multi_head import MultiHeadAttention
from attn_core.layers.positional.rotary import rotate
from attn_core.layers.scaled_dot_product import scaled_dot_product_attention


@dataclass(frozen=True, slots=True)
class KeyValue:
    """Keys and values of one attention, made once and read at every later step.

    Parameters
    ----------
    key, value : Float[Tensor, "batch head key d_head"]
        After the projections, and turned where the code of positions is rotary.
    """

    key: Float[Tensor, "batch head key d_head"]
    value: Float[Tensor, "batch head key d_head"]

    def __len__(self) -> int:
        return self.key.shape[-2]

    def and_then(self, later: "KeyValue") -> "KeyValue":
        """These, and later ones after them; neither is changed.

        Parameters
        ----------
        later : KeyValue
            Of the same attention.

        Returns
        -------
        KeyValue
            Joined along the keys.
        """
        return KeyValue(
            torch.cat([self.key, later.key], -2), torch.cat([self.value, later.value], -2)
        )

    def rows(self, index: Int[Tensor, "row"]) -> "KeyValue":
        """These batch entries, in this order: what a beam search keeps.

        Parameters
        ----------
        index : Int[Tensor, "row"]
            Entries of the batch, repeated where wanted.

        Returns
        -------
        KeyValue
            Of as many entries.
        """
        return KeyValue(self.key[index], self.value[index])

    def keep(self, index: Int[Tensor, "kept"]) -> "KeyValue":
        """These keys alone: how a window forgets.

        Parameters
        ----------
        index : Int[Tensor, "kept"]
            Which keys stay.

        Returns
        -------
        KeyValue
            Shorter.
        """
        return KeyValue(self.key[..., index, :], self.value[..., index, :])


def _split(x: Tensor, n_heads: int) -> Float[Tensor, "batch head length d_head"]:
    return x.unflatten(-1, (n_heads, -1)).transpose(1, 2)  # (b, l, h·d) -> (b, h, l, d)


def keys_and_values(
    attention: MultiHeadAttention,
    x: Float[Tensor, "batch key d_model"],
    positions: Int[Tensor, "key"] | None = None,
    base: float = 10_000.0,
) -> KeyValue:
    """What an attention keeps of some tokens.

    Parameters
    ----------
    attention : MultiHeadAttention
        Whose projections are used.
    x : Float[Tensor, "batch key d_model"]
        States of the tokens.
    positions : Int[Tensor, "key"], optional
        Their places, where keys are to be turned by them (rotary).
    base : float
        Of the rotary code.

    Returns
    -------
    KeyValue
        One key and one value for each token and head.
    """
    key = _split(attention.key_projection(x), attention.n_heads)
    if positions is not None:
        key = rotate(key, positions, base)
    return KeyValue(key, _split(attention.value_projection(x), attention.n_heads))


def attend_to(
    attention: MultiHeadAttention,
    x: Float[Tensor, "batch query d_model"],
    memory: KeyValue,
    mask: Bool[Tensor, "#batch #head #query key"] | None = None,
    positions: Int[Tensor, "query"] | None = None,
    base: float = 10_000.0,
    *,
    traced: bool = True,
    site: str = "",
    intervention: Intervention | None = None,
) -> tuple[Float[Tensor, "batch query d_model"], AttentionTrace | None]:
    """Attend from new tokens to keys and values that are kept.

    Parameters
    ----------
    attention : MultiHeadAttention
        Whose projections are used.
    x : Float[Tensor, "batch query d_model"]
        States of the tokens that ask.
    memory : KeyValue
        Whom they may ask.
    mask : Bool[Tensor, "#batch #head #query key"], optional
        ``True`` = may attend.
    positions : Int[Tensor, "query"], optional
        Places of the tokens that ask (rotary).
    base : float
        Of the rotary code.
    traced : bool
        ``False`` takes torch's fused kernel, which gives no weights and obeys no intervention.
    site : str
        Trace key.
    intervention : Intervention, optional
        A learner's changes.

    Returns
    -------
    output : Float[Tensor, "batch query d_model"]
        After the output projection.
    trace : AttentionTrace or None
        ``None`` where ``traced`` is ``False``.
    """
    query = _split(attention.query_projection(x), attention.n_heads)
    if positions is not None:
        query = rotate(query, positions, base)
    trace: AttentionTrace | None = None
    if mask is not None:
        mask = mask.expand(*mask.shape[:-2], x.shape[1], -1)  # one row for all queries, maybe
    if traced:
        heads, trace = scaled_dot_product_attention(
            query, memory.key, memory.value, mask, site=site, intervention=intervention
        )
    else:
        heads = F.scaled_dot_product_attention(query, memory.key, memory.value, attn_mask=mask)
    joined = heads.transpose(1, 2).flatten(2)  # (b, h, q, d) -> (b, q, h·d)
    output = attention.dropout(attention.output_projection(joined))
    return output, None if trace is None else replace(trace, context=output)
