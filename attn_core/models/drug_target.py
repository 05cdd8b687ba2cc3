"""How strongly a drug binds a protein: every atom of the molecule asks the whole chain.

Both are encoded on their own, so that a block of drugs × proteins costs as many encodings as there
are drugs and proteins, not pairs. A convolution of stride ``STRIDE`` turns residues into segments;
cross-attention (Vaswani et al. 2017, section 3.2.3) from the molecule's atoms to the segments meets
them; attention pooling over the atoms and a small network give pK_d. In the twin without
cross-attention the chain is one mean vector, joined to the molecule's, as in DeepDTA (Öztürk et al.
2018) but for the pooling. A molecule is read as SMILES: its bonds and brackets are tokens too, and
inform the atoms by a convolution and one layer of self-attention.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attn_core.attention.interventions import Intervention
from attn_core.layers.incremental import KeyValue, attend_to, keys_and_values
from attn_core.layers.multi_head import MultiHeadAttention
from attn_core.layers.pooling import Pooling
from attn_core.layers.positional.sinusoidal import sinusoidal
from attn_core.models.sequence import PAD, SequenceConfig, Stem
from attn_core.models.transformer_layers import EncoderLayer, How, Traces, TransformerConfig

STRIDE = 8
"""Residues of a segment."""
REACH = 4
"""Residues before and after its own that a segment's last convolution sees."""
CROSS, POOL = "cross", "pool"


@dataclass(frozen=True, slots=True)
class DrugTargetConfig:
    """Sizes of the model.

    Parameters
    ----------
    tokens : tuple of str
        Of SMILES; what is none of them counts as unknown.
    symbols : str
        Letters of a chain, the last for what is not known.
    cross : bool
        ``False`` makes the twin: the chain's mean vector instead of cross-attention.
    d_model, n_heads, d_ff : int
        Width, heads of both attentions, width of the molecule's feed-forward layer.
    width : int
        Residues that the first convolution sees, an odd number.
    mean : float
        pK_d that the untrained model answers.
    dropout : float
        In [0, 1).

    Raises
    ------
    ValueError
        If the width is even.
    """

    tokens: tuple[str, ...]
    symbols: str
    cross: bool = True
    d_model: int = 64
    n_heads: int = 4
    d_ff: int = 128
    width: int = 9
    mean: float = 5.45
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.width % 2 == 0:
            raise ValueError(f"width is {self.width}; it must be odd")


@dataclass(frozen=True, slots=True)
class Encoded:
    """States of several molecules or chains.

    Parameters
    ----------
    states : Float[Tensor, "batch part d_model"]
        One for each atom or segment.
    real : Bool[Tensor, "batch part"]
        ``False`` on padding.
    """

    states: Float[Tensor, "batch part d_model"]
    real: Bool[Tensor, "batch part"]


class Chains(nn.Module):
    """Residues to segments."""

    def __init__(self, config: DrugTargetConfig) -> None:
        super().__init__()
        d = config.d_model
        self.letters = nn.Embedding(len(config.symbols) + 1, d // 2, padding_idx=PAD)
        self.near = nn.Conv1d(d // 2, d, config.width, padding=config.width // 2)
        self.shorten = nn.Conv1d(d, d, STRIDE + 2 * REACH, STRIDE, REACH)
        self.around = nn.Conv1d(d, d, 3, padding=1)
        self.norm = nn.LayerNorm(d)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, ids: Int[Tensor, "batch residue"]) -> Encoded:
        """One state for every ``STRIDE`` residues."""
        ids = nn.functional.pad(ids, (0, -ids.shape[1] % STRIDE), value=PAD)
        real = (ids != PAD).unflatten(1, (-1, STRIDE)).any(-1)  # (b, n·s) -> (b, n)
        x = torch.relu(self.near(self.letters(ids).transpose(1, 2))) * (ids != PAD)[:, None]
        x = torch.relu(self.shorten(x)) * real[:, None]  # (b, d, n)
        x = self.norm((x + self.around(x)).transpose(1, 2))  # (b, n, d)
        places = torch.arange(x.shape[1], device=x.device)
        return Encoded(self.dropout(x + sinusoidal(places, x.shape[2]).to(x)), real)


class DrugTarget(nn.Module):
    """pK_d of molecules and chains.

    Parameters
    ----------
    config : DrugTargetConfig
        Its sizes.
    """

    def __init__(self, config: DrugTargetConfig) -> None:
        super().__init__()
        self.config = config
        d = config.d_model
        layers = TransformerConfig(1, 1, d, config.n_heads, config.d_ff, dropout=config.dropout)
        self.tokens = nn.Embedding(len(config.tokens) + 2, d, padding_idx=PAD)
        self.stem = Stem(SequenceConfig("?", "?", d_model=d, width=5, dropout=config.dropout))
        self.layer = EncoderLayer(layers)
        self.chains = Chains(config)
        if config.cross:
            self.cross = MultiHeadAttention(d, config.n_heads)
            self.cross_norm = nn.LayerNorm(d)
        self.state_norm = nn.LayerNorm(d)
        self.pool = Pooling(d)
        wide = d if config.cross else 2 * d
        self.hidden = nn.Linear(wide, 2 * d if config.cross else 3 * d)
        self.dropout = nn.Dropout(config.dropout)
        self.answer = nn.Linear(self.hidden.out_features, 1)
        nn.init.constant_(self.answer.bias, config.mean)

    def molecules(
        self,
        ids: Int[Tensor, "batch token"],
        atoms: Int[Tensor, "batch atom"],
        *,
        traced: bool = True,
        intervention: Intervention | None = None,
    ) -> tuple[Encoded, Traces]:
        """Encode molecules.

        Parameters
        ----------
        ids : Int[Tensor, "batch token"]
            From ``token_ids``, filled up with ``PAD``.
        atoms : Int[Tensor, "batch atom"]
            Which tokens are atoms, filled up with −1.
        traced : bool
            ``False`` takes the fused kernel.
        intervention : Intervention, optional
            A learner's changes at "drug.0".

        Returns
        -------
        encoded : Encoded
            One state for each atom.
        traces : dict of AttentionTrace
            "drug.0", of all tokens.
        """
        real = ids != PAD
        x = self.stem(self.tokens(ids), real)
        x = x + sinusoidal(torch.arange(ids.shape[1], device=ids.device), x.shape[2]).to(x)
        x, traces = self.layer(x, real[:, None, None, :], How(traced, intervention), "drug.0")
        places = atoms.clamp_min(0)[..., None].expand(*atoms.shape, x.shape[2])
        return Encoded(x.gather(1, places), atoms >= 0), traces  # (b, t, d) -> (b, a, d)

    def remember(self, chains: Encoded) -> KeyValue:
        """Keys and values of chains, made once for all molecules.

        Parameters
        ----------
        chains : Encoded
            From ``self.chains``.

        Returns
        -------
        KeyValue
            Of the cross-attention.
        """
        return keys_and_values(self.cross, chains.states)

    def score(
        self,
        drugs: Encoded,
        chains: Encoded,
        *,
        traced: bool = False,
        intervention: Intervention | None = None,
    ) -> tuple[Float[Tensor, "chain drug"], Traces]:
        """Every molecule with every chain.

        All molecules' atoms stand side by side as the queries of one attention to each chain: a
        row of attention knows nothing of the other rows.

        Parameters
        ----------
        drugs, chains : Encoded
            From ``molecules`` and ``self.chains``.
        traced : bool
            ``True`` for the weights; meant for one molecule.
        intervention : Intervention, optional
            A learner's changes at "cross" and "pool".

        Returns
        -------
        pkd : Float[Tensor, "chain drug"]
            −log10 of K_d in mol/l.
        traces : dict of AttentionTrace
            "cross" (batch: chains) and "pool" (batch: pairs).
        """
        n, (m, t, d) = len(chains.states), drugs.states.shape
        traces: Traces = {}
        if not self.config.cross:
            vector, _ = self.pool(self.state_norm(drugs.states), drugs.real)
            weight = chains.real / chains.real.sum(1, keepdim=True)
            mean = (chains.states * weight[..., None]).sum(1)  # (n, d)
            pair = torch.cat([vector.expand(n, m, d), mean[:, None].expand(n, m, d)], -1)
            return self._answer(pair), traces
        asked = self.cross_norm(drugs.states).reshape(1, m * t, d).expand(n, m * t, d)
        found, trace = attend_to(
            self.cross,
            asked,
            self.remember(chains),
            chains.real[:, None, None, :],
            traced=traced,
            site=CROSS,
            intervention=intervention,
        )
        if trace is not None:
            traces[CROSS] = trace
        x = drugs.states + found.unflatten(1, (m, t))  # (n, m·t, d) -> (n, m, t, d)
        real = drugs.real.expand(n, m, t).flatten(0, 1)
        vector, pooled = self.pool(
            self.state_norm(x).flatten(0, 1), real, site=POOL, intervention=intervention
        )
        if traced:
            traces[POOL] = pooled
        return self._answer(vector.unflatten(0, (n, m))), traces  # (n·m, d) -> (n, m, d)

    def _answer(self, pair: Tensor) -> Float[Tensor, "chain drug"]:
        hidden = self.dropout(torch.relu(self.hidden(pair)))
        return self.answer(hidden)[..., 0]


def token_ids(tokens: tuple[str, ...], known: tuple[str, ...]) -> list[int]:
    """Tokens of a SMILES as the model takes them.

    Parameters
    ----------
    tokens : tuple of str
        From ``attn_core.inputs.smiles.read_smiles``.
    known : tuple of str
        The config's.

    Returns
    -------
    list of int
        From 1; what is not known is one past the last.

    Examples
    --------
    >>> token_ids(("C", "?", "N"), ("C", "N"))
    [1, 3, 2]
    """
    place = {token: i + 1 for i, token in enumerate(known)}
    return [place.get(token, len(known) + 1) for token in tokens]


def is_atom(token: str) -> bool:
    """Whether a token of SMILES is an atom.

    Parameters
    ----------
    token : str
        From ``attn_core.inputs.smiles.tokens_of``.

    Returns
    -------
    bool
        ``False`` for bonds, brackets and ring closures.

    Examples
    --------
    >>> [is_atom(t) for t in ("Cl", "[NH+]", "(", "1", "=")]
    [True, True, False, False, False]
    """
    return token[0] == "[" or token.isalpha() or token == "*"
