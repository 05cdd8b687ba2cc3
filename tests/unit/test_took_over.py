"""What happens to an object whose query is knocked out, and how it is undone."""

from attn_core.attention.interventions import Intervention
from attn_core.lessons.s4_2_detection import experiment, queries
from pages.frame import below


def _out(query):
    return Intervention(tokens=tuple((f"decoder.{i}.self", query) for i in experiment.LAYERS))


def test_another_query_takes_the_object():
    config = experiment.Config()
    before = experiment.run(config, None, "cpu")
    assert queries.took_over(before, before) == ()
    heirs = []
    for query in before.details["found"]:
        after = experiment.run(config, _out(query), "cpu")
        found = queries.took_over(after, before)
        assert query not in found
        assert set(found) <= set(after.details["found"]) - set(before.details["found"])
        heirs += found
    assert heirs


def test_a_query_that_is_out_in_every_layer_is_one_change():
    config = experiment.Config()
    before = experiment.run(config, None, "cpu")
    first, second = before.details["found"][:2]
    edits = Intervention(tokens=_out(first).tokens + _out(second).tokens)
    items = below.change_items(edits, before, {})
    assert [kind for kind, *_ in items] == ["tokens", "tokens"]
    assert len({words["name"] for _, _, words, _ in items}) == 2
    assert items[0][3]["tokens"] == _out(second).tokens
