"""A browser for the report and the site."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
NEEDS_A_BROWSER = pytest.mark.skipif(BROWSER is None, reason=f"there is none of {BROWSERS}")


@contextmanager
def tab(*places: str) -> Iterator[Page]:
    """A tab; at the end nothing must have gone wrong in it, or been asked of others than `places`.

    Args:
        places: how addresses may begin, beside those of data within a page.
    """
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: problems.append(message.text) if message.type == "error" else None,
        )
        page.on("requestfailed", lambda request: problems.append(request.url))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((*places, "data:", "blob:"))
                else problems.append(request.url)
            ),
        )
        yield page
        browser.close()
    assert not problems, problems
