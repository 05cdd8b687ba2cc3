"""Around the pages: uploads in memory; shared models."""

import asyncio
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser

from attn_core import zoo
from attn_core.attention.interventions import Intervention
from attn_core.checkpoints import device
from attn_core.checkpoints.manifests import WeightsMissing, load_weights, read_manifest
from attn_core.contract.registry import LESSONS
from attn_core.contract.result import load_default
from attn_core.inputs.limits import MAX_UPLOAD_BYTES
from attn_core.jobs.cache import Keep
from attn_core.lessons.every import EVERY
from attn_core.lessons.s3_2_scaled_dot_product import experiment as s3_2_scaled_dot_product
from pages.frame import preload, results
from pages.site import server


def parse(size):
    data = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        + b"a" * size
        + b"\r\n--x--\r\n"
    )

    async def stream():
        for i in range(0, len(data), 65536):
            yield data[i : i + 65536]

    headers = Headers({"content-type": "multipart/form-data; boundary=x"})
    # In a thread of its own: a browser test before this one may have left a loop in ours.
    with ThreadPoolExecutor(1) as pool:
        form = pool.submit(asyncio.run, MultiPartParser(headers, stream()).parse()).result()
    return form["file"].file


def test_uploads_up_to_the_limit_never_touch_the_disk(monkeypatch):
    monkeypatch.setattr(MultiPartParser, "spool_max_size", 1024 * 1024)
    assert parse(4_000_000)._rolled  # Starlette's default spools: this is what must not happen
    server.keep_uploads_in_memory()
    assert not parse(4_000_000)._rolled
    assert not parse(MAX_UPLOAD_BYTES)._rolled


def test_the_browser_is_told_the_same_limit():
    import tomllib
    from pathlib import Path

    config = tomllib.loads(
        (Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml").read_text()
    )
    assert config["server"]["maxUploadSize"] * 2**20 == MAX_UPLOAD_BYTES
    assert config["runner"]["postScriptGC"] is False
    assert config["client"]["showErrorDetails"] == "none"


def test_a_model_is_loaded_once_and_never_in_training_mode():
    found = []
    threads = [threading.Thread(target=lambda: found.append(zoo.get("speller"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(x) for x in found}) == 1
    assert not found[0].module.training
    assert not any(p.requires_grad for p in found[0].module.parameters())


def test_weights_with_another_sha256_are_refused(monkeypatch):
    import dataclasses

    manifest = dataclasses.replace(read_manifest("speller"), sha256="0" * 64)
    with pytest.raises(WeightsMissing, match="sha256"):
        load_weights(manifest)


def test_missing_weights_say_where_they_were_looked_for():
    import dataclasses

    manifest = read_manifest("minilm")
    gone = dataclasses.replace(manifest, raw=manifest.raw | {"package": "no_such_package"})
    with pytest.raises(WeightsMissing, match="no_such_package"):
        load_weights(gone)


def test_device_falls_back_to_the_cpu():
    assert device.available()[-1] == "cpu"
    if not torch.cuda.is_available():
        _, where = device.place(torch.nn.Linear(1, 1), "cuda")
        assert where == "cpu"
    with pytest.raises(ValueError, match="tpu"):
        device.place(torch.nn.Linear(1, 1), "tpu")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_stored_default_is_what_the_model_answers(lesson):
    stored = load_default(lesson.slug)
    experiment = EVERY[lesson.slug].experiment
    fresh = experiment.run(experiment.Config())
    assert stored.queries == fresh.queries
    assert stored.keys == fresh.keys
    for name, value in fresh.numbers.items():
        assert stored.numbers[name] == pytest.approx(value, rel=1e-3, abs=1e-5), name
    for site, trace in fresh.traces.items():
        half = trace.weights.dtype == torch.float16  # another machine may round the other way
        close = 1e-3 if half else 1e-5
        assert torch.allclose(stored.traces[site].weights, trace.weights, atol=close)


def test_the_page_names_the_modules_of_its_first_paint():
    links = re.findall(r'<link rel="modulepreload" href="([^"]+)">', preload.links("/base"))
    files = [link.removeprefix("/base/") for link in links]
    later = {"photo.js", "photo_layers.js", "photo_style.js"}  # on the pages with a photograph
    later |= {"sound.js", "sound_style.js"}  # or with a sound
    ours = {p.name for p in preload.VIEWER.glob("*.js")} - later
    assert {f.removeprefix("viewer/") for f in files if f.startswith("viewer/")} == ours
    theirs = [f for f in files if f.startswith("static/")]
    assert all((preload.STATIC / f).is_file() for f in theirs)
    for name in preload.ELEMENTS:  # a new Streamlit may rename its chunks
        assert any(f.startswith(f"static/js/{name}.") for f in theirs), name
    assert len(set(files)) == len(files)


class Fails:
    """An experiment that answers on the CPU and fails on every other device."""

    def __init__(self, error):
        self.error, self.asked = error, []

    Config = s3_2_scaled_dot_product.Config
    before = staticmethod(s3_2_scaled_dot_product.before)
    opened = staticmethod(s3_2_scaled_dot_product.opened)

    def run(self, config, intervention, device):
        self.asked.append(device)
        if device != "cpu":
            raise self.error
        return s3_2_scaled_dot_product.run(config, intervention, device)  # its details name none


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory"),
        torch.AcceleratorError("device-side assert"),
        RuntimeError("Expected all tensors to be on the same device"),
        NotImplementedError("not implemented for 'MPS'"),
    ],
)
def test_what_fails_on_a_device_runs_on_the_cpu_and_says_so(error, monkeypatch, caplog):
    fails = Fails(error)
    monkeypatch.setattr(results, "RESULTS", Keep("results", results.MAX_BYTES))
    config = s3_2_scaled_dot_product.Config(source="random", n=4, d_k=16)
    taught = replace(EVERY["s3_2_scaled_dot_product"], experiment=fails)
    asked = (taught, config, Intervention(), "cuda")
    result, milliseconds = results.run(*asked)
    assert fails.asked == ["cuda", "cpu"]
    assert result.details["device"] == "cpu"
    assert milliseconds > 0  # the page's sentence stands beside what was computed, once
    assert type(error).__name__ in caplog.text
    assert "Traceback" in caplog.text
    assert results.run(*asked) == (result, 0.0)  # kept: it does not fail again
    assert len(fails.asked) == 2


def test_what_fails_on_the_cpu_fails():
    def run(config, intervention, device):
        raise RuntimeError("broken")

    broken = Fails(None)
    broken.run = run
    taught = replace(EVERY["s3_2_scaled_dot_product"], experiment=broken)
    config = broken.Config(source="random")
    with pytest.raises(RuntimeError, match="broken"):
        results.run(taught, config, Intervention(), "cpu")


def test_float32_stays_exact_on_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    torch.set_float32_matmul_precision("high")
    device.place(torch.nn.Linear(1, 1), "cpu")
    assert not torch.backends.cudnn.allow_tf32
    assert torch.get_float32_matmul_precision() == "highest"


@pytest.mark.parametrize(
    ("named", "right"),
    [
        ("https://lms.example.org", True),
        ("https://*.example.org, http://localhost:8080", True),
        ("http://127.0.0.1:*", True),
        ("", True),
        ("*", False),
        ("lms.example.org", False),
        ("https://a.org; script-src *", False),
        ("https://ünï.de", False),
        ("https://a.org:99999", False),
        ("https://a.org:65535", True),
        ("https://a.org/path", False),
        ("'none'", False),
        ("javascript://a", False),
    ],
)
def test_only_origins_may_be_named_to_hold_the_app(named, right, monkeypatch):
    monkeypatch.setenv(server.FRAMES, named)
    if right:
        assert server.frame_ancestors() == named.replace(",", " ").split()
    else:
        with pytest.raises(ValueError, match="origin"):
            server.frame_ancestors()


def test_a_cookie_for_foreign_frames_is_kept_for_each_site_apart():
    lax = (b"set-cookie", b"a=b; Path=/; SameSite=Lax")
    assert server._for_frames(lax) == lax
    none = (b"set-cookie", b"a=b; Path=/; SameSite=None; Secure")
    assert server._for_frames(none)[1].endswith(b"; Partitioned")
