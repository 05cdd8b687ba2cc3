"""A row without any weight: no sentence of any lesson says where it looks."""

import pytest
from test_pages import opened, title, words

from attn_core.attention.interventions import Intervention
from attn_core.contract.registry import LESSONS
from attn_core.inputs.address import pack as pack_text
from attn_core.lessons.every import EVERY
from attn_core.wire.view import unpack_header
from pages.frame import results, viewer

NOT_THE_ROW = ("5.2", "6.1")
"""Where the sentences beside the map are of all rows, or of labels."""


@pytest.fixture(autouse=True, scope="module")
def warm():
    results.warm_up(EVERY.values())


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_a_row_without_weight_looks_nowhere(lesson, monkeypatch):
    packed, kept = [], viewer.pack

    def pack(*args, **named):
        packed.append(data := kept(*args, **named))
        return data

    monkeypatch.setattr(viewer, "pack", pack)
    opened(lesson.slug)
    header = unpack_header(packed[-1])
    site, head = header["open"]["site"], header["open"]["head"]
    cut = Intervention(heads=((site, head),))
    if not header["can"]["cut_head"]:
        cut = Intervention(tokens=tuple((site, key) for key in range(header["n"][1])))
    at = opened(lesson.slug, changes=pack_text(cut.to_json()), open=f"{site}~{head}~0")
    header, said = unpack_header(packed[-1]), title("en", "frame.silent")
    assert header["look"] == header["summary"] == said
    if lesson.number == "4.2":
        said = title("en", "s4_2.reading.nowhere").format(head=head + 1)
    if lesson.number not in NOT_THE_ROW:
        assert said in words(at)
