"""Lesson 6.3 as a learner uses it: upload, mutate, click a residue, draw a drug, get told."""

import re

from conftest import painted, settled, view, wait_painted
from playwright.sync_api import expect

PATH = "/6-3-bioinformatics"


def ready(page, url):
    page.goto(url)
    settled(page)


def answer(page):
    return page.locator("h3").first.inner_text()


def test_a_mutation_changes_the_answer_and_is_undone(page, server):
    ready(page, f"{server}{PATH}")
    was = answer(page)
    assert "acceptor" in was
    page.get_by_role("button", name=re.compile("matter most")).click()
    expect(page).to_have_url(re.compile("edits="))
    expect(page.locator("h3").first).not_to_have_text(was)
    page.get_by_role("button", name=re.compile("Mutations: ")).click()
    expect(page.locator("h3").first).to_have_text(was)
    expect(page).not_to_have_url(re.compile("edits="))


def test_the_most_attended_letters_hardly_matter_on_the_default_window(page, server):
    ready(page, f"{server}{PATH}")
    page.get_by_role("button", name=re.compile("most attended")).click()
    expect(page).to_have_url(re.compile("edits="))
    expect(page.get_by_text("before your changes").first).to_be_visible()
    assert "acceptor" in answer(page)


def test_an_uploaded_gene_is_scanned(page, server, tmp_path):
    ready(page, f"{server}{PATH}")
    path = tmp_path / "genes.fa"
    path.write_text(">first\n" + "acgt" * 20 + "\n>second\n" + "ttgca" * 30 + "\n")
    page.get_by_role("button", name=re.compile("File")).click()
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name=re.compile(r"Use its letters \(80\)")).click()
    expect(page.get_by_label(re.compile("DNA as FASTA"))).to_have_value(">first\n" + "ACGT" * 20)
    expect(page.get_by_text(re.compile("Sites called.*: 6"))).to_have_count(0)  # those were HBB's
    expect(page.get_by_text(re.compile(r"Sites called.*: \d"))).to_be_visible()


def test_a_protein_in_place_of_dna_is_pointed_at(page, server):
    ready(page, f"{server}{PATH}")
    field = page.get_by_label(re.compile("DNA as FASTA"))
    field.fill(">p\nMKTAYIAKQR")
    field.press("Control+Enter")
    expect(page.get_by_text(re.compile("character 6 of line 2"))).to_be_visible()
    assert "acceptor" in answer(page)


def test_three_models_on_one_page(page, server):
    ready(page, f"{server}{PATH}")
    count = painted(page)
    page.get_by_role("radio", name="Protein").click()
    expect(page.locator("h3").first).to_have_text(re.compile("helix"))
    wait_painted(page, count)
    assert view(page)["n"] == [148, 148]
    page.get_by_role("radio", name="Drug").click()
    expect(page.locator("h3").first).to_have_text(re.compile("pKd"))
    page.wait_for_function(
        "() => document.querySelector('[data-painted]').attnViewer.view.n?.[1] === 45"
        " || (document.querySelector('[data-painted]').attnViewer.view.header ?? {}).n?.[1] === 45"
    )


def test_a_click_on_a_residue_opens_its_row(page, server):
    ready(page, f"{server}{PATH}?molecule=protein")
    chart = page.locator("[data-testid=stVegaLiteChart] svg, [data-testid=stVegaLiteChart] canvas")
    expect(chart.first).to_be_visible()
    box = chart.first.bounding_box()
    found = []
    for share in (0.2, 0.25, 0.3):  # the ribbon lies under the legend
        page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + share * box["height"])
        page.wait_for_timeout(1500)
        found.append("open=" in page.url)
    assert any(found)


def test_bad_smiles_are_pointed_at_and_the_molecule_stays(page, server):
    ready(page, f"{server}{PATH}?molecule=drug")
    field = page.get_by_label("Drug as SMILES")
    field.fill("c1ccccc(C")
    field.press("Control+Enter")
    expect(page.get_by_text(re.compile("“\\(” at character 8 is never closed"))).to_be_visible()
    expect(page.locator("[data-testid=stImage] img").first).to_be_visible()
    field.fill("CC(=O)Oc1ccccc1C(=O)O")
    field.press("Control+Enter")
    expect(page.get_by_text(re.compile("Heavy atoms, numbered: 13"))).to_be_visible()


def test_a_link_restores_drug_and_target(page, fresh, server):
    query = "molecule=drug&smiles=Cn1cnc2c1c(%3DO)n(C)c(%3DO)n2C&open=cross~2~3"
    ready(page, f"{server}{PATH}?{query}")
    other = fresh()
    ready(other, page.url)
    for each in (page, other):
        expect(each.get_by_text(re.compile("Heavy atoms, numbered: 14"))).to_be_visible()
    assert answer(page) == answer(other)
    assert view(page)["open"] == view(other)["open"]


def test_the_prediction_is_made_and_met(page, server):
    ready(page, f"{server}{PATH}")
    page.get_by_role("button", name=re.compile("Predict first")).click()
    page.get_by_text("Only when the others are mutated").click()
    page.get_by_role("button", name="Mutate them").click()
    expect(page.get_by_text(re.compile("With the most attended letters mutated"))).to_be_visible()
    expect(page.get_by_text(re.compile("does not prove that the model uses it"))).to_be_visible()
