"""A small Transformer encoder for a task that is all order: say the token k places before.

Pre-norm (Xiong et al. 2020), no mask: every position sees every other, so nothing but the position
code can tell them apart.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attn_core.attention.trace import AttentionTrace
from attn_core.layers.multi_head import MultiHeadAttention
from attn_core.layers.positional.alibi import alibi_bias
from attn_core.layers.positional.attention import KINDS, Inside, self_attention
from attn_core.layers.positional.learned import LearnedPositions
from attn_core.layers.positional.relative import RelativeBias
from attn_core.layers.positional.sinusoidal import BASE, sinusoidal


@dataclass(frozen=True, slots=True)
class OrderConfig:
    """Sizes of the model.

    Parameters
    ----------
    kind : str
        One of ``attn_core.layers.positional.attention.KINDS``.
    vocabulary : int
        Tokens, from 0.
    d_model, n_heads, n_layers : int
        Width, heads and layers.
    max_length : int
        Rows of the learned table.

    Raises
    ------
    ValueError
        If the kind is unknown.
    """

    kind: str = "sinusoidal"
    vocabulary: int = 10
    d_model: int = 64
    n_heads: int = 4
    n_layers: int = 2
    max_length: int = 64

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}; it must be one of {KINDS}")


class Block(nn.Module):
    """Self-attention with the position code inside, then a feed-forward network."""

    def __init__(self, config: OrderConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.d_model)
        self.attention = MultiHeadAttention(config.d_model, config.n_heads)
        self.forward_norm = nn.LayerNorm(config.d_model)
        self.expand = nn.Linear(config.d_model, 2 * config.d_model)
        self.contract = nn.Linear(2 * config.d_model, config.d_model)

    def forward(
        self, x: Float[Tensor, "batch position d_model"], inside: Inside, site: str
    ) -> tuple[Float[Tensor, "batch position d_model"], AttentionTrace]:
        """One layer."""
        attended, trace = self_attention(self.attention, self.attention_norm(x), inside, site=site)
        x = x + attended
        hidden = nn.functional.gelu(self.expand(self.forward_norm(x)))
        return x + self.contract(hidden), trace


class OrderModel(nn.Module):
    """Tokens in, a guess for each position out.

    Parameters
    ----------
    config : OrderConfig
        Sizes and the kind of position code.
    """

    def __init__(self, config: OrderConfig) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocabulary, config.d_model)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.d_model)
        self.guess = nn.Linear(config.d_model, config.vocabulary)
        if config.kind == "learned":
            self.learned = LearnedPositions(config.max_length, config.d_model)
        elif config.kind == "relative":
            self.relative = RelativeBias(config.n_heads)

    def _inside(self, places: Int[Tensor, "position"]) -> Inside:
        kind = self.config.kind
        if kind == "rotary":
            return Inside(places, base=BASE)
        if kind == "alibi":
            return Inside(places, bias=alibi_bias(places, places, self.config.n_heads))
        if kind == "relative":  # one table for all layers, as in T5
            return Inside(places, bias=self.relative(places, places))
        return Inside(places)

    def forward(
        self, tokens: Int[Tensor, "batch position"]
    ) -> tuple[Float[Tensor, "batch position vocabulary"], dict[str, AttentionTrace]]:
        """Guess at every position.

        Parameters
        ----------
        tokens : Int[Tensor, "batch position"]
            Ids.

        Returns
        -------
        logits : Float[Tensor, "batch position vocabulary"]
            Before the softmax.
        traces : dict of str to AttentionTrace
            "encoder.0", "encoder.1", …
        """
        x = self.tokens(tokens)
        places = torch.arange(tokens.shape[1], device=tokens.device)
        if self.config.kind == "learned":
            x = x + self.learned(len(places))
        elif self.config.kind == "sinusoidal":
            x = x + sinusoidal(places, self.config.d_model).to(x.dtype)
        inside, traces = self._inside(places), {}
        for i, block in enumerate(self.blocks):
            x, traces[f"encoder.{i}"] = block(x, inside, f"encoder.{i}")
        return self.guess(self.norm(x)), traces
