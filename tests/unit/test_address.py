"""Addresses stay short, say the same when they are read, and carry no bomb."""

import base64
import json
import random
import zlib
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_interventions import interventions

from attn_core.attention.interventions import MAX_EDITS, Cell, Intervention
from attn_core.inputs.address import DIGEST, fit, pack, unpack
from attn_core.inputs.limits import MAX_LINK_BYTES, MAX_PACKED_CHARACTERS
from pages.frame import link


def many(n: int = MAX_EDITS) -> Intervention:
    """As many edits as are kept, as a learner types them."""
    draw = random.Random(0)
    cells = tuple(
        Cell(
            "decoder.cross",
            draw.randrange(12),
            draw.randrange(512),
            draw.randrange(512),
            round(draw.random(), 2),
        )
        for _ in range(n)
    )
    return Intervention(weights=cells)


def raw(data: bytes) -> str:
    deflate = zlib.compressobj(9, wbits=-15)
    packed = deflate.compress(data) + deflate.flush()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def test_as_many_edits_as_are_kept_make_an_address_under_4_kb():
    changes = many()
    assert len(quote(changes.to_json())) > 12_000
    address, named = fit({"temperature": "2.0", "changes": pack(changes.to_json())})
    assert not named
    assert len(urlencode(address)) < 4_000 - 300
    assert Intervention.from_json(unpack(address["changes"])) == changes


@given(interventions)
@settings(deadline=None)
def test_any_intervention_comes_back(changes):
    text = pack(changes.to_json())
    assert text == quote(text)  # nothing in it grows in an address
    assert Intervention.from_json(unpack(text)) == changes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "é",
        "ab cd",
        "AAAA",
        "{}",
        "a" * (MAX_PACKED_CHARACTERS + 1),
        pack("a")[:-2],
        pack("a" * 99) + "AAAA",
        raw(b"\xff\xfe"),
        raw(b"0" * (MAX_PACKED_CHARACTERS + 1)),
        raw(b"0" * 20_000_000),
    ],
)
def test_junk_and_bombs_are_refused(text):
    assert len(text) <= MAX_PACKED_CHARACTERS + 1
    with pytest.raises(ValueError):  # noqa: PT011 (any message: the page shows its own)
        unpack(text)


def test_a_bomb_is_never_unpacked_whole():
    """Nested deflation: 200 MB in 200 kB would be refused by length, in 20 kB by its content."""
    bomb = raw(b"0" * 20_000_000)
    asked = []
    inflate = zlib.decompressobj(wbits=-15)

    class Bounded:
        eof, unused_data = False, b""

        def decompress(self, data, most):
            asked.append(most)
            return inflate.decompress(data, most)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zlib, "decompressobj", lambda wbits: Bounded())
        with pytest.raises(ValueError, match="more than"):
            unpack(bomb)
    assert asked == [MAX_PACKED_CHARACTERS + 1]


@given(
    st.dictionaries(
        st.from_regex("[a-z]{1,12}", fullmatch=True), st.text(max_size=3_000), max_size=12
    )
)
@settings(deadline=None)
def test_any_texts_make_a_short_address_and_come_back(values):
    address, named = fit(values)
    assert len(urlencode(address)) <= MAX_LINK_BYTES or not any(
        len(text) > 32 and not name.endswith(DIGEST) for name, text in address.items()
    )
    back = {
        name.removesuffix(DIGEST) if text in named else name: named.get(text, text)
        for name, text in address.items()
    }
    assert back == values


def test_the_longest_texts_are_named():
    address, named = fit({"part": "read", "text": "长" * 1000, "other": "short"})
    assert address["part"] == "read"
    assert address["other"] == "short"
    assert list(named.values()) == ["长" * 1000]
    assert address["text" + DIGEST].endswith("~1000")


@pytest.mark.parametrize("text", [many(3).to_json(), pack(many(3).to_json())])
def test_old_and_new_links_are_read(monkeypatch, text):
    monkeypatch.setattr(link.st, "session_state", {})
    link.put(link.CHANGES, text)
    assert link.changes() == many(3)


@pytest.mark.parametrize("text", ["[]", "{", json.dumps({"heads": 3}), raw(b"0" * 20_000_000)])
def test_a_link_that_cannot_be_read_says_so(monkeypatch, text):
    monkeypatch.setattr(link.st, "session_state", {})
    link.put(link.CHANGES, text)
    assert link.changes() == Intervention()
    assert link.st.session_state["_bad_link"]
    assert link.get(link.CHANGES) == ""


@pytest.mark.parametrize("walked", [False, True])
def test_streamlit_says_whether_the_browser_went_back(monkeypatch, walked):
    """``is_history_navigation`` is no public name: an update that renames it fails here."""
    from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

    assert ScriptRunContext.__dataclass_fields__["is_history_navigation"].default is False
    context = object.__new__(ScriptRunContext)
    context.is_history_navigation = walked
    monkeypatch.setattr(link, "get_script_run_ctx", lambda: context)
    assert link.walked() is walked
    monkeypatch.setattr(link, "get_script_run_ctx", lambda: None)
    assert not link.walked()
