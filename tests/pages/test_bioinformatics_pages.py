"""Lesson 6.3 through ``app.py``: three models, samples, uploads, hostile FASTA and SMILES."""

import random

import pytest
from test_pages import opened, title, warm, words  # noqa: F401 (warm is a fixture)

from attn_core.lessons.s6_3_bioinformatics import experiment
from attn_core.lessons.s6_3_bioinformatics.samples import text
from pages.frame import i18n

PAGE = "s6_3_bioinformatics"
INPUTS = {"genome": "6.3:input-dna", "protein": "6.3:input-chain", "drug": "6.3:input-smiles"}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("part", ["apart", "claim", "code", "check"])
@pytest.mark.parametrize("model", experiment.MODELS)
def test_every_part_opens_on_every_model(model, part, lang):
    at = opened(PAGE, lang, molecule=model, part=part)
    assert len(words(at)) > 300


@pytest.mark.parametrize("model", experiment.MODELS)
def test_every_sample_is_read(model):
    kinds = ("drug", "target") if model == "drug" else (model,)
    for kind in kinds:
        for name in experiment.SAMPLES[kind]:
            at = opened(PAGE, molecule=model)
            at.button(key=f"sample-{kind}-{name}").click().run()
            assert not at.exception
            assert not at.warning


@pytest.mark.parametrize(
    ("model", "typed", "says"),
    [
        ("genome", "", "refused.fasta_empty"),
        ("genome", ">only", "refused.fasta_empty"),
        ("genome", "ACGT", "refused.fasta_short"),
        ("genome", "ACGT?" * 20, "refused.fasta_base"),
        ("genome", "MKTAYIAKQR" * 9, "refused.fasta_protein"),
        ("protein", "ACGT" * 20, "refused.fasta_dna"),
        ("protein", "MK#T", "refused.fasta_residue"),
        ("protein", "MKT", "refused.fasta_short"),
        ("drug", "", "refused.smiles_empty"),
        ("drug", "c1ccccc", "refused.smiles_ring"),
        ("drug", "CC(C", "refused.smiles_open"),
        ("drug", "CC(C)(C)(C)C", "refused.smiles_valence"),
        ("drug", "阿司匹林", "refused.smiles_character"),
        ("drug", "<b>x", "refused.smiles_character"),
    ],
)
def test_what_cannot_be_read_gets_a_sentence_and_keeps_the_picture(model, typed, says):
    at = opened(PAGE, molecule=model)
    before = len(words(at))
    at.text_area(key=INPUTS[model]).set_value(typed).run()
    assert not at.exception
    assert at.warning
    start = title("en", says).split("{")[0][:14]
    assert any(start in w.value.replace("\\", "") for w in at.warning), at.warning[0].value
    assert "<b>" not in at.warning[0].value.replace("\\<", "")
    assert len(words(at)) > before / 2  # the last good answer is still there


def upload(at, kind, data, name="a.fasta"):
    at.file_uploader(key=f"upload-fasta-{kind}").set_value((name, data, "text/plain")).run()
    assert not at.exception


def test_an_uploaded_file_with_two_genes_is_used():
    at = opened(PAGE)
    rng = random.Random(0)
    one, two = ("".join(rng.choices("acgt", k=200)) for _ in range(2))
    upload(at, "genome", f">one\n{one}\n>two\n{two}\n".encode())
    at.selectbox(key="record-genome").select_index(1).run()
    at.button(key="use-genome").click().run()
    assert at.text_area(key="6.3:input-dna").value == f">two\n{two.upper()}"
    assert not at.warning


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("genome", b""),
        ("genome", b"\x00\x01" * 500),
        ("genome", b"%PDF-1.7 \xff\xfe"),
        ("genome", b">" * 5000),
        ("genome", b"A" * 1_200_000),
        ("protein", b"ACGT" * 300),
    ],
)
def test_files_that_cannot_be_read_get_a_sentence(kind, data):
    at = opened(PAGE, molecule=kind)
    upload(at, kind, data)
    assert at.warning


def test_a_long_sequence_is_cut_and_says_so():
    at = opened(PAGE, molecule="drug")
    at.text_area(key="6.3:input-target").set_value("MKTAYIAKQRQISFVKSHFSRQ" * 150).run()
    assert not at.exception
    assert any("2560" in w.value for w in at.warning)
    assert any(title("en", "s6_3.no_motif")[:20] in w.value for w in at.info)


def test_a_mutation_is_made_marked_and_undone():
    at = opened(PAGE)
    was = at.markdown
    assert any("0.98" in m.value for m in was)
    at.button(key="mutate-occlusion").click().run()
    assert not at.exception
    assert "edits" in at.query_params
    assert title("en", "s6_3.answer.was")[:14] in words(at)
    at.button(key="undo-edits").click().run()
    assert "edits" not in at.query_params


def test_the_prediction_is_settled_by_mutating():
    at = opened(PAGE)
    at.radio(key="guess").set_value("other").run()
    at.button(key="predict-act").click().run()
    assert not at.exception
    assert any(title("en", "predict.right")[:5] in s.value for s in at.success)


@pytest.mark.parametrize(
    "link",
    [
        {"edits": "9Z"},
        {"edits": "99999A"},
        {"site": "7"},
        {"moved": "99"},
        {"call": "2"},
        {"molecule": "rna"},
        {"open": "x~9~9"},
        {"molecule": "protein", "open": "encoder.2~3~999"},
        {"molecule": "drug", "open": "pool~0~0"},
        {"molecule": "drug", "open": "drug.0~1~4"},
        {"molecule": "protein", "chain": "<img src=x>"},
    ],
)
def test_a_spoilt_link_opens_all_the_same(link):
    assert words(opened(PAGE, **link))


def test_a_salt_and_a_rare_element_are_told():
    at = opened(PAGE, molecule="drug", smiles="CC[Se]CC.Cl")
    assert any("Se" in i.value for i in at.info)
    assert any(title("en", "s6_3.salt").split("{")[0] in i.value for i in at.info)


def test_moving_the_window_moves_the_letters():
    at = opened(PAGE, moved="3")
    assert "275" in words(at)
    assert text("genome", "hbb")


def test_a_reset_of_mutations_starts_again():
    at = opened(PAGE)
    for order in ("attention", "occlusion"):
        at.button(key=f"mutate-{order}").click().run()
        assert not at.exception
        assert at.query_params["edits"].count(",") == 3


def test_chinese_quizzes_name_the_kinds_in_chinese(monkeypatch):
    monkeypatch.setattr(i18n, "language", lambda: "zh")  # the test's own thread has no session
    at = opened(PAGE, "zh", part="check")
    asked = " ".join(radio.label for radio in at.radio)
    kinds = [title("zh", f"s6_3.kind.{k}") for k in ("donor", "acceptor", "neither")]
    assert any(kind in asked for kind in kinds)
    assert not any(word in asked for word in ("donor", "acceptor", "neither", "s6_3."))
    at = opened(PAGE, "zh")
    at.radio(key="guess").set_value("other").run()
    at.button(key="predict-act").click().run()
    said = " ".join(m.value for m in (*at.success, *at.info))
    assert any(kind in said for kind in kinds)
    assert not any(word in said for word in ("donor", "acceptor", "neither", "s6_3."))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_which_of_several_sequences_is_read_is_said(lang, monkeypatch):
    monkeypatch.setattr(i18n, "language", lambda: lang)
    at = opened(PAGE, lang)
    key = "6.3:input-dna"
    at.text_area(key=key).set_value(f">one\nACGT\n>two\n{'ACGT' * 30}\n>three\nACGT").run()
    wanted = title(lang, "s6_3.records").format(number=2, of=3, name="two")
    assert any(wanted == i.value for i in at.info)


def test_an_emptied_field_warns_once():
    for model in experiment.MODELS:
        at = opened(PAGE, molecule=model)
        at.text_area(key=INPUTS[model]).set_value("AC").run()
        at.text_area(key=INPUTS[model]).set_value("").run()
        assert len(at.warning) == 1
        key = "refused.smiles_empty" if model == "drug" else "refused.fasta_empty"
        assert title("en", key)[:14] in at.warning[0].value


def test_unknown_letters_and_dna_for_a_protein_are_said():
    at = opened(PAGE)
    at.text_area(key="6.3:input-dna").set_value("N" * 90).run()
    assert any("60" in w.value for w in at.warning)
    at = opened(PAGE, molecule="drug")
    at.text_area(key="6.3:input-target").set_value("ACGT" * 5).run()
    assert any(title("en", "s6_3.like_dna") == w.value for w in at.warning)
    at.text_area(key="6.3:input-target").set_value("ACGT" * 30).run()
    assert any(title("en", "refused.fasta_dna") in w.value for w in at.warning)


def test_heavy_methanol_is_drawn():
    at = opened(PAGE, molecule="drug", smiles="[2H]C([2H])([2H])O")
    assert not at.warning
    assert "CO" in words(at)


def test_what_was_measured_is_cited():
    assert "1046" in words(opened(PAGE, molecule="drug"))
    assert "1046" not in words(opened(PAGE, molecule="drug", smiles="CCO"))
