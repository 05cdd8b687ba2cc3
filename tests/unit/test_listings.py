"""The machinery that runs a document's listings, on a document made up here."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from attn_core.evidence.files import load_all
from attn_core.evidence.verdicts import verdict
from attn_core.listings import execute, probes
from attn_core.listings import run as listings
from attn_core.listings.claims import LESSON_OF, write_claims
from attn_core.listings.execute import Outcome, run_listing
from attn_core.listings.run import extract, repair

RECORDED = listings.PROBES.parents[2] / "assets" / "listings" / "recorded.json"
SECRET = "a-word-of-the-document"  # noqa: S105 - must not reach the record
WORKS = f'print("{SECRET}", "torch.Size([2, 3])")\n'
RAISES = f"# {SECRET}\nprint(1)\nraise RuntimeError('no')\n"
NEVER_ENDS = "while True:\n    pass\n"
DOCUMENT = "text\n\n" + "\n".join(
    f"```python\n{code}```\n{SECRET}" for code in (WORKS, RAISES, NEVER_ENDS)
)


def test_extract_takes_python_blocks_only() -> None:
    assert extract(DOCUMENT) == [WORKS, RAISES, NEVER_ENDS]
    assert extract("```\nx\n```\n```bash\ny\n```\n``python\nz\n``") == []


@pytest.mark.slow
def test_record_of_a_made_up_document() -> None:
    found = listings.record(DOCUMENT, timeout=3.0)
    one, two, three = (row["as_printed"] for row in found["listings"])
    assert (one["status"], one["exception"], one["shapes"]) == (0, "", [[2, 3]])
    assert (two["status"], two["exception"]) == (1, "RuntimeError")
    assert two["last_line"] == "RuntimeError: no"
    assert (three["status"], three["exception"]) == (-1, "Timeout")
    assert 3.0 <= three["seconds"] < 10
    assert SECRET not in json.dumps(found)
    assert found["listings"][0]["probes"] == {"failed": "ValueError"}  # it makes no module
    with pytest.raises(ValueError, match="3 listings"):
        write_claims(found, Path("nowhere"))


@pytest.mark.parametrize("timeout", [0.0, 1e9, float("nan")])
def test_timeout_is_bounded(timeout: float) -> None:
    with pytest.raises(ValueError, match=str(timeout)):
        run_listing("", timeout)


def test_a_listing_sees_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_SECRET", "x")
    monkeypatch.setenv("PYTHONPATH", str(listings.PROBES.parents[2]))
    assert run_listing("import os; os.environ['OUR_SECRET']").exception == "KeyError"
    assert run_listing("import attn_core").exception == "ModuleNotFoundError"


@pytest.mark.skipif(not execute.without_network(), reason="the system lets no process drop network")
def test_a_listing_has_no_network() -> None:
    code = "import socket; socket.create_connection(('1.1.1.1', 53), timeout=2)"
    assert run_listing(code).exception in ("OSError", "ConnectionRefusedError")


def outcome(line: str) -> Outcome:
    return Outcome(1, line.split(":")[0], line, [], 0.1)


MISSING = outcome("ModuleNotFoundError: No module named 'absent'")


def test_repair_adds_a_standard_import() -> None:
    code, kind, name = repair("math.pi\n", outcome("NameError: name 'math' is not defined"))
    assert (kind, name) == ("added_import", "math")
    assert run_listing(code).ran
    assert repair("spam\n", outcome("NameError: name 'spam' is not defined"))[1] == ""


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("import absent.part as p\nx = 1\n", "removed_unused_import"),
        ("from absent import p\nx = 1\n", "removed_unused_import"),
        ("import absent.part as p\nx = p\n", ""),
        ("import absent.part\nx = absent.part\n", ""),
        ("import present\nx = 1\n", ""),
    ],
)
def test_repair_removes_only_what_is_never_used(code: str, kind: str) -> None:
    changed, found, _ = repair(code, MISSING)
    assert found == kind
    assert changed == ("x = 1\n" if kind else code)


class Attends(nn.Module):
    """True self-attention: every position moves all of its own sequence."""

    def forward(self, q, k, v, mask=None):
        return torch.nn.functional.scaled_dot_product_attention(
            q, k, v, None if mask is None else mask.bool()
        )


class Averages(nn.Module):
    """A mean over the batch: leaks between sequences."""

    def forward(self, q, k, v):
        return v + v.mean(0, keepdim=True)


class Wide(nn.Module):
    """A 3 × 3 convolution where a 1 × 1 was printed; its part is called attention."""

    class Part(nn.Conv2d):
        pass

    def __init__(self, size: int) -> None:
        super().__init__()
        self.attention = self.Part(64, 64, size, padding=size // 2)
        self.first = nn.Conv2d(3, 64, 1)

    def forward(self, x):
        return self.first(x)


def test_probes_tell_attention_from_its_look_alikes() -> None:
    """Each probe must be able to say yes as well as no."""
    with torch.no_grad():
        torch.manual_seed(0)
        good = probes._heads(Attends())
        assert good["share_of_own_sequence_seen"] == 1.0
        assert good["other_sequences_seen"] == good["other_sequences_seen_4_6"] == 0.0
        assert good["shape_kept"] == 1.0
        leaky = probes._heads(Averages())
        assert leaky["other_sequences_seen"] == 4.0
        assert leaky["share_of_own_sequence_seen"] == 0.1
        exact = probes._scaled_dot_product(Attends())
        assert exact["difference_without_mask"] == exact["nan_on_empty_row"] == 0.0
        same = probes._incremental(Attends(), Attends())
        assert (same["takes_a_mask_of_its_length"], same["operations_of_its_own"]) == (1.0, 0.0)
        assert same["operations"] > 0
        assert probes._incremental(Averages(), Attends())["operations_of_its_own"] == 1.0
        assert probes._convolutions(Wide(3))["other_pixels_moved"] == 8
        assert probes._convolutions(Wide(1))["other_pixels_moved"] == 0
        assert probes._same_as(Wide(1), Wide(3))["difference_to_listing_8"] == float("inf")


def test_shapes_probe_counts() -> None:
    class OnlySingle(nn.Module):
        def forward(self, state, keys):
            return keys.view(1, 1, 10)

    found = probes._shapes_that_run(OnlySingle(), 10)
    assert found == {"shapes_tried": 16, "shapes_that_run": 1, "shapes_that_attend": 0}


def test_recorded_facts_hold_no_text_and_give_the_known_verdicts(tmp_path: Path) -> None:
    found = json.loads(RECORDED.read_text(encoding="utf-8"))
    assert RECORDED.read_text(encoding="utf-8").isascii()  # the document is Chinese
    ran = [row["id"] for row in found["listings"] if row["as_printed"]["status"] == 0]
    assert ran == ["L4", "L5", "L6", "L7", "L8", "L9"]
    assert not any("failed" in row["probes"] for row in found["listings"])
    write_claims(found, tmp_path)
    names = {claim.id: verdict(claim).name for claim in load_all(tmp_path)}
    assert list(names) == list(LESSON_OF)
    assert names.pop("L6") == "holds_when"
    assert set(names.values()) == {"does_not_hold"}
