"""A small language model that writes one character at a time: a decoder-only Transformer.

Pre-norm blocks as in GPT-2 (Radford et al. 2019), rotary positions (Su et al. 2021), output tied
to the input embedding (Press and Wolf 2017). Expect below 2.4 bits per character on plays of
Shakespeare never trained on; what was measured is in the checkpoint's manifest.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attn_core.attention import masks
from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.layers.incremental import KeyValue, attend_to, keys_and_values
from attn_core.layers.multi_head import MultiHeadAttention


@dataclass(frozen=True, slots=True)
class CharactersConfig:
    """Sizes of a character model.

    Parameters
    ----------
    alphabet : str
        Characters it knows, id 1 upward; id 0 stands for every other one.
    d_model, n_heads, n_layers : int
        Width, heads and layers.
    dropout : float
        On embeddings and on each block's two outputs, in [0, 1).
    context : int
        Characters it was trained on at a time.

    Raises
    ------
    ValueError
        If ``n_heads`` does not divide ``d_model`` into even parts, or the alphabet repeats itself.
    """

    alphabet: str
    d_model: int = 192
    n_heads: int = 6
    n_layers: int = 4
    dropout: float = 0.1
    context: int = 256

    def __post_init__(self) -> None:
        if self.d_model % (2 * self.n_heads):
            raise ValueError(
                f"n_heads is {self.n_heads}; d_model, {self.d_model}, must be an even "
                "multiple of it"
            )
        if len(set(self.alphabet)) != len(self.alphabet):
            raise ValueError("the alphabet repeats a character")

    def ids(self, text: str) -> list[int]:
        """Characters as ids; an unknown one is 0.

        Parameters
        ----------
        text : str
            Any.

        Returns
        -------
        list of int
            One for each character.

        Examples
        --------
        >>> CharactersConfig("ab").ids("abc")
        [1, 2, 0]
        """
        place = {c: i for i, c in enumerate(self.alphabet, 1)}
        return [place.get(c, 0) for c in text]


class Block(nn.Module):
    """Masked self-attention, then a feed-forward network, each on a normalised copy."""

    def __init__(self, config: CharactersConfig) -> None:
        super().__init__()
        d = config.d_model
        self.attention_norm = nn.LayerNorm(d)
        self.attention = MultiHeadAttention(d, config.n_heads, config.dropout)
        self.forward_norm = nn.LayerNorm(d)
        self.expand = nn.Linear(d, 4 * d)
        self.contract = nn.Linear(4 * d, d)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Float[Tensor, "batch query d_model"],
        positions: Int[Tensor, "query"],
        before: KeyValue | None,
        mask: Bool[Tensor, "query key"] | None,
        site: str,
        traced: bool,
        intervention: Intervention | None,
    ) -> tuple[Float[Tensor, "batch query d_model"], AttentionTrace | None, KeyValue]:
        """One block; what it returns last is its cache with the new tokens in it."""
        normed = self.attention_norm(x)
        memory = keys_and_values(self.attention, normed, positions)
        if before is not None:
            memory = before.and_then(memory)
        allowed = None if mask is None else mask[None, None]  # (q, k) -> (1, 1, q, k)
        attended, trace = attend_to(
            self.attention,
            normed,
            memory,
            allowed,
            positions,
            traced=traced,
            site=site,
            intervention=intervention,
        )
        x = x + attended
        hidden = nn.functional.gelu(self.expand(self.forward_norm(x)))
        return x + self.dropout(self.contract(hidden)), trace, memory


@dataclass(frozen=True, slots=True)
class Cache:
    """What was kept of the text so far.

    Parameters
    ----------
    layers : tuple of KeyValue
        One for each block.
    seen : int
        Characters read so far, forgotten ones included: the place of the next.
    """

    layers: tuple[KeyValue, ...]
    seen: int

    def evict(self, window: int, sinks: int = 0) -> "Cache":
        """Forget all but the first ``sinks`` and the last ``window`` characters.

        Parameters
        ----------
        window, sinks : int
            Characters kept at the end and at the start, at least 0.

        Returns
        -------
        Cache
            Of a bounded size, however long the text gets.
        """
        n = len(self.layers[0])
        if n <= window + sinks:
            return self
        index = torch.cat([torch.arange(sinks), torch.arange(n - window, n)])
        index = index.to(self.layers[0].key.device)
        return Cache(tuple(layer.keep(index) for layer in self.layers), self.seen)


class Characters(nn.Module):
    """Characters in, logits for each next one out.

    Parameters
    ----------
    config : CharactersConfig
        Sizes.
    """

    def __init__(self, config: CharactersConfig) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(1 + len(config.alphabet), config.d_model)
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.d_model)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        ids: Int[Tensor, "batch query"],
        cache: Cache | None = None,
        mask: Bool[Tensor, "query key"] | None = None,
        *,
        traced: bool = True,
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "batch query vocabulary"], dict[str, AttentionTrace], Cache]:
        """Read characters, after those that the cache holds.

        Parameters
        ----------
        ids : Int[Tensor, "batch query"]
            New characters.
        cache : Cache, optional
            Of those before; ``None`` starts a text.
        mask : Bool[Tensor, "query key"], optional
            ``True`` = may attend; ``None`` is causal over everything kept.
        traced : bool
            ``False`` takes the fused kernel and returns no traces.
        intervention : Intervention, optional
            A learner's changes; sites are "decoder.0", "decoder.1", …

        Returns
        -------
        logits : Float[Tensor, "batch query vocabulary"]
            For the character after each.
        traces : dict of str to AttentionTrace
            One a layer.
        cache : Cache
            With these characters in it.
        """
        n, seen = ids.shape[1], 0 if cache is None else cache.seen
        held = 0 if cache is None else len(cache.layers[0])
        positions = torch.arange(seen, seen + n, device=ids.device)
        if mask is None and n > 1:
            mask = masks.causal(held + n, held + n)[held:].to(ids.device)
        x = self.dropout(self.tokens(ids))
        traces, kept = {}, []
        for i, block in enumerate(self.blocks):
            before = None if cache is None else cache.layers[i]
            site = f"decoder.{i}"
            x, trace, memory = block(x, positions, before, mask, site, traced, intervention)
            kept.append(memory)
            if trace is not None:
                traces[site] = trace
        logits = self.norm(x) @ self.tokens.weight.T  # (b, n, d) x (d, v) -> (b, n, v)
        return logits, traces, Cache(tuple(kept), seen + n)
