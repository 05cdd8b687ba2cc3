"""The app behind a stock nginx, and inside a page of another host."""

import http.server
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from urllib.parse import quote

import pytest
from conftest import new_page, settled, view
from playwright.sync_api import expect

from attn_core.attention.interventions import Cell, Intervention
from attn_core.inputs.address import pack
from attn_core.inputs.sound import SAMPLES
from tests.load.server import serving

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONFIG = """
{user}worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; daemon off;
events {{ worker_connections 768; }}
http {{
  sendfile on; tcp_nopush on; types_hash_max_size 2048;
  include /etc/nginx/mime.types; default_type application/octet-stream;
  access_log off; gzip on;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {app};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
    }}
  }}
}}
"""
"""Debian's defaults, and what a websocket needs; nothing is said of buffers."""


def free_port():
    with closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextmanager
def listening(command, port):
    process = subprocess.Popen(command)
    try:
        for _ in range(100):
            with closing(socket.socket()) as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def proxied(server, tmp_path):
    """The address of the app behind nginx, and a way to start that nginx again."""
    port = free_port()
    file = tmp_path / "nginx.conf"
    user = "" if os.getuid() else "user root;\n"  # else its workers may not write in our folder
    file.write_text(CONFIG.format(folder=tmp_path, port=port, app=server, user=user))

    def start():
        return listening([NGINX, "-c", str(file), "-p", str(tmp_path)], port)

    return f"http://127.0.0.1:{port}", start


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed here")
def test_a_stock_nginx_serves_a_lesson_long_links_uploads_and_reconnects(page, proxied):
    address, start = proxied
    edits = tuple(Cell("sdp", 0, i // 16, i % 16, 1.0 + i / 7) for i in range(256))
    changes = quote(pack(Intervention(scores=edits).to_json()))
    with start():
        assert page.goto(f"{address}/3-2-scaled-dot-product").status == 200
        settled(page)
        page.goto(f"{address}/3-2-scaled-dot-product?changes={changes}")
        settled(page)
        assert page.reload().status == 200
        settled(page)
        assert len(view(page)["changed"]["cells"]) == 256
        page.goto(f"{address}/5-1-speech?sound_from=upload")
        settled(page)
        page.locator("input[type=file]").set_input_files(SAMPLES / "double.flac")
        expect(page.get_by_text(re.compile(r"2\.7 s, loudest"))).to_be_visible()
    page.wait_for_timeout(1500)  # the connection is gone, the picture stays
    with start():
        for _ in range(30):  # controls rest until the browser has found its way back
            page.get_by_role("slider").first.press("ArrowLeft")
            page.wait_for_timeout(1500)
            if "hears=" in page.url:
                break
        expect(page).to_have_url(re.compile("hears="))
    page.problems = [p for p in page.problems if "ERR_CONNECTION_REFUSED" not in p]


HOLDER = """<!doctype html><title>A course</title>
<iframe src="{app}" width="1400" height="900" allow="microphone; camera"></iframe>"""


@contextmanager
def course(app):
    """A page on another host than the app's: 127.0.0.1, where the app is localhost."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(HOLDER.format(app=app).encode())

        def log_message(self, *_):
            pass

    holder = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=holder.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{holder.server_port}/"
    finally:
        holder.shutdown()


def as_localhost(url):
    """The same app by the name for which browsers keep secure cookies without HTTPS."""
    return url.replace("127.0.0.1", "localhost")


def test_no_other_host_may_hold_the_app_unasked(chromium, server):
    page = new_page(chromium)
    with course(f"{as_localhost(server)}/3-2-scaled-dot-product") as address:
        page.goto(address)
        page.wait_for_timeout(1500)
        assert any("frame-ancestors" in problem for problem in page.problems)
        assert page.frames[1].get_by_role("heading", name="Scaled dot-product").count() == 0
    page.context.close()


def test_a_course_page_holds_a_lesson_and_uploads_work(chromium, monkeypatch):
    monkeypatch.setenv("ATTN_FRAME_ANCESTORS", "http://127.0.0.1:*")
    with serving() as served:
        lesson = f"{as_localhost(served.url)}/5-1-speech?sound_from=upload"
        with course(lesson) as address:
            page = new_page(chromium)
            page.goto(address)
            frame = page.frame_locator("iframe")
            title = frame.get_by_role("heading", name=re.compile("Attention in speech"))
            expect(title).to_be_visible()
            frame.locator("input[type=file]").set_input_files(SAMPLES / "double.flac")
            expect(frame.get_by_text(re.compile(r"2\.7 s, loudest"))).to_be_visible()
            assert [p for p in page.problems if not p.startswith("left the machine")] == []
            page.context.close()
