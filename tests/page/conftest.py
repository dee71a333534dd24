"""One browser and one server for all tests of the page, which watch what the page does."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from rag.assistant import Assistant
from rag.settings import AnswerSettings
from tests.conftest import SAMPLE_ARCHIVE
from tests.page.archive import DOCUMENTS, SAMPLES
from tests.serving import serving

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# The models answer within a second; a busy machine may take longer.
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"viewport": {"width": 375, "height": 740}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="package")
def browser():
    """The system's Chromium; without one the tests are skipped, but never in CI."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        missing = "no Chromium found; 'apt-get install chromium' (or Chrome) runs these tests"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=list(_ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def served(tmp_path_factory, settings):
    """The small archive, ingested by the real models and served."""
    folder = tmp_path_factory.mktemp("page")
    files = folder / "files"
    files.mkdir()
    for name in SAMPLES:
        shutil.copy(SAMPLE_ARCHIVE / name, files / name)
    for name, text in DOCUMENTS.items():
        (files / name).write_text(text, encoding="utf-8")
    with Assistant.open(folder / "data", settings=settings) as assistant:
        assert not assistant.ingest(files).failed
        with serving(assistant) as server:
            yield server


@pytest.fixture
def doubtful(served, monkeypatch):
    """No answer of the served archive is sure, until this is undone."""
    answer = AnswerSettings(min_support=1.0, min_uncertain=0.1)
    doubting = replace(served.assistant.settings, answer=answer)
    monkeypatch.setattr(served.assistant, "settings", doubting)
    return monkeypatch


class Opened:
    """What a page did that nobody should see: errors, and requests beyond the server."""

    def __init__(self, page: Page, url: str, refused: tuple[int, ...]) -> None:
        self.wrong: list[str] = []
        self._url = url
        self._refused = refused
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrong.append(f"uncaught: {error}"))
        page.on("request", self._requested)

    def _said(self, message) -> None:
        if message.type not in ("error", "warning"):
            return
        status = re.search(r"status of (\d+)", message.text)
        if not (status and int(status[1]) in self._refused):
            self.wrong.append(f"console: {message.text} ({message.location})")

    def _requested(self, request) -> None:
        if not request.url.startswith((self._url, "data:")):
            self.wrong.append(f"a request beyond the server: {request.url}")


@pytest.fixture(scope="package")
def profile(browser):
    """The profile of pages that change nothing of how the page looks: it need not be fresh."""
    context = browser.new_context(viewport=DESKTOP, locale="en-GB")
    yield context
    context.close()


@pytest.fixture
def open_page(browser, profile, served, request):
    """Opens the page: open_page(path, refused=statuses, **context), with a context fresh."""
    opened = []

    def open_one(path="/", *, refused=(), **context):
        fresh = {"viewport": DESKTOP, "locale": "en-GB"} | context
        page = browser.new_page(**fresh) if context else profile.new_page()
        page.set_default_timeout(PATIENCE)
        opened.append((page, Opened(page, served.url, refused)))
        page.goto(served.url + path)
        expect(page.locator("#app > *")).to_be_visible()
        return page

    yield open_one
    folder = os.environ.get("PAGE_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    for number, (page, watched) in enumerate(opened):
        if folder:
            name = f"{request.node.name}-{number}.png"
            page.screenshot(path=Path(folder) / re.sub(r"[^\w.-]", "_", name))
        # Also closes the context that is the page's own.
        page.close()
        assert not watched.wrong


@pytest.fixture
def page(open_page):
    """The page, opened where one asks."""
    return open_page()


def ask(page, question):
    """Type the question, press Enter, wait for what comes of it; its part of the page."""
    number = page.locator(".turn").count() + 1
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    turn = page.locator(f".turn:nth-child({number})")
    expect(turn).not_to_have_attribute("data-status", "asking")
    return turn


def marked(page):
    """The highlighted text of the open document."""
    expect(page.locator(".viewer mark").first).to_be_visible()
    return "".join(page.locator(".viewer mark").all_text_contents())


def stored(served, permalink):
    """The characters that a permalink points to, read from the archive itself."""
    document_id, start, end = re.search(r"/documents/(\w+)\?.*span=(\d+)-(\d+)", permalink).groups()
    with served.assistant.store.read() as view:
        return view.document(document_id).text[int(start) : int(end)]
