"""Every page wide and narrow, light and dark, in both languages: pictures in artifacts/."""

from pathlib import Path

import pytest
from conftest import settled

from attn_core.contract.registry import LESSONS

ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts"
PAGES = {"home": "/", "ledger": "/ledger", **{x.slug: f"/{x.url}" for x in LESSONS}}
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", SIZES)
def test_page_fits_and_is_kept_as_a_picture(server, fresh, name, size):
    width, height = SIZES[size]
    for language, scheme in (("en", "light"), ("zh", "dark")):
        page = fresh(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.goto(f"{server}{PAGES[name]}?lang={language}")
        if name.startswith("s"):
            settled(page)
        else:
            page.get_by_role("heading", level=1).wait_for()
            page.wait_for_timeout(1500)
        ARTIFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"{name}-{size}-{language}-{scheme}.png")
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{name} is {overflow} px wider than the window"
        assert not page.problems
        page.context.close()
