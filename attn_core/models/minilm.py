"""all-MiniLM-L6-v2 with our attention: a BERT encoder whose every attention map is returned.

Devlin et al. 2019 (BERT, post-norm encoder); Wang et al. 2020 (MiniLM); weights by the
sentence-transformers project (Apache-2.0). 6 layers × 12 heads, d_model 384.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.attention.trace import AttentionTrace
from attn_core.layers.multi_head import MultiHeadAttention


@dataclass(frozen=True, slots=True)
class MiniLMConfig:
    """Sizes of the encoder; the defaults are all-MiniLM-L6-v2's.

    Parameters
    ----------
    vocabulary, positions : int
        Entries of the token and position tables.
    d_model, d_ff : int
        Width of the stream and of the feed-forward layer.
    n_heads, n_layers : int
        Heads in each of the layers.
    epsilon : float
        Of the layer norms.
    """

    vocabulary: int = 30522
    positions: int = 512
    d_model: int = 384
    d_ff: int = 1536
    n_heads: int = 12
    n_layers: int = 6
    epsilon: float = 1e-12


class Layer(nn.Module):
    """Self-attention and a feed-forward network, each added and normalised (post-norm)."""

    def __init__(self, config: MiniLMConfig) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(config.d_model, config.n_heads)
        self.attention_norm = nn.LayerNorm(config.d_model, eps=config.epsilon)
        self.expand = nn.Linear(config.d_model, config.d_ff)
        self.contract = nn.Linear(config.d_ff, config.d_model)
        self.output_norm = nn.LayerNorm(config.d_model, eps=config.epsilon)

    def forward(
        self,
        x: Float[Tensor, "batch token d_model"],
        mask: Bool[Tensor, "#batch #head query key"] | None,
        site: str,
        intervention: Intervention | None,
    ) -> tuple[Float[Tensor, "batch token d_model"], AttentionTrace]:
        """One layer."""
        attended, trace = self.attention(x, x, x, mask, site=site, intervention=intervention)
        x = self.attention_norm(x + attended)
        return self.output_norm(x + self.contract(nn.functional.gelu(self.expand(x)))), trace


class MiniLM(nn.Module):
    """Token ids in, contextual token states and one trace a layer out.

    Parameters
    ----------
    config : MiniLMConfig
        Sizes.
    """

    def __init__(self, config: MiniLMConfig) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocabulary, config.d_model)
        self.positions = nn.Embedding(config.positions, config.d_model)
        self.segments = nn.Embedding(2, config.d_model)
        self.embedding_norm = nn.LayerNorm(config.d_model, eps=config.epsilon)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.n_layers))

    def embed(self, ids: Int[Tensor, "batch token"]) -> Float[Tensor, "batch token d_model"]:
        """Token, position and segment embeddings, summed and normalised.

        Parameters
        ----------
        ids : Int[Tensor, "batch token"]
            Token ids, at most ``positions`` of them.

        Returns
        -------
        Float[Tensor, "batch token d_model"]
            What the first layer gets.
        """
        places = torch.arange(ids.shape[1], device=ids.device)
        segments = self.segments(torch.zeros_like(ids))
        return self.embedding_norm(self.tokens(ids) + self.positions(places) + segments)

    def forward(
        self,
        ids: Int[Tensor, "batch token"],
        mask: Bool[Tensor, "batch token"] | None = None,
        intervention: Intervention | None = None,
        n_layers: int | None = None,
        embedded: Float[Tensor, "batch token d_model"] | None = None,
    ) -> tuple[Float[Tensor, "batch token d_model"], dict[str, AttentionTrace]]:
        """Encode texts.

        Parameters
        ----------
        ids : Int[Tensor, "batch token"]
            Token ids with [CLS] and [SEP], padded.
        mask : Bool[Tensor, "batch token"], optional
            ``True`` on real tokens.
        intervention : Intervention, optional
            A learner's changes; sites are "encoder.0" … "encoder.5".
        n_layers : int, optional
            Stop after so many layers.
        embedded : Float[Tensor, "batch token d_model"], optional
            In place of ``embed(ids)``: for gradients, or embeddings of another making.

        Returns
        -------
        states : Float[Tensor, "batch token d_model"]
            The last layer's.
        traces : dict of str to AttentionTrace
            One for each layer.
        """
        x = self.embed(ids) if embedded is None else embedded
        allowed = None if mask is None else mask[:, None, None, :].expand(-1, 1, ids.shape[1], -1)
        traces = {}
        for i, layer in enumerate(self.layers[:n_layers]):
            x, traces[f"encoder.{i}"] = layer(x, allowed, f"encoder.{i}", intervention)
        return x, traces

    @staticmethod
    def adapt_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """The published state dict under our names; the unused pooler is left out.

        Parameters
        ----------
        weights : dict of str to Tensor
            As in ``model.safetensors``.

        Returns
        -------
        dict of str to Tensor
            For ``load_state_dict``.
        """
        names = (
            ("embeddings.word_embeddings.", "tokens."),
            ("embeddings.position_embeddings.", "positions."),
            ("embeddings.token_type_embeddings.", "segments."),
            ("embeddings.LayerNorm.", "embedding_norm."),
            ("encoder.layer.", "layers."),
            ("attention.self.query.", "attention.query_projection."),
            ("attention.self.key.", "attention.key_projection."),
            ("attention.self.value.", "attention.value_projection."),
            ("attention.output.dense.", "attention.output_projection."),
            ("attention.output.LayerNorm.", "attention_norm."),
            ("intermediate.dense.", "expand."),
            ("output.dense.", "contract."),
            ("output.LayerNorm.", "output_norm."),
        )
        out = {}
        for name, value in weights.items():
            if name.startswith("pooler.") or name.endswith("position_ids"):
                continue
            for theirs, ours in names:
                name = name.replace(theirs, ours)
            out[name] = value
        return out
