"""What a stranger may send as sound: every format, every lie of a header, every empty thing."""

import io
import json
import struct

import av
import numpy as np
import pytest
import soundfile

from attn_core.inputs import sound
from attn_core.inputs.limits import MAX_SECONDS, MAX_UPLOAD_BYTES
from attn_core.inputs.refused import Refused
from attn_core.inputs.speech_features import RATE

TONE = 440.0


def tone(seconds=1.0, rate=16_000, level=0.5, channels=1):
    t = np.arange(int(seconds * rate)) / rate
    return np.repeat(level * np.sin(2 * np.pi * TONE * t)[:, None], channels, 1).astype(np.float32)


def wav(samples, rate=16_000, subtype="PCM_16", kind="WAV"):
    out = io.BytesIO()
    soundfile.write(out, samples, rate, subtype=subtype, format=kind)
    return out.getvalue()


def in_container(samples, rate, container, codec):
    out = io.BytesIO()
    with av.open(out, "w", format=container) as opened:
        stream = opened.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples.T.copy(), format="fltp", layout="mono")
        frame.rate = rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            opened.mux(packet)
    return out.getvalue()


def pitch(found):
    """The strongest frequency, in hertz."""
    spectrum = np.abs(np.fft.rfft(found.wave * np.hanning(len(found.wave))))
    return float(spectrum.argmax()) * RATE / len(found.wave)


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        ("WAV", "PCM_16"),
        ("WAV", "PCM_U8"),
        ("WAV", "PCM_24"),
        ("WAV", "FLOAT"),
        ("WAV", "ULAW"),
        ("FLAC", "PCM_16"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
    ],
)
def test_formats_of_libsndfile(kind, subtype):
    found = sound.read_sound(wav(tone(), 16_000, subtype, kind))
    assert found.seconds == pytest.approx(1, abs=0.15)
    assert pitch(found) == pytest.approx(TONE, abs=3)
    assert found.rms_db == pytest.approx(-9, abs=0.7)
    assert not found.silent
    assert not found.cut
    assert not found.repaired


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [("mp4", "aac", 44_100), ("webm", "libopus", 48_000), ("mp4", "libopus", 48_000)],
)
def test_formats_of_ffmpeg(container, codec, rate):
    found = sound.read_sound(in_container(tone(1.0, rate), rate, container, codec))
    assert found.rate == rate
    assert found.seconds == pytest.approx(1, abs=0.15)
    assert pitch(found) == pytest.approx(TONE, abs=3)


@pytest.mark.parametrize("rate", [2_000, 8_000, 11_025, 22_050, 44_099, 48_000, 192_000])
def test_any_rate_keeps_length_and_pitch(rate):
    found = sound.read_sound(wav(tone(0.7, rate), rate))
    assert (found.rate, found.channels) == (rate, 1)
    assert found.seconds == pytest.approx(0.7, abs=0.01)
    assert pitch(found) == pytest.approx(TONE, abs=3)


def test_what_8_khz_can_t_hold_is_gone_and_not_folded():
    t = np.arange(48_000) / 48_000
    found = sound.read_sound(wav(0.5 * np.sin(2 * np.pi * 7_000 * t), 48_000))
    assert found.rms_db < -45


def test_channels_are_mixed():
    both = tone(channels=6)
    assert sound.read_sound(wav(both)).rms_db == pytest.approx(-9, abs=0.5)
    both[:, ::2] *= -1
    assert sound.read_sound(wav(both)).silent


def test_silence_and_clipping_are_told():
    assert sound.read_sound(wav(np.zeros(8_000))).peak_db == -np.inf
    assert sound.read_sound(wav(np.zeros(8_000))).silent
    loud = np.clip(4 * tone(), -1, 1)
    assert sound.read_sound(wav(loud)).clipped > sound.CLIPPED_SHARE
    assert sound.read_sound(wav(tone())).clipped == 0


def test_what_is_no_number_becomes_silence():
    samples = tone()
    samples[100:200] = np.nan
    samples[300] = np.inf
    found = sound.read_sound(wav(samples, subtype="FLOAT"))
    assert found.repaired == 101
    assert np.isfinite(found.wave).all()
    huge = sound.read_sound(wav(1e30 * tone(), subtype="FLOAT"))
    assert float(np.abs(huge.wave).max()) <= 1


def test_a_header_that_claims_an_hour_is_not_believed():
    data = bytearray(wav(tone(0.5)))
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", 2 * 16_000 * 3600)
    assert sound.read_sound(bytes(data)).seconds == pytest.approx(0.5, abs=0.01)


def test_a_long_sound_is_cut_with_a_note():
    found = sound.read_sound(wav(tone(MAX_SECONDS + 3, 8_000), 8_000))
    assert found.cut
    assert found.seconds == MAX_SECONDS


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "refused.empty"),
        (b"nine eight seven", "refused.sound_format"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "refused.sound_format"),
        (b"RIFF\x00\x00\x00\x00WAVE", "refused.sound_broken"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(100), "refused.sound_broken"),
        (b"\x1aE\xdf\xa3" + bytes(100), "refused.sound_broken"),
        (wav(tone(0.02)), "refused.sound_short"),
        (wav(tone(0.0)), "refused.sound_short"),
    ],
)
def test_what_is_no_sound_is_refused(data, key):
    with pytest.raises(Refused) as refused:
        sound.read_sound(data)
    assert refused.value.key == key


def test_too_large_too_many_channels_too_slow():
    with pytest.raises(Refused, match=r"refused\.large"):
        sound.read_sound(bytes(MAX_UPLOAD_BYTES + 1))
    for rate, channels in ((16_000, 17), (500, 1), (500_000, 1)):
        with pytest.raises(Refused, match=r"refused\.sound_header"):
            sound.read_sound(wav(np.zeros((50, channels)), rate))


def test_a_clip_without_sound_is_refused():
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as opened:
        stream = opened.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        for packet in (*stream.encode(frame), *stream.encode(None)):
            opened.mux(packet)
    with pytest.raises(Refused, match=r"refused\.sound_none"):
        sound.read_sound(out.getvalue())


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "MP3"])
def test_a_sound_that_breaks_off_gives_what_there_is_or_a_sentence(kind):
    data = wav(tone(3), kind=kind, subtype=None)
    if kind == "OGG":  # libsndfile wants its last page
        with pytest.raises(Refused, match=r"refused\.sound_broken"):
            sound.read_sound(data[: len(data) // 2])
        return
    assert 0.1 < sound.read_sound(data[: len(data) // 2]).seconds <= 3.1


def test_samples_are_found_and_what_is_said_in_them_is_recorded():
    about = json.loads(sound.SAMPLES.with_suffix(".json").read_text(encoding="utf-8"))
    assert {p.stem for p in sound.SAMPLES.glob("*.flac")} == set(about)
    for name, known in about.items():
        found = sound.find(name)
        assert found.seconds == pytest.approx(known["seconds"], abs=0.01)
        assert not found.silent
        assert known["digits"]


@pytest.mark.parametrize("name", ["", "no_such", "../photos", "0" * 64, "pi.flac"])
def test_a_sound_that_is_gone_is_refused(name):
    with pytest.raises(Refused, match=r"refused\.sound_gone"):
        sound.find(name)


def test_what_was_sent_is_found_again():
    sent = sound.read_sound(wav(tone(0.4)))
    assert sound.find(sent.name) is sent
