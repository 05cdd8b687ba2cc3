"""Lesson 6.3 on its trained models: sites, occlusion, motifs, samples, quiz and challenge."""

import dataclasses

import numpy as np
import pytest
import torch

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.checkpoints.manifests import read_manifest
from attn_core.contract.selection import Selection
from attn_core.inputs.refused import Refused
from attn_core.lessons.s6_3_bioinformatics import (
    drug,
    evidence,
    experiment,
    genome,
    long_charts,
    protein,
    quiz,
    recorded,
    views,
)
from attn_core.lessons.s6_3_bioinformatics.charts import information, logo_letters
from attn_core.lessons.s6_3_bioinformatics.samples import samples, text
from attn_core.models.drug_target import CROSS, STRIDE
from attn_core.models.sequence import ids_of


@pytest.fixture(scope="module")
def results():
    return {m: experiment.run(experiment.Config(m)) for m in experiment.MODELS}


def test_the_known_boundaries_of_a_gene_are_found(results):
    details = results["genome"].details
    calls = {s["boundary"]: s["kind"] for s in details["sites"]}
    assert [calls.get(k) for k in details["known"]] == ["D", "A", "D"]


def test_a_scan_is_its_windows_one_by_one():
    sequence = genome.record_of(text("genome", "hbb")).sequence[:90]
    loaded = zoo.get(genome.CHECKPOINT)
    found = genome.scan(sequence)
    assert found.shape == (31, 3)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    for start in (0, 17, 30):
        ids = torch.tensor([ids_of(sequence[start : start + 60], "ACGTN")])
        np.testing.assert_allclose(
            found[start], loaded.module(ids)[0].softmax(-1)[0].numpy(), atol=1e-5
        )


def test_occlusion_is_what_mutating_by_hand_costs(results):
    result = results["genome"]
    window, kind = result.details["window"], result.details["kind"]
    place = int(np.argmax(result.details["lost"]))

    def odds(p):
        return np.log(p / (1 - p))

    before = views.probability([window], kind)[0]
    others = [window[:place] + b + window[place + 1 :] for b in "ACGT" if b != window[place]]
    lost = [odds(before) - odds(p) for p in views.probability(others, kind)]
    assert result.details["lost"][place] == pytest.approx(np.mean(lost), abs=2e-2)
    assert views.grid(result)["ACGT".index(window[place]), place] == 0


def test_mutations_change_the_window_and_nothing_else():
    config = experiment.Config(edits="272C")
    result, before = experiment.run(config), experiment.run(experiment.before(config))
    assert result.details["at"] == before.details["at"]
    changed = [i for i in range(60) if result.keys[i] != before.keys[i]]
    assert [result.details["at"] + i + 1 for i in changed] == [272]
    assert genome.mutated("GATT", "") == "GATT"
    for wrong in ("x", "1", "1AC", "1A,,2C", "1Z", ",".join(f"{i}A" for i in range(1, 40))):
        with pytest.raises(ValueError, match="edit"):
            experiment.Config(edits=wrong)
    with pytest.raises(Refused, match=r"refused\.window"):
        experiment.run(experiment.Config(dna="ACGT" * 16, at=60))


def test_the_logo_s_information_is_schneider_s():
    logo = genome.logo("D")
    bits = information(logo)
    assert bits[30] == pytest.approx(2, abs=0.2)
    assert bits[31] == pytest.approx(2, abs=0.2)
    assert information(np.full((1, 4), 0.25))[0] == 0
    half = information(np.array([[0.5, 0.5, 0, 0]]))[0]
    assert half == pytest.approx(1)
    assert information(np.array([[0.5, 0.5, 0, 0]]), 100)[0] == pytest.approx(
        1 - 3 / (2 * np.log(2) * 100)
    )
    rows = logo_letters(logo, 30)
    heights = np.zeros(60)
    for r in rows:
        heights[r["place"]] += r["to"] - r["from"]
    np.testing.assert_allclose(heights, bits, atol=5e-4)  # rounded to four places
    assert {r["site"] for r in rows} == set(range(-30, 31)) - {0}
    assert evidence.core(logo) == sorted(np.argsort(-bits)[:10].tolist())


def test_shipped_weights_name_what_the_manifest_says():
    """The known chains of the test set that are shown are as right as the page says."""
    for name in ("first", "second"):
        config = experiment.Config("protein", protein=text("protein", name))
        result = experiment.run(config)
        truth = samples()["protein"][name]["states"]
        same = [a == b for a, b in zip(result.details["states"], truth, strict=True)]
        assert result.numbers["q3"] == pytest.approx(np.mean(same))
    assert protein.runs_of("HHC") == [("H", 0, 1), ("C", 2, 2)]


def test_masking_a_residue_is_what_reading_it_as_unknown_does():
    chain = text("protein", "ubiquitin")
    found = protein.masked(chain, 30)
    place = found["places"][int(np.argmax(found["lost"]))]
    sequence = protein.record_of(chain).sequence
    cut = f">x\n{sequence[:place]}X{sequence[place + 1 :]}"
    before, after = (protein.run(c, None, "cpu").details for c in (chain, cut))
    state = before["states"][30]
    lost = before["probabilities"][state][30] - after["probabilities"][state][30]
    assert max(found["lost"]) == pytest.approx(lost, abs=2e-3)


def test_motifs_of_two_kinases_stand_where_the_textbook_says():
    chains = {n: drug.target_of(text("target", n)).sequence for n in ("p38", "cdk2")}
    for name, hrd, dfg in (("p38", 148, 168), ("cdk2", 125, 145)):
        found = evidence.motifs(chains[name])
        assert [(m, first + 1) for m, first, _ in found] == [("HRD", hrd), ("DFG", dfg)]
        assert chains[name][hrd - 1 : hrd + 2] == "HRD"
        assert chains[name][dfg - 1 : dfg + 2] == "DFG"
    assert evidence.motifs("MKT" * 40) == []


def test_the_track_is_the_attention_s_own(results):
    result = results["drug"]
    cross = result.traces["cross"].weights[0].float().mean(0)
    pooled = result.traces["pool"].weights[0, 0, 0].float()
    np.testing.assert_allclose(result.details["track"], (pooled @ cross).numpy(), atol=2e-3)
    assert sum(result.details["track"]) == pytest.approx(1, abs=5e-3)
    assert len(result.keys) == -(-len(result.details["chain"]) // STRIDE)
    assert result.numbers["kd_nm"] == pytest.approx(10 ** (9 - result.numbers["pkd"]))
    assert result.details["seen_drug"]
    assert result.details["seen_chain"]


def test_the_answer_does_not_depend_on_how_a_drug_is_written(results):
    other = "Fc1ccc(cc1)-c1nc([nH]c1-c1ccncc1)-c1ccc(S(C)=O)cc1"
    found = experiment.run(experiment.Config("drug", smiles=other))
    assert found.details["smiles"] != ""
    same = experiment.run(experiment.Config("drug", smiles=found.details["smiles"]))
    assert same.numbers["pkd"] == found.numbers["pkd"]


def test_drugs_compared_are_drugs_run(results):
    rows = drug.compared({"x": text("drug", "sb203580")}, text("target", "p38"))
    assert rows[0]["pkd"] == pytest.approx(results["drug"].numbers["pkd"], abs=1e-4)


def test_masked_segments_and_atoms_are_one_each(results):
    found = views.drug_masked(experiment.Config("drug"))
    assert len(found["segments"]) == len(results["drug"].keys)
    assert len(found["atoms"]) == len(results["drug"].queries)


@pytest.mark.parametrize("model", experiment.MODELS)
def test_interventions_are_obeyed(model, results):
    site = {"genome": "encoder.1", "protein": "encoder.2", "drug": "cross"}[model]
    cut = Intervention(tokens=((site, 2),))
    after = experiment.run(experiment.Config(model), cut)
    assert (after.traces[site].weights[..., 2] == 0).all()
    assert after.numbers != results[model].numbers


def test_attention_and_effect_part_on_the_default_window(results):
    rows = {(r["order"], r["n"]): r["probability"] for r in views.deletion(experiment.Config())}
    assert rows["occlusion", 4] < rows["random", 4]
    assert {n for _, n in rows} == set(range(views.MOST + 1))
    found = quiz.reveal(experiment.Config(), "cpu")
    assert quiz.truth(found) in quiz.GUESSES
    assert found["mattered_changed"]
    assert quiz.truth({"attended_changed": True, "mattered_changed": False}) == "attended"
    assert quiz.truth({"attended_changed": True, "mattered_changed": True}) == "both"
    assert quiz.truth({"attended_changed": False, "mattered_changed": False}) == "neither"


@pytest.mark.parametrize("model", experiment.MODELS)
def test_questions_are_graded_from_the_run(model, results):
    config, result = experiment.Config(model), results[model]
    opened = experiment.opened(result)
    opened = dataclasses.replace(opened, query=experiment.default_row(result))
    made = quiz.questions(config, result, opened)
    assert len(made) == 3
    where = made[0]
    row = result.traces[opened.site].weights[0, opened.head, opened.query]
    best = int(row.float().argmax())
    assert where.options[where.answer] == f"{result.names(opened.site)[1][best]} ({best + 1})"
    if model == "genome":
        lost = result.details["lost"]
        assert made[1].options[made[1].answer] == result.keys[int(np.argmax(lost))]


def test_the_challenge_can_be_done_and_not_by_two_mutations(results):
    result = results["genome"]
    at, weights = result.details["at"], result.details["weights"]
    reached = []
    for place in np.argsort(-np.array(result.details["lost"]))[:3].tolist():
        base = views.PARTNER[result.details["window"][place]]
        config = experiment.Config(edits=f"{at + place + 1}{base}")
        after = experiment.run(config)
        goal = quiz.challenge(config, Intervention(), after)
        assert goal.reached == (
            after.details["kind"] != result.details["kind"] and weights[place] < 1 / 60
        )
        reached.append(goal.reached)
    assert any(reached)
    two = experiment.Config(edits=f"{at + 1}A,{at + 2}C")
    assert not quiz.challenge(two, Intervention(), experiment.run(two)).reached
    other = experiment.Config("protein")
    assert quiz.challenge(other, Intervention(), results["protein"]).progress == 0


def test_false_alarms_fall_with_the_threshold_and_the_rule_has_more():
    rows = recorded.false_alarms(
        lambda *_: None, lambda: False, dna=text("genome", "random"), seed=1
    )
    calls = [r["per_thousand"] for r in rows[:-1]]
    assert calls == sorted(calls, reverse=True)
    assert rows[-1]["per_thousand"] > calls[0]


def test_selections_out_of_range_are_met(results):
    for model, result in results.items():
        site = next(iter(result.traces))
        assert experiment.reading(result, site, 99, 10_000)
        assert quiz.questions(experiment.Config(model), result, Selection(site, 9, 10_000))


def test_configs_are_checked():
    for wrong in ({"model": "x"}, {"at": -2}, {"threshold": 0.123}, {"dna": "A" * 200_000}):
        with pytest.raises(ValueError, match="is|longer"):
            experiment.Config(**wrong)


@pytest.mark.parametrize(
    ("checkpoint", "metric", "least"),
    [
        ("splice", "accuracy_splice", 0.95),
        ("protein_structure", "q3", 0.64),
        ("drug_target", "concordance_index", 0.80),
    ],
)
def test_metrics_are_above_their_baselines(checkpoint, metric, least):
    found = read_manifest(checkpoint).metrics[metric]
    assert found.value >= least
    assert found.value > (found.baseline or 0)
    assert recorded.card(
        {"splice": "genome", "protein_structure": "protein"}.get(checkpoint, "drug")
    )


@pytest.mark.parametrize("order", views.ORDERS[:2])
def test_mutating_what_stands_first_starts_again_in_its_window(order, results):
    result, at = results["genome"], results["genome"].details["at"]
    far = at + genome.WINDOW + 9
    config = experiment.Config(edits=f"{at + 1}A,{at + 60}C,{far}G")
    found = dict(genome.edits_of(views.edits_for(config, result, order)))
    places = {at + p + 1 for p in views.top(result, order)}
    assert set(found) == places | {far}
    window = result.details["original"]
    assert all(found[p] == views.PARTNER[window[p - at - 1]] for p in places)
    again = experiment.Config(edits=genome.edits_text(tuple(found.items())))
    assert dict(genome.edits_of(views.edits_for(again, result, order))) == found


@pytest.mark.parametrize(
    ("smiles", "target", "kd_nm"),
    [("sb203580", "p38", 12), ("alvocidib", "cdk2", 550), ("imatinib", "p38", 10_000)],
)
def test_what_was_measured_stands_beside_the_estimate(smiles, target, kd_nm):
    config = experiment.Config("drug", smiles=text("drug", smiles), target=text("target", target))
    result = experiment.run(config)
    found = drug.beside(result)
    assert found["measured"] == pytest.approx(9 - np.log10(kd_nm))
    off = found["by"] if found["way"] == "high" else -found["by"]
    assert result.numbers["pkd"] - off == pytest.approx(found["measured"])
    assert float(found["times"]) == pytest.approx(10 ** found["by"], rel=0.06)
    assert found["none"] == (kd_nm == 10_000)


def test_what_was_not_measured_is_not_made_up():
    config = experiment.Config("drug", smiles=text("drug", "aspirin"))
    assert drug.beside(experiment.run(config)) is None
    rows = drug.compared({"x": text("drug", "caffeine")}, text("target", "p38"))
    assert rows[0]["measured"] is None


def test_the_most_attended_residue_is_masked_however_far_it_is():
    chain = text("protein", "first")
    found = protein.masked(chain, 110, also=(0,))
    assert 0 in found["beyond"]
    assert not set(found["beyond"]) & set(range(110 - protein.AROUND, 148))
    assert len(found["places"]) == len(found["lost"]) == len(found["weight"])
    whole = protein.run(chain, None, "cpu")
    mean = torch.stack([t.weights[0, :, 110].float().mean(0) for t in whole.traces.values()])
    assert int(mean.mean(0).argmax()) in found["places"]


def test_unknown_letters_of_the_window_are_counted(results):
    assert views.unknown(results["genome"]) == {"n": 0, "of": 60, "mostly": False}
    result = experiment.run(experiment.Config(dna="N" * 80))
    assert views.unknown(result) == {"n": 60, "of": 60, "mostly": True}


def test_the_record_that_is_read_says_which_it_is():
    config = experiment.Config(dna=f">a\nACGT\n>b\n{'ACGT' * 20}\n>c\n{'ACGT' * 20}")
    found = experiment.record(config)
    assert (found.name, found.number, found.of) == ("b", 2, 3)
    assert [experiment.record(experiment.Config(m)).of for m in experiment.MODELS] == [1, 1, 1]


def test_no_mutation_adds_a_pyrimidine():
    assert all(views.PARTNER[letter] in "AG" for letter in "ACGT")
    assert all(views.PARTNER[letter] != letter for letter in "ACGT")


def test_the_tract_of_an_acceptor_is_needed_and_as_many_letters_elsewhere_are_not():
    config = experiment.Config(at=242)
    result = experiment.run(config)
    window, tract = result.details["window"], views.tract(result)
    assert result.details["kind"] == "A"
    assert len(tract) == 12
    near = range(genome.MIDDLE - 18, genome.MIDDLE + 2)
    elsewhere = [i for i, c in enumerate(window) if c in "CT" and i not in near][-12:]
    assert len(elsewhere) == 12
    before, gone, other = views.probability(
        [window, views.swapped(window, tract), views.swapped(window, elsewhere)], "A"
    )
    assert before > 0.95
    assert gone < 0.2
    assert other > 0.9
    edits = views.edits_for(config, result, views.TRACT)
    after = experiment.Config(at=242, edits=edits)
    assert experiment.run(after).numbers["acceptor"] == pytest.approx(gone, abs=1e-3)
    found = views.mutated(after, result)
    assert found["n"] == 12
    assert found["weight"] == pytest.approx(sum(result.details["weights"][p] for p in tract))


def test_a_donor_has_no_tract():
    assert views.tract(experiment.run(experiment.Config(at=465))) == []


def test_known_boundaries_are_marked_above_the_bars():
    words = {"title": "", "x": "", "series": ""}
    drawn = long_charts.scan({"a": [0.9] * 9}, 3, (0, 5), (4,), words).to_dict()["layer"][-1]
    assert drawn["mark"]["type"] == "point"
    assert drawn["encoding"]["y"]["value"] < 0


def test_each_model_has_a_challenge_of_its_own():
    for model in ("protein", "drug"):
        config = experiment.Config(model=model)
        plain = experiment.run(config)
        goal = quiz.challenge(config, Intervention(), plain)
        assert (goal.key, goal.reached) == (f"s6_3.challenge.{model}", False)
        site = next(iter(plain.traces)) if model == "protein" else CROSS
        met = []
        for key in range(len(plain.traces[site].weights[0, 0, 0])):
            changes = Intervention(tokens=((site, key),))
            met.append(quiz.challenge(config, changes, experiment.run(config, changes)).reached)
            if True in met and False in met:
                break
        assert True in met
        assert False in met
        two = Intervention(tokens=((site, 0), (site, 1)))
        assert not quiz.challenge(config, two, experiment.run(config, two)).reached


def test_an_estimate_that_is_none_is_called_none():
    config = experiment.Config(model="drug", smiles="O")
    assert recorded.at_floor(experiment.run(config).numbers["pkd"])
    assert not recorded.at_floor(7.0)
