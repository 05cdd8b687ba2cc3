"""The recognisers and the listener: padding, windows, caches, sizes; location-aware attention."""

import numpy as np
import pytest
import torch
import torchaudio

from attn_core.attention.interventions import Cell, Intervention
from attn_core.inputs.sound import find
from attn_core.inputs.speech_features import HOP, N_MELS, RATE, WINDOW, log_mel, n_frames
from attn_core.layers.additive import AdditiveAttention
from attn_core.layers.location import LocationAwareAttention
from attn_core.lessons.speech import tokens as speech
from attn_core.models.listener import SITE, Listener, ListenerConfig
from attn_core.models.recogniser import BLANK, START, Recogniser, RecogniserConfig
from attn_core.models.recogniser_layers import n_tokens

CONFIGS = {
    "attention": RecogniserConfig(),
    "convolution": RecogniserConfig(kind="convolution"),
    "joint": RecogniserConfig(n_layers=3, n_decoder_layers=1),
    "window": RecogniserConfig(window=3),
}


def model(name):
    torch.manual_seed(0)
    return Recogniser(CONFIGS[name]).eval()


def two_waves():
    generator = torch.Generator().manual_seed(1)
    waves = 0.1 * torch.randn(2, 9_000, generator=generator)
    waves[1, 5_000:] = 0
    return waves, torch.tensor([9_000, 5_000])


def test_features_equal_a_spectrogram_by_hand():
    wave, _ = two_waves()
    found = log_mel(wave[:1])[0][0]
    window = torch.hann_window(WINDOW)
    padded = torch.nn.functional.pad(wave[:1, None], (128, 128), mode="reflect")[0, 0]
    frames = padded.unfold(0, 256, HOP) * torch.nn.functional.pad(window, (28, 28))
    power = torch.fft.rfft(frames).abs().square()
    banks = torchaudio.functional.melscale_fbanks(129, 60.0, RATE / 2, N_MELS, RATE)
    by_hand = (power @ banks + 1e-8).log()
    by_hand = by_hand - by_hand.mean(0)
    by_hand = by_hand / (by_hand.square().mean().sqrt() + 0.1)
    assert found.shape == (n_frames(9_000), N_MELS)
    assert torch.allclose(found, by_hand, atol=1e-3)


def test_a_louder_sound_has_the_same_features():
    wave, _ = two_waves()
    assert torch.allclose(log_mel(wave[:1])[0], log_mel(5 * wave[:1])[0], atol=1e-2)


@pytest.mark.parametrize("name", CONFIGS)
def test_padding_changes_nothing(name):
    waves, lengths = two_waves()
    features, frames = log_mel(waves, lengths)
    states, real, _ = model(name).encode(features, frames)
    alone, _, _ = model(name).encode(features[1:, : int(frames[1])])
    n = int(n_tokens(frames)[1])
    assert real.sum(1).tolist() == n_tokens(frames).tolist()
    # Only the last token's convolution sees whether frames follow: zeros either way.
    assert torch.allclose(states[1, :n], alone[0, :n], atol=1e-4)


def test_models_are_of_equal_size():
    sizes = {n: sum(p.numel() for p in model(n).parameters()) for n in CONFIGS}
    assert max(sizes.values()) < 1.01 * min(sizes.values())
    listener = sum(p.numel() for p in Listener(ListenerConfig()).parameters())
    assert listener == pytest.approx(sizes["attention"], rel=0.02)


@pytest.mark.parametrize("radius", [0, 2])
def test_a_window_is_as_wide_as_it_says(radius):
    features = log_mel(two_waves()[0][:1])[0]
    _, _, traces = model("attention").encode(features, window=radius)
    weights = traces["encoder.1"].weights[0]
    n = weights.shape[-1]
    far = (torch.arange(n)[:, None] - torch.arange(n)).abs() > radius
    assert not weights[:, far].any()
    assert torch.allclose(weights.sum(-1), torch.ones(4, n), atol=1e-5)


def test_traced_and_fused_agree():
    features = log_mel(two_waves()[0])[0]
    for name in ("attention", "joint", "window"):
        traced, real, traces = model(name).encode(features)
        fused, _, none = model(name).encode(features, traced=False)
        assert traces
        assert not none
        assert torch.allclose(traced, fused, atol=1e-5)
        assert real.all()


def test_the_decoder_with_a_cache_equals_the_whole():
    joint = model("joint")
    states, real, _ = joint.encode(log_mel(two_waves()[0])[0])
    memory = joint.remember(states, real)
    target = torch.tensor([[START, 1, 2, 2], [START, 9, 0, 3]])
    whole, traces, _ = joint.decode(target, memory)
    assert traces["decoder.0.cross"].weights.shape == (2, 4, 4, states.shape[1])
    cache, parts = (), []
    for i in range(target.shape[1]):
        logits, _, cache = joint.decode(target[:, i : i + 1], memory, cache)
        parts.append(logits)
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-5)


@pytest.mark.parametrize(
    ("values", "message"),
    [({"kind": "magic"}, "kind"), ({"n_layers": 0}, "size"), ({"window": -1}, "window")],
)
def test_bad_sizes_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        RecogniserConfig(**values)


def test_without_filters_it_is_additive_attention():
    torch.manual_seed(0)
    ours = LocationAwareAttention(6, 5, 7, n_filters=0)
    peer = AdditiveAttention(6, 5, 7)
    peer.load_state_dict(ours.state_dict())
    query, key = torch.randn(2, 6), torch.randn(2, 9, 5)
    context, trace = ours(query, key, torch.zeros(2, 9))
    expected, other = peer(query[:, None], key)
    assert torch.allclose(context, expected[:, 0], atol=1e-6)
    assert torch.allclose(trace.weights, other.weights, atol=1e-6)


def test_location_aware_scores_are_equation_9():
    torch.manual_seed(0)
    attention = LocationAwareAttention(6, 5, 7, n_filters=3, width=5)
    query, key = torch.randn(1, 6), torch.randn(1, 9, 5)
    last = torch.rand(1, 9).softmax(-1)
    _, trace = attention(query, key, last)
    padded = torch.nn.functional.pad(last[0], (2, 2))
    for j in range(9):
        f = attention.filters.weight[:, 0] @ padded[j : j + 5]
        inner = (
            attention.query_projection(query[0])
            + attention.key_projection(key[0, j])
            + attention.location_projection(f)
        )
        e = attention.energy @ torch.tanh(inner)
        assert float(trace.scores[0, 0, 0, j]) == pytest.approx(float(e), abs=1e-5)
    with pytest.raises(ValueError, match="odd"):
        LocationAwareAttention(6, 5, 7, width=4)


def test_listener_steps_equal_teacher_forcing_and_an_edit_moves_what_follows():
    torch.manual_seed(0)
    listener = Listener(ListenerConfig()).eval()
    waves, lengths = two_waves()
    features, frames = log_mel(waves, lengths)
    target = torch.tensor([[START, 4, 2], [START, 1, 1]])
    whole = listener(features, frames, target)
    heard = listener.listen(features, frames)
    written = listener.begin(heard)
    edit = Intervention(weights=(Cell(SITE, 0, 1, 3, 1.0),))
    changed = []
    for i in range(3):
        logits, written, trace = listener.step(target[:, i], written, heard)
        assert torch.allclose(logits, whole[:, i], atol=1e-5)
        assert torch.allclose(trace.weights.sum(-1), torch.ones(2, 1, 1), atol=1e-5)
        assert not trace.weights[1, 0, 0, int(n_tokens(frames)[1]) :].any()
    written = listener.begin(heard)
    for i in range(3):
        logits, written, trace = listener.step(
            target[:, i], written, heard, intervention=edit.at_query(i)
        )
        changed.append(not torch.allclose(logits, whole[:, i], atol=1e-6))
        if i == 1:
            assert float(trace.weights[0, 0, 0, 3]) == pytest.approx(1.0)
    assert changed == [False, True, True]


def test_tokens_are_counted_as_the_model_makes_them():
    for samples in (800, 801, 8_000, 12_345, 240_000):
        wave = np.zeros(samples, np.float32)
        made, _ = model("attention").shorten(speech.features_of(wave))
        assert made.shape[1] == speech.tokens_in(samples) == len(speech.speech(wave))


def test_speech_is_where_it_is_loud():
    wave = np.zeros(2 * RATE, np.float32)
    numbers = np.random.default_rng(0)
    wave += 1e-4 * numbers.standard_normal(len(wave)).astype(np.float32)
    wave[RATE // 2 : RATE] += 0.2 * np.sin(np.arange(RATE // 2)).astype(np.float32)
    found = np.flatnonzero(speech.speech(wave)) * speech.TOKEN_SECONDS
    assert found[0] == pytest.approx(0.5, abs=0.05)
    assert found[-1] == pytest.approx(1.0, abs=0.05)
    assert not speech.speech(np.zeros(RATE, np.float32)).any()
    assert 0.3 < speech.speech(find("pi").wave).mean() < 0.95


def test_silenced_spans_are_zero_and_nothing_else():
    wave = find("pi").wave
    found = speech.silenced(wave, ((2, 4), (9_000, 9_001)))
    assert not found[2 * 320 : 5 * 320].any()
    assert np.array_equal(found[: 2 * 320], wave[: 2 * 320])
    assert np.array_equal(found[5 * 320 :], wave[5 * 320 :])


def test_alignment_is_the_likeliest_path():
    generator = torch.Generator().manual_seed(3)
    log_p = (2 * torch.randn(7, BLANK + 1, generator=generator)).log_softmax(-1)
    digits = (4, 4, 1)
    words = speech.aligned(log_p, digits)
    assert tuple(w.digit for w in words) == digits
    import itertools

    from attn_core.measures.ctc import collapse

    best = max(
        (p for p in itertools.product((4, 1, BLANK), repeat=7) if collapse(p, BLANK) == digits),
        key=lambda path: sum(float(log_p[t, i]) for t, i in enumerate(path)),
    )
    spans, t = [], 0
    for label, group in itertools.groupby(best):
        n = len(list(group))
        if label != BLANK:
            spans.append((label, t, t + n - 1))
        t += n
    assert [(w.digit, w.first, w.last) for w in words] == spans
    assert speech.aligned(log_p[:3], digits) == []
    assert speech.aligned(log_p, ()) == []
