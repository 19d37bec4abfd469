"""The site of `make docs`, built as it is built there, and used in a browser."""

import importlib
import os
import pkgutil
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page

import wngan
from tests.workflow.browser import NEEDS_A_BROWSER, tab
from tests.workflow.conftest import ROOT

MODULES = ["wngan", *(m.name for m in pkgutil.walk_packages(wngan.__path__, "wngan."))]
PAGES = ("README.html", "docs/results.html", "docs/api/index.html", "docs/api/layers.html")
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


def build(sources: Path, output: Path) -> subprocess.CompletedProcess[str]:
    """What the command of `make docs` says, of these sources."""
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", "")
    (options,) = re.findall(r"^\t\$\(BIN\)/python -m sphinx (.*) \. site$", makefile, re.MULTILINE)
    options = options.replace("docs/site", str(ROOT / "docs/site")).split()
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(sources), str(output)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("site")
    done = build(ROOT, output)
    assert (done.returncode, done.stderr) == (0, "")
    return output


def test_links_that_lead_nowhere_fail_the_build(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(
        "# One\n\n[a](#two) [b](gone.md) [c](docs/other.md#three)\n"
    )
    (tmp_path / "docs/other.md").write_text("# Other\n\n[d](../README.md#four)\n")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode == 1
    reasons = [line for line in done.stderr.splitlines() if "[myst.xref_missing]" in line]
    assert len(reasons) == 4
    for target in ("'two'", "'gone.md'", "'three'", "'four'"):
        assert any(target in reason for reason in reasons), target


def test_everything_public_is_in_the_reference(site: Path) -> None:
    text = "".join(page.read_text() for page in sorted((site / "docs/api").glob("*.html")))
    found = set(re.findall(r'id="(wngan[\w.]*)"', text))
    for name in MODULES:
        module = importlib.import_module(name)
        assert f"module-{name}" in text, name
        for public, value in vars(module).items():
            own = getattr(value, "__module__", "") == name
            if own and not public.startswith("_") and getattr(value, "__doc__", None):
                assert f"{name}.{public}" in found
    assert 'class="system-message"' not in text


def test_the_names_to_know_first_are_ten_and_those_of_the_guide(site: Path) -> None:
    page, _, _ = (site / "docs/api/index.html").read_text().partition("</table>")
    names = re.findall(r'<a class="reference internal" href="\w+\.html#(wngan\.[\w.]+)"', page)
    assert len(names) == len(set(names)) == 10
    guide = (ROOT / "docs/package.md").read_text()
    shown = re.findall(r"^from (wngan\.\w+) import ([\w, ]*\w)", guide, re.MULTILINE)
    assert {f"{module}.{name}" for module, line in shown for name in line.split(", ")} <= {*names}


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Of a plain server of the site's files."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def page(address: str, site: Path) -> Iterator[Page]:
    """A tab; at the end nothing must have gone wrong in it, or been asked of another host."""
    with tab(address, site.as_uri()) as page:
        yield page


@NEEDS_A_BROWSER
@pytest.mark.parametrize(("width", "served"), [(1400, True), (480, False)])
def test_pages_can_be_read(page: Page, address: str, site: Path, width: int, served: bool) -> None:
    """From a server and from the folder, with all their images, and none wider than the window."""
    page.set_viewport_size({"width": width, "height": 900})
    for name in PAGES:
        page.goto(f"{address if served else site.as_uri() + '/'}{name}", wait_until="networkidle")
        assert page.locator("h1").first.is_visible()
        assert page.evaluate(FITS), name
        for image in page.locator("img").all():
            image.scroll_into_view_if_needed()
            assert image.evaluate("i => i.decode().then(() => i.naturalWidth)") > 300


@NEEDS_A_BROWSER
def test_arguments_are_lists(page: Page, address: str) -> None:
    page.goto(f"{address}docs/api/evaluator.html")
    entry = page.locator("dl.py", has=page.locator("[id='wngan.evaluator.reconstruct']"))
    assert entry.locator("dl.field-list > dt").first.inner_text().lower() == "parameters:"
    assert entry.locator("dl.field-list dd").first.locator("li").count() >= 8


@NEEDS_A_BROWSER
def test_the_search_finds_a_function(page: Page, address: str) -> None:
    """From the front page, to which the folder's index leads."""
    page.goto(address)
    page.wait_for_url("**/README.html", wait_until="networkidle")
    page.locator("input[name=q]").fill("reconstruct")
    page.locator("input[name=q]").press("Enter")
    page.wait_for_load_state("networkidle")  # excerpts of what was found
    page.get_by_role("link", name="wngan.evaluator.reconstruct", exact=True).click()
    page.wait_for_url("**/docs/api/evaluator.html*#wngan.evaluator.reconstruct")
