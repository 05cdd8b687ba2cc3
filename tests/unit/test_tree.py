"""The tree holds to itself: lessons, pages, content, languages, manifests, imports."""

import ast
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from numpydoc.docscrape import NumpyDocString

from attn_core.checkpoints.manifests import FOLDER, load_weights, read_manifest
from attn_core.contract.registry import LESSONS, SECTIONS
from attn_core.evidence import files as claim_files
from attn_core.evidence.verdicts import VERDICTS, verdict

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "zh")


def catalogue(language):
    with (ROOT / "assets" / "locale" / language / "messages.po").open("rb") as file:
        return {m.id: m.string for m in read_po(file) if m.id}


def test_lesson_pages_are_those_of_lessons():
    pages = {p.parent.name for p in (ROOT / "pages").glob("s*/page.py")}
    assert pages == {lesson.slug for lesson in LESSONS}
    assert {p.stem for p in (ROOT / "pages").glob("*.py")} == {"__init__", "home", "ledger"}


def test_lessons_name_sections_of_the_document_in_its_order():
    numbers = [lesson.number for lesson in LESSONS]
    assert numbers == sorted(numbers, key=SECTIONS.index)
    assert len(set(SECTIONS)) == 15


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_lesson_has_all_its_parts(lesson):
    heads = []
    for language in LANGUAGES:
        text = (ROOT / "assets" / "content" / language / f"{lesson.slug}.md").read_text()
        heads.append(re.findall(r"^<!-- section: ([\w-]+) -->$", text, re.MULTILINE))
    assert heads[0] == heads[1] == ["question", "answer", "misconception", "printed"]
    assert (ROOT / "attn_core" / "lessons" / lesson.slug / "quiz.py").exists()
    assert (FOLDER / f"{lesson.slug}.default.safetensors").exists()
    for claim in lesson.claims:
        claim_files.load(claim)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_prose_is_200_to_500_words(lesson):
    english = (ROOT / "assets" / "content" / "en" / f"{lesson.slug}.md").read_text()
    answer = english.split("<!-- section: answer -->")[1].split("<!-- section:")[0]
    assert 200 <= len(re.findall(r"[A-Za-z’'-]{2,}", re.sub(r"\$\$.*?\$\$", "", answer))) <= 520


def test_languages_have_the_same_keys_and_placeholders():
    english, chinese = (catalogue(language) for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert text, key
        assert chinese[key], key
        found = [sorted(set(re.findall(r"\{(\w+)\}", t))) for t in (text, chinese[key])]
        assert found[0] == found[1], key


def test_chinese_is_chinese():
    short = {k for k, v in catalogue("zh").items() if not re.search(r"[\u4e00-\u9fff]", v)}
    allowed = re.compile(
        r"device\.\w+|s3_2\.apart\.(query|key|value|raw|output|weights)|s1\.quiz\.sum\.one|"
        r"control\.\w+\.[\w-]+|unit\.|metric\.|claim\.\w.*"
    )
    assert not {k for k in short if not allowed.match(k)}


def test_viewer_strings_have_the_same_keys():
    strings = json.loads((ROOT / "assets" / "viewer" / "strings.json").read_text())
    assert strings["en"].keys() == strings["zh"].keys()


def test_every_key_named_in_code_is_in_the_locale():
    known = catalogue("en")
    missing = []
    for path in [*ROOT.glob("pages/**/*.py"), *ROOT.glob("attn_core/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("t", "Refused", "Question", "Challenge")
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
                and node.args[0].value not in known
            ):
                missing.append((path.name, node.args[0].value))
    assert not missing


def test_claims_have_all_their_words():
    known = catalogue("en")
    missing = [
        key
        for lesson in LESSONS
        for claim in lesson.claims
        for key in claim_files.load(claim).text_keys()
        if key not in known
    ]
    assert not missing


def test_every_claim_gets_a_verdict_by_rule():
    for lesson in LESSONS:
        for claim in lesson.claims:
            assert verdict(claim_files.load(claim)).name in VERDICTS
    for path in (ROOT / "assets" / "claims").glob("*.json"):
        assert "verdict" not in json.loads(path.read_text())


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_manifests_tell_all_and_weights_are_theirs(lesson):
    for name in lesson.checkpoints:
        manifest = read_manifest(name)
        assert set(manifest.raw) >= {
            "id",
            "lesson",
            "sha256",
            "bytes",
            "versions",
            "hardware",
            "wall_seconds",
            "data",
            "config",
            "default_result",
            "metrics",
        }
        assert (FOLDER / manifest.raw["default_result"]).exists()
        if manifest.command:
            assert "seed" in manifest.raw
            for source in manifest.raw["data"]:
                assert source["licence"]
                assert re.fullmatch(r"[0-9a-f]{64}", source["sha256"])
        else:
            assert manifest.source
        assert load_weights(manifest)


def imports_of(code):
    script = f"import sys; {code}; print(' '.join(sorted(m.split('.')[0] for m in sys.modules)))"
    out = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(out.stdout.split())


def test_lessons_import_no_torch():
    assert not imports_of("import attn_core.contract.registry") & {"torch", "streamlit"}


def test_core_imports_no_streamlit():
    for path in (ROOT / "attn_core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not [n for n in names if n.split(".")[0] in ("streamlit", "pages")], path


def test_pages_do_no_tensor_arithmetic():
    for path in (ROOT / "pages").glob("s*/page.py"):
        text = path.read_text()
        assert not re.search(r"\bimport torch|\btorch\.|\bnumpy\b", text), path
        assert len(text.splitlines()) <= 130, path


def test_core_has_no_visible_sentences():
    """What a learner reads is in assets: the core raises keys, and English only for programmers."""
    for path in (ROOT / "attn_core" / "lessons").glob("s*/quiz.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "Question",
                "Challenge",
            ):
                key = node.args[0]
                assert isinstance(key, ast.Constant)
                assert re.fullmatch(r"s\d[\w.]*", key.value), path


REUSED = {"attention", "layers", "positional", "models", "inputs", "measures", "contract", "wire"}


def test_docstrings_are_numpydoc():
    """Each documented parameter exists; where code is reused, each public function has its own."""
    wrong = []
    for path in (ROOT / "attn_core").rglob("*.py"):
        own = path.parent.name not in REUSED
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            if node.name == "main":
                continue
            doc = NumpyDocString(ast.get_docstring(node) or "")
            listed = {
                name.strip().lstrip("*") for p in doc["Parameters"] for name in p.name.split(",")
            }
            arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            real = {a.arg for a in arguments}
            if node.args.kwarg:
                real.add(node.args.kwarg.arg)
            if listed - real or (real and not listed and not own):
                wrong.append((path.name, node.name, sorted(listed ^ real)))
    assert not wrong


def test_project_speaks_of_itself_alone():
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    words = re.compile(r"/work/|farm-|pypi\.org|files\.pythonhosted|registry\.npmjs|deb\.debian")
    for name in files:
        path = ROOT / name
        if (
            path.suffix in (".py", ".md", ".toml", ".sh", ".js", ".css", ".yaml", "")
            and path.exists()
        ):
            if path.name == Path(__file__).name:
                continue
            assert not words.search(path.read_text(errors="ignore")), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_in_the_prose_of_3_3_are_the_recorded_ones(language):
    prose = (ROOT / "assets" / "content" / language / "s3_3_transformer.md").read_text()
    runs = read_manifest("translator_small").raw["by_seed"]
    names = ("small", "small-no-cross", "small-no-mask", "small-no-positions")
    for name in names:
        chrf = runs[name]["chrf"]
        assert f"{sum(chrf) / len(chrf):.3f}" in prose, name


def test_every_command_that_is_written_down_names_a_module():
    """In manifests, records, scripts, the Makefile and the README."""
    said = [
        *(ROOT / "assets").rglob("*.json"),
        *(ROOT / "attn_core").rglob("*.sh"),
        *(ROOT / "attn_core").rglob("*.py"),
        ROOT / "Makefile",
        ROOT / "README.md",
    ]
    found = set()
    for path in said:
        found |= set(re.findall(r"-m (attn_core(?:\.\w+)+)(?![\w.]*\{)", path.read_text("utf-8")))
    assert len(found) > 30
    for name in sorted(found):
        assert (ROOT / name.replace(".", "/")).with_suffix(".py").exists(), name


def test_every_benchmark_can_be_imported():
    for path in sorted((ROOT / "benchmarks").glob("*.py")):
        if path.stem != "__main__":
            importlib.import_module(f"benchmarks.{path.stem}")
