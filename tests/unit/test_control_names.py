"""A control's words belong to one lesson, or several share them on purpose."""

import ast
from collections import defaultdict
from pathlib import Path

PAGES = Path(__file__).parents[2] / "pages"
DRAWN = {"choice", "number", "slider", "stops", "segments", "toggle"}
"""What of ``controls`` draws a widget under the words ``control.<name>``."""
SHARED = {"beam", "head", "seed"}
"""Names that mean the same wherever they are drawn."""


def _drawn():
    """Lessons in which each name is drawn."""
    found = defaultdict(set)
    for path in sorted(PAGES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if ast.unparse(node.func.value) == "controls" and node.func.attr in DRAWN:
                first = node.args[0]
                for part in ast.walk(first):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        found[part.value].add(path.parent)
    return found


def test_names_in_several_lessons_are_shared_on_purpose():
    assert {name for name, files in _drawn().items() if len(files) > 1} == SHARED
