"""Position codes against their papers' formulas and other people's code."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers.models.bloom.modeling_bloom import build_alibi_tensor
from transformers.models.roformer.modeling_roformer import (
    RoFormerSelfAttention,
    RoFormerSinusoidalPositionalEmbedding,
)
from transformers.models.t5.modeling_t5 import T5Attention

from attn_core.attention.interventions import Cell, Intervention
from attn_core.inputs.refused import Refused
from attn_core.layers.multi_head import MultiHeadAttention
from attn_core.layers.positional.alibi import alibi_bias, slopes
from attn_core.layers.positional.attention import KINDS, Inside, self_attention
from attn_core.layers.positional.learned import LearnedPositions
from attn_core.layers.positional.plane import plane
from attn_core.layers.positional.relative import RelativeBias, bucket
from attn_core.layers.positional.rotary import rotate
from attn_core.layers.positional.sinusoidal import frequencies, shift_matrix, sinusoidal
from attn_core.lessons.s2_2_positional_encoding import experiment, quiz, views
from attn_core.lessons.s2_2_positional_encoding.minilm import first_layer

PLACES = torch.arange(40)


# Sinusoidal


@pytest.mark.parametrize("width", [2, 6, 64, 384])
def test_sinusoidal_is_the_papers_formula(width):
    """Vaswani et al. 2017, section 3.5, entry by entry; tolerance 1e-12."""
    found = sinusoidal(PLACES, width)
    for p in (0, 1, 39):
        for i in range(width // 2):
            angle = p / 10_000 ** (2 * i / width)
            assert found[p, 2 * i] == pytest.approx(math.sin(angle), abs=1e-12)
            assert found[p, 2 * i + 1] == pytest.approx(math.cos(angle), abs=1e-12)


@given(
    st.integers(-500, 500),
    st.integers(1, 32).map(lambda n: 2 * n),
    st.floats(1, 1e6),
    st.integers(0, 5000),
)
def test_one_matrix_shifts_every_place(steps, width, base, start):
    places = torch.arange(start, start + 5)
    matrix = shift_matrix(steps, width, base)
    shifted = sinusoidal(places, width, base) @ matrix.T
    torch.testing.assert_close(shifted, sinusoidal(places + steps, width, base), atol=1e-9, rtol=0)
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(width).double(), atol=1e-12, rtol=0)


def test_rows_are_equally_long_and_similarity_depends_on_distance_alone():
    codes = sinusoidal(PLACES, 64)
    torch.testing.assert_close(codes.norm(dim=1), torch.full((40,), math.sqrt(32)).double())
    cosines = views.similarity(codes)
    for k in range(1, 40):
        assert float(cosines.diagonal(k).max() - cosines.diagonal(k).min()) < 1e-12
    expected = experiment.similarity_of(torch.arange(40.0), 64, 10_000.0)
    torch.testing.assert_close(cosines[0], expected)


@pytest.mark.parametrize(("width", "base"), [(0, 10.0), (3, 10.0), (4, 0.5), (4, math.nan)])
def test_sizes_out_of_bounds_name_the_bound(width, base):
    with pytest.raises(ValueError, match="must be"):
        frequencies(width, base)


# Rotary


def test_rotary_is_equation_34_and_the_same_as_hugging_faces_roformer():
    """Tolerance 1e-6 in float32."""
    x = torch.randn(2, 3, 40, 8, generator=torch.Generator().manual_seed(0))
    found = rotate(x, PLACES)
    theta = [10_000 ** (-2 * i / 8) for i in range(4)]
    for p in (0, 7, 39):
        block = torch.block_diag(
            *(
                torch.tensor(
                    [[math.cos(p * a), -math.sin(p * a)], [math.sin(p * a), math.cos(p * a)]]
                )
                for a in theta
            )
        )
        torch.testing.assert_close(found[..., p, :], x[..., p, :] @ block.T, atol=1e-6, rtol=0)
    table = RoFormerSinusoidalPositionalEmbedding(40, 8)
    weight = table.create_weight()
    theirs, _ = RoFormerSelfAttention.apply_rotary_position_embeddings(weight[None, None], x, x)
    torch.testing.assert_close(found, theirs, atol=1e-6, rtol=0)


@given(st.integers(0, 1000), st.integers(-30, 30))
def test_rotary_products_depend_on_distance_alone(start, distance):
    draw = torch.Generator().manual_seed(1)
    q, k = torch.randn(2, 1, 16, generator=draw, dtype=torch.float64)

    def product(p):
        turned_q = rotate(q[None], torch.tensor([p]))
        return float((turned_q * rotate(k[None], torch.tensor([p + distance]))).sum())

    assert product(start) == pytest.approx(product(0), abs=1e-9)


# ALiBi


@pytest.mark.parametrize("n_heads", [1, 2, 4, 8, 12, 16, 20])
def test_alibi_slopes_are_the_papers_and_blooms(n_heads):
    """Under a causal mask our bias and theirs differ by a constant a row, which softmax drops."""
    theirs = build_alibi_tensor(torch.ones(1, 10), n_heads, torch.float32).reshape(n_heads, 10)
    torch.testing.assert_close(slopes(n_heads), theirs[:, 1] - theirs[:, 0])
    ours = alibi_bias(torch.tensor([9]), torch.arange(10), n_heads)[:, 0]
    torch.testing.assert_close(ours - ours[:, :1], theirs - theirs[:, :1])


def test_alibi_of_eight_heads_is_a_half_a_quarter_and_so_on():
    torch.testing.assert_close(slopes(8), 0.5 ** torch.arange(1.0, 9.0))


# Relative bias


@pytest.mark.parametrize(("buckets", "reach"), [(32, 128), (16, 64), (64, 256), (4, 8)])
def test_buckets_are_t5s(buckets, reach):
    """Every distance from −1000 to 1000, exactly."""
    distance = torch.arange(-1000, 1001)
    theirs = T5Attention._relative_position_bucket(distance, True, buckets, reach)
    assert torch.equal(bucket(distance, buckets, reach), theirs)


def test_relative_bias_puts_the_tables_number_at_each_distance():
    layer = RelativeBias(2)
    with torch.no_grad():
        layer.table.copy_(torch.arange(64.0).view(32, 2))
    found = layer(torch.arange(3), torch.arange(4))
    assert found.shape == (2, 3, 4)
    assert found[1, 0, 1] == layer.table[17, 1]
    assert found[0, 2, 0] == layer.table[2, 0]


@pytest.mark.parametrize(("buckets", "reach"), [(6, 128), (0, 128), (32, 8)])
def test_buckets_out_of_bounds(buckets, reach):
    with pytest.raises(ValueError, match="must be"):
        bucket(torch.tensor([0]), buckets, reach)


# Learned, and two dimensions


def test_learned_rows_and_their_end():
    layer = LearnedPositions(8, 4)
    assert torch.equal(layer(3, 2), layer.table.weight[2:5])
    with pytest.raises(ValueError, match="8 rows"):
        layer(8, 1)


def test_plane_is_two_codes_side_by_side():
    found = plane(3, 5, 16)
    assert found.shape == (3, 5, 16)
    torch.testing.assert_close(found[:, 2, :8], sinusoidal(torch.arange(3), 8))
    torch.testing.assert_close(found[1, :, 8:], sinusoidal(torch.arange(5), 8))
    values = views.patch_similarity(3, 5, 16, 10_000.0, 1, 2)
    assert float(values[1, 2]) == pytest.approx(1)
    assert int(values.argmax()) == 1 * 5 + 2
    with pytest.raises(ValueError, match="multiple of 4"):
        plane(2, 2, 6)
    with pytest.raises(ValueError, match="at least 1"):
        plane(0, 2, 8)


# Inside attention


def inside(kind, n, heads):
    places = torch.arange(n)
    if kind == "rotary":
        return Inside(places, base=10_000.0)
    if kind == "alibi":
        return Inside(places, bias=alibi_bias(places, places, heads))
    return Inside(places)


@given(st.permutations(range(9)))
def test_without_a_code_self_attention_is_permutation_equivariant(order):
    """P A Pᵀ = A′ and P O = O′ to 1e-6."""
    torch.manual_seed(0)
    layer = MultiHeadAttention(16, 4)
    x = torch.randn(1, 9, 16)
    with torch.no_grad():
        out, trace = self_attention(layer, x, inside("none", 9, 4))
        out2, trace2 = self_attention(layer, x[:, order], inside("none", 9, 4))
    moved = trace.weights[:, :, order][..., order]
    torch.testing.assert_close(moved, trace2.weights, atol=1e-6, rtol=0)
    torch.testing.assert_close(out[:, order], out2, atol=1e-6, rtol=0)


def test_without_a_code_it_is_plain_multi_head_attention():
    torch.manual_seed(0)
    layer, x = MultiHeadAttention(16, 4), torch.randn(2, 7, 16)
    ours, trace = self_attention(layer, x, inside("none", 7, 4))
    theirs, plain = layer(x, x, x)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(trace.weights, plain.weights)
    one, single = self_attention(layer, x, inside("none", 7, 4), head=2)
    torch.testing.assert_close(single.weights, plain.weights[:, 2:3])
    assert one.shape == (2, 7, 4)


def test_alibi_bias_is_added_to_the_scores():
    torch.manual_seed(0)
    layer, x = MultiHeadAttention(16, 4), torch.randn(1, 7, 16)
    _, without = self_attention(layer, x, inside("none", 7, 4))
    _, with_ = self_attention(layer, x, inside("alibi", 7, 4))
    added = with_.scores - without.scores
    torch.testing.assert_close(added[0], alibi_bias(PLACES[:7], PLACES[:7], 4), atol=1e-6, rtol=0)


# The lesson's experiment


@pytest.mark.parametrize("kind", KINDS)
def test_shuffle_and_shift_move_what_they_should(kind):
    numbers = experiment.run(experiment.Config(kind=kind)).numbers
    assert (numbers["order_gap"] < 1e-6) == (kind == "none")
    assert (numbers["output_gap"] < 1e-6) == (kind == "none")
    assert (numbers["shift_gap"] < 1e-5) == (kind not in ("learned", "sinusoidal"))


def test_own_positions_are_minilms_first_layer():
    result = experiment.run(experiment.Config())
    loaded = first_layer()
    tokens = experiment._encode(experiment.TEXT)
    with torch.inference_mode():
        x = loaded.model.embed(tokens.ids)
        _, trace = loaded.attention(x, x, x)
    torch.testing.assert_close(
        result.traces[experiment.SITE].weights[0, 0], trace.weights[0, 2], atol=1e-6, rtol=0
    )


def test_sorted_back_without_a_code_is_the_written_sentence():
    back = experiment.run(experiment.Config(kind="none", order="sorted"))
    written = experiment.run(experiment.Config(kind="none"))
    assert back.queries == written.queries
    torch.testing.assert_close(
        back.traces[experiment.SITE].weights,
        written.traces[experiment.SITE].weights,
        atol=1e-6,
        rtol=0,
    )
    assert experiment.before(experiment.Config(kind="none", order="sorted")).order == "written"


@pytest.mark.parametrize("kind", KINDS)
def test_the_unseen_weight_is_that_of_the_same_two_words_in_the_other_order(kind):
    written = experiment.run(experiment.Config(kind=kind))
    back = experiment.run(experiment.Config(kind=kind, order="sorted"))
    shuffled = experiment.run(experiment.Config(kind=kind, order="shuffled"))
    here, there = (r.traces[experiment.SITE].weights[0, 0] for r in (written, back))
    for row, key in enumerate(here.argmax(-1).tolist()):
        assert written.details["unseen"][row] == pytest.approx(float(there[row, key]), abs=1e-5)
    for row, key in enumerate(there.argmax(-1).tolist()):
        assert back.details["unseen"][row] == pytest.approx(float(here[row, key]), abs=1e-5)
    order = experiment.shuffled(written.queries, 1)
    for row, at in enumerate(order):
        assert shuffled.details["unseen"][row] == pytest.approx(
            back.details["unseen"][at], abs=1e-5
        )


@given(st.integers(0, 9999))
def test_a_shuffle_keeps_word_pieces_together_and_markers_in_place(seed):
    pieces = ("[CLS]", "pos", "##itional", "codes", "[SEP]")
    order = experiment.shuffled(pieces, seed)
    assert sorted(order) == list(range(5))
    assert order == [0, 3, 1, 2, 4]
    assert experiment.shuffled(("[CLS]", "a", "[SEP]"), seed) == [0, 1, 2]


@pytest.mark.parametrize(
    "text", ["a", "dog dog", "the " * 400, "日本", "…", "##x ##y", "[SEP] [CLS]"]
)
def test_odd_sentences(text):
    result = experiment.run(
        experiment.Config(text=text, kind="rotary", order="shuffled", shift=256)
    )
    row = experiment.default_row(result)
    assert 0 <= row < len(result.queries)
    assert quiz.questions(experiment.Config(text=text), result)
    assert math.isfinite(sum(result.numbers.values()))


def test_empty_text_is_refused():
    with pytest.raises(Refused, match="no_text"):
        experiment.run(experiment.Config(text="  "))


@pytest.mark.parametrize(
    "bad", [{"kind": "x"}, {"base": 3.0}, {"shift": 3}, {"order": "x"}, {"head": 12}, {"seed": -1}]
)
def test_settings_out_of_bounds(bad):
    with pytest.raises(ValueError, match="must be"):
        experiment.Config(**bad)


def test_an_edit_reaches_the_head():
    edit = Intervention(weights=(Cell(experiment.SITE, 0, 3, 1, 0.5),))
    result = experiment.run(experiment.Config(), edit)
    assert float(result.traces[experiment.SITE].weights[0, 0, 3, 1]) == pytest.approx(0.5)


def test_measured_bias_brings_the_previous_word_head_back():
    numbers = {k: experiment.run(experiment.Config(kind=k)).numbers for k in KINDS}
    assert numbers["learned"]["previous"] > 0.95
    assert numbers["relative"]["previous"] > 0.95
    assert numbers["none"]["previous"] < 0.2


# Taken apart


def test_shift_is_exact_for_the_formula_and_not_for_the_table():
    found = views.shift_check(views.View(), 5)
    assert found.error < 1e-12
    assert found.error_float32 < 1e-5
    assert 0.05 < found.learned_error < 1


def test_hands_are_turned_by_their_frequency_and_only_the_distance_counts():
    hands = views.hands(3, 5, 64, 10_000.0)
    first = [h for h in hands if h["pair"] == 1]
    assert first[0]["degrees"] == pytest.approx(math.degrees(3))
    assert first[0]["x"] == pytest.approx(math.sin(3))
    later = views.hands(43, 45, 64, 10_000.0)
    assert [h["between"] for h in hands] == pytest.approx([h["between"] for h in later])
    assert len({h["pair"] for h in hands}) == 8
    assert len({h["pair"] for h in views.hands(0, 1, 8, 10.0)}) == 4


def test_biases_by_distance():
    rows = views.by_distance(2)
    alibi = {r["distance"]: r["value"] for r in rows if r["kind"] == "alibi"}
    assert alibi[-5] == alibi[5] < 0
    relative = {r["distance"]: r["value"] for r in rows if r["kind"] == "relative"}
    assert max(relative, key=relative.get) == -1
    for kind in ("alibi", "relative"):
        matrix = views.bias_matrix(kind, 2, 12)
        assert float(matrix.diagonal(2).max() - matrix.diagonal(2).min()) == 0


# The questions


@pytest.mark.parametrize("kind", KINDS)
def test_questions_are_graded_from_the_run(kind):
    config = experiment.Config(kind=kind)
    asked = {q.key: q for q in quiz.questions(config, experiment.run(config))}
    assert asked["s2_2.quiz.twins"].answer == (0 if kind == "none" else 1)
    assert asked["s2_2.quiz.shift"].answer == (0 if kind in ("learned", "sinusoidal") else 1)


def test_the_misconception_is_measured():
    found = quiz.reveal(experiment.Config(), "cpu")
    assert quiz.truth(found) == "same"
    assert float(found["own"]) > 0.5


@pytest.mark.parametrize(
    ("kind", "base", "reached"),
    [
        ("rotary", 1.0, True),
        ("sinusoidal", 1.0, True),
        ("rotary", 1e4, False),
        ("learned", 1.0, False),
        ("sinusoidal", 2.0, False),
    ],
)
def test_the_challenge_is_reached_by_turning_the_base(kind, base, reached):
    config = experiment.Config(kind=kind, base=base)
    goal = quiz.challenge(config, Intervention(), experiment.run(config))
    assert goal.reached == reached
    assert (goal.progress == 1) == reached
