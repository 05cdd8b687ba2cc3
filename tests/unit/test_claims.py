"""The verdict rule, the intervals under it, and the files of claims."""

import dataclasses
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_core.contract.registry import LESSONS
from attn_core.evidence import files
from attn_core.evidence.claims import Claim, Condition, Measure, not_tested
from attn_core.evidence.files import dump, load, parse, write
from attn_core.evidence.intervals import mean_interval, student_t_probability, student_t_quantile
from attn_core.evidence.ledger import table
from attn_core.evidence.verdicts import combine, verdict

# Two-sided 95 % critical values as printed in NIST/SEMATECH e-Handbook, table 1.3.6.7.2.
PRINTED = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 10: 2.228, 30: 2.042}
numbers = st.floats(-100, 100).map(lambda x: round(x, 3))
pairs = st.lists(st.tuples(numbers, numbers), min_size=2, max_size=6)


def condition(values, baseline, key="all", **more) -> Condition:
    """A condition with seeds "0", "1", …"""
    number = [(str(i), float(v)) for i, v in enumerate(values)]
    base = [(str(i), float(v)) for i, v in enumerate(baseline)]
    return Condition(key, tuple(number), tuple(base), more.pop("n", 100), **more)


def claim(*conditions, kind="measured", right=None, **measure) -> Claim:
    """A claim about an error rate of which less is better, by 0.02 at least."""
    spread = "interval" if kind in ("measured", "reworded") else "range"
    fields = {"better": "lower", "smallest_effect": 0.02, "spread": spread} | measure
    measured = Measure("word_error_rate", "fraction", conditions=tuple(conditions), **fields)
    return Claim("1.a", "1", kind, "python -m x", "recorded", measured, right)


@pytest.mark.parametrize(("degrees", "value"), PRINTED.items())
def test_t_quantile_is_the_printed_table(degrees: int, value: float) -> None:
    assert student_t_quantile(0.95, degrees) == pytest.approx(value, abs=6e-4)


@given(st.integers(1, 60), st.floats(0, 50))
def test_t_probability_grows_with_degrees_and_t(degrees: int, t: float) -> None:
    here = student_t_probability(t, degrees)
    assert 0 <= here <= 1
    assert student_t_probability(t, degrees + 1) >= here - 1e-12
    assert student_t_probability(t + 1, degrees) >= here - 1e-12


def test_interval_is_the_textbook_one() -> None:
    # d = 1, 2, 3: mean 2, s = 1, t = 4.3027, half = 4.3027 / sqrt(3) = 2.4841.
    mean, low, high = mean_interval([1.0, 2.0, 3.0])
    assert (mean, low, high) == pytest.approx((2, 2 - 2.48414, 2 + 2.48414), abs=1e-4)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: mean_interval([]), "0 differences"),
        (lambda: student_t_quantile(1.0, 3), "1.0"),
        (lambda: student_t_probability(-1.0, 3), "-1.0"),
        (lambda: student_t_probability(1.0, 0), "degrees is 0"),
    ],
)
def test_intervals_name_the_bad_value(call, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


@pytest.mark.parametrize(
    ("drop", "name"),
    [
        (0.02, "holds"),
        (0.0201, "holds"),
        (0.0199, "does_not_hold"),
        (0.0, "does_not_hold"),
        (-0.5, "does_not_hold"),
    ],
)
def test_boundary_of_the_smallest_effect(drop: float, name: str) -> None:
    found = verdict(claim(condition([0.3 - drop] * 3, [0.3] * 3)))
    assert found.name == name
    assert found.conditions[0].effect == pytest.approx(drop)


def test_wide_interval_is_inconclusive_and_one_seed_too() -> None:
    assert verdict(claim(condition([0.1, 0.3, 0.2], [0.3] * 3))).name == "inconclusive"
    one = verdict(claim(condition([0.01], [0.9])))
    assert one.name == "inconclusive"
    assert math.isinf(one.conditions[0].high)


def test_one_run_is_enough_where_nothing_varies() -> None:
    passed = claim(condition([1], [1]), kind="exact", better="higher", smallest_effect=0.0)
    assert verdict(passed).name == "holds"
    mixed = condition([1, 0], [1, 1])
    assert verdict(claim(mixed, kind="exact", better="higher")).name == "does_not_hold"
    mixed = condition([2, 0], [1, 1])
    assert verdict(claim(mixed, kind="exact", better="higher")).name == "inconclusive"


@pytest.mark.parametrize(
    ("value", "name"), [(3.5, "holds"), (2.5, "holds"), (3.6, "does_not_hold")]
)
def test_equal_is_two_sided(value: float, name: str) -> None:
    one = claim(condition([value], [3]), kind="exact", better="equal", smallest_effect=0.5)
    assert verdict(one).name == name


def test_conditions_that_differ_say_when() -> None:
    good, bad = condition([0.1] * 3, [0.3] * 3, "long"), condition([0.3] * 3, [0.3] * 3, "short")
    found = verdict(claim(bad, good))
    assert (found.name, found.holds_when) == ("holds_when", ("long",))
    assert found.headline.key == "long"
    required = dataclasses.replace(bad, required=True)
    found = verdict(claim(good, required))
    assert (found.name, found.headline.key) == ("does_not_hold", "short")


def test_untested_conditions_are_not_failures() -> None:
    good, none = condition([0.1] * 3, [0.3] * 3, "long"), condition([], [], "short")
    assert verdict(claim(none)).name == "not_tested"
    assert verdict(claim(good, none)).name == "holds_when"
    assert verdict(not_tested("1.d", "1")).name == "not_tested"
    untested = dataclasses.replace(none, required=True)
    assert verdict(claim(good, untested)).name == "inconclusive"


def test_wrong_as_stated_needs_a_contradiction_and_a_right_statement_that_holds() -> None:
    good, bad = condition([0.1] * 3, [0.3] * 3), condition([0.3] * 3, [0.3] * 3)
    noisy = condition([0.1, 0.3, 0.2], [0.3] * 3)

    def reworded(stated: Condition, right: Condition | None) -> str:
        measured = claim(right).measure if right else None
        return verdict(claim(stated, kind="reworded", right=measured)).name

    assert reworded(bad, good) == "wrong_as_stated"
    assert reworded(bad, None) == "wrong_as_stated"
    assert reworded(bad, bad) == "does_not_hold"
    assert reworded(bad, noisy) == "does_not_hold"
    assert reworded(good, good) == "holds"
    assert reworded(noisy, good) == "inconclusive"


@given(pairs, st.randoms(use_true_random=False))
def test_order_of_seeds_is_irrelevant(drawn: list[tuple[float, float]], rng) -> None:
    straight = condition([v for v, _ in drawn], [b for _, b in drawn])
    values, baseline = list(straight.values), list(straight.baseline)
    rng.shuffle(values)
    rng.shuffle(baseline)
    mixed = dataclasses.replace(straight, values=tuple(values), baseline=tuple(baseline))
    a, b = verdict(claim(straight)).conditions[0], verdict(claim(mixed)).conditions[0]
    assert a.verdict == b.verdict
    assert (a.effect, a.low, a.high) == pytest.approx((b.effect, b.low, b.high), abs=1e-9)


@given(pairs, st.floats(0, 10))
def test_sign_symmetry(drawn: list[tuple[float, float]], least: float) -> None:
    """Less of x is better exactly as more of −x is."""
    one = condition([v for v, _ in drawn], [b for _, b in drawn])
    other = condition([-v for v, _ in drawn], [-b for _, b in drawn])
    low = verdict(claim(one, better="lower", smallest_effect=least)).conditions[0]
    high = verdict(claim(other, better="higher", smallest_effect=least)).conditions[0]
    assert (low.verdict, low.effect, low.low) == (high.verdict, high.effect, high.low)


@given(pairs, st.floats(0, 10), st.floats(0, 10))
def test_a_smaller_demand_never_turns_holds_into_does_not_hold(drawn, a: float, b: float) -> None:
    rank = {"does_not_hold": 0, "inconclusive": 1, "holds": 2}
    one = condition([v for v, _ in drawn], [b for _, b in drawn])
    names = [verdict(claim(one, smallest_effect=least)).name for least in sorted((a, b))]
    assert rank[names[0]] >= rank[names[1]]


@given(st.lists(st.tuples(st.floats(0.1, 9), st.floats(0.1, 9)), min_size=2, max_size=5))
def test_ratio_ignores_the_unit(drawn: list[tuple[float, float]]) -> None:
    """Milliseconds or seconds: the same verdict, the same factor."""
    results = []
    for unit in (1.0, 1000.0):
        one = condition([v * unit for v, _ in drawn], [b * unit for _, b in drawn])
        results.append(verdict(claim(one, comparison="ratio", smallest_effect=1.1)).conditions[0])
    assert results[0].effect == pytest.approx(results[1].effect, rel=1e-9)
    mean_log = math.fsum(math.log(b / v) for v, b in drawn) / len(drawn)
    assert results[0].effect == pytest.approx(math.exp(mean_log), rel=1e-9)


@given(st.lists(st.sampled_from([([0.1] * 2, "holds"), ([0.3] * 2, "does_not_hold")]), min_size=1))
def test_combine_by_cases(drawn) -> None:
    made = [condition(v, [0.3] * 2, f"c{i}") for i, (v, _) in enumerate(drawn)]
    names = {name for _, name in drawn}
    found = verdict(claim(*made))
    assert found.name == (names.pop() if len(names) == 1 else "holds_when")
    assert combine(found.conditions) == found.name


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"better": "more"}, "'more'"),
        ({"smallest_effect": -1.0}, "-1.0"),
        ({"smallest_effect": float("nan")}, "nan"),
        ({"comparison": "ratio", "smallest_effect": 0.5}, "0.5"),
        ({"better": "equal"}, "needs a range"),
        ({"spread": "range"}, "spread is 'range'"),
    ],
)
def test_measure_names_the_bad_value(change: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        claim(condition([1, 2], [1, 2]), **change)


@pytest.mark.parametrize(
    ("values", "baseline", "said"),
    [
        ((("0", 1.0),), (("1", 1.0),), "must have them too"),
        ((("0", 1.0), ("0", 2.0)), (("0", 1.0), ("0", 2.0)), "occur once"),
        ((("0", math.inf),), (("0", 1.0),), "finite"),
    ],
)
def test_condition_names_the_bad_value(values, baseline, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Condition("all", values, baseline, 1)


def test_ratio_refuses_what_has_no_logarithm() -> None:
    with pytest.raises(ValueError, match="above 0"):
        claim(condition([0, 1], [1, 1]), comparison="ratio", smallest_effect=1.5)


@given(pairs)
def test_file_round_trip(drawn: list[tuple[float, float]]) -> None:
    one = claim(condition([v for v, _ in drawn], [b for _, b in drawn]))
    assert parse(dump(one)) == one
    assert "verdict" not in dump(one)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"id": "1.d", "lesson": "1", "kind": "not_tested", "verdict": "holds"}', "verdict"),
        ('{"id": "1.d", "lesson": "1"}', "lacks"),
        ('{"id": "../x", "lesson": "1", "kind": "not_tested"}', "id is"),
        ('{"id": "1.d", "lesson": "9", "kind": "not_tested"}', "'9'"),
        ("[]", "must be an object"),
        (json.dumps({"x": "y" * 100_001}), "at most"),
    ],
)
def test_parse_refuses(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(text)


def test_parse_refuses_nan_and_text_for_numbers() -> None:
    text = dump(claim(condition([0.5, 0.25], [1, 1])))
    for bad in ("NaN", "true", '"1"'):
        with pytest.raises(ValueError, match="number"):
            parse(text.replace("0.25", bad))


def test_load_checks_the_name(tmp_path: Path) -> None:
    path = write(claim(condition([0.1] * 3, [0.3] * 3)), tmp_path)
    assert load("1.a", tmp_path).id == "1.a"
    path.rename(tmp_path / "1.b.json")
    with pytest.raises(ValueError, match=r"'1\.b'"):
        load("1.b", tmp_path)


def test_coverage_comes_from_manifests(tmp_path: Path) -> None:
    wanted = Condition("speech", (), (), 0, metric="digit_error_rate", lessons=("5.2",))
    other = Condition("images", (), (), 0, metric="iou", better="higher", lessons=("4.1",))
    write(claim(wanted, other, kind="coverage"), tmp_path)
    metric = {"digit_error_rate": {"value": 0.02, "baseline": 0.9, "n": 50}}
    manifests = [
        {"id": "a", "lesson": ["5.2", "5.3"], "metrics": metric},
        {"id": "b", "lesson": "6.1", "metrics": metric},
        {"id": "c", "lesson": "5.2", "metrics": {}},
    ]
    assert verdict(load("1.a", tmp_path, [])).name == "not_tested"
    found = verdict(load("1.a", tmp_path, manifests))
    assert (found.name, found.holds_when) == ("holds_when", ("speech",))
    assert (found.conditions[0].n_seeds, found.conditions[0].n) == (1, 50)
    metric["digit_error_rate"]["value"] = 0.95
    assert verdict(load("1.a", tmp_path, manifests)).name == "does_not_hold"


def test_files_on_disk_are_sound_and_listed() -> None:
    known = {claim_id for lesson in LESSONS for claim_id in lesson.claims}
    for one in files.load_all():
        assert parse(dump(one)) == one
        assert verdict(one).name
        if one.lesson in {lesson.number for lesson in LESSONS}:
            assert one.id in known, one.id
    assert table().startswith("claim")
