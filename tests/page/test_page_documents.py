"""Documents: permalinks, the list, upload, removal."""

from __future__ import annotations

import re
from itertools import count

import pytest
from playwright.sync_api import expect

from tests.page.archive import ASTRAL, DOCUMENTS
from tests.page.conftest import ask, marked, stored

_numbers = count(1)


@pytest.fixture
def cleanly(served):
    """The archive is left as it was found."""
    with served.assistant.store.read() as view:
        before = {summary.id for summary in view.documents()}
    yield
    with served.assistant.store.read() as view:
        after = {summary.id for summary in view.documents()}
    for document_id in after - before:
        served.assistant.remove(document_id)


def file(name, text):
    return {"name": name, "mimeType": "text/markdown", "buffer": text.encode()}


def open_documents(open_page, **options):
    page = open_page("/#/documents", **options)
    expect(page.locator(".list li").first).to_be_visible()
    return page


def permalink_of(page, question):
    ask(page, question).locator(".claim .mark").first.click()
    words = marked(page)
    return page.locator("[data-link]").get_attribute("data-link"), words


def test_a_highlight_is_right_among_characters_beyond_the_basic_plane(page, served):
    link, words = permalink_of(page, ASTRAL)
    assert words == "The ferry Aurora carries 412 passengers 🎉 across the lake."
    assert words == stored(served, link)


def test_a_permalink_opens_the_document_at_its_highlight(page, served):
    link, words = permalink_of(page, ASTRAL)
    assert link.startswith(f"{served.url}/documents/")
    page.goto(link)
    assert marked(page) == words
    expect(page.locator("h1")).to_have_text("🚢 The ferry Aurora")
    assert page.locator(".notice").count() == 0
    # The same place under another hash: the text is another one since.
    page.goto(re.sub("hash=[^&]*", "hash=older", link))
    expect(page.locator("[data-notice=changed]")).to_contain_text("has changed since it was cited")
    page.goto(re.sub("span=.*", "span=5-99999", link))
    expect(page.locator("[data-notice=range]")).to_contain_text("outside of the document")
    expect(page.locator(".viewer .text")).to_contain_text("Her whistle")


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (lambda link: re.sub("span=.*", "span=12", link), "[data-notice=range]"),
        (lambda link: re.sub("hash=[^&]*", "hash=" + "a" * 200, link), "[data-notice=changed]"),
    ],
)
def test_a_permalink_that_was_mangled_opens_its_document_all_the_same(open_page, cut, said):
    page = open_page()
    link, _ = permalink_of(page, ASTRAL)
    page.goto(cut(link))
    expect(page.locator("h1")).to_have_text("🚢 The ferry Aurora")
    expect(page.locator(said)).to_be_visible()


def test_an_address_that_cannot_be_decoded_is_no_document_and_no_conversation(open_page):
    page = open_page("/documents/%zz", refused=(404,))
    expect(page.locator("[data-notice=unknown]")).to_be_visible()
    expect(open_page("/#/c/%zz").locator("#question")).to_be_visible()


def test_a_permalink_to_a_document_that_never_was_says_so(open_page):
    page = open_page("/documents/0123456789abcdef?span=0-5", refused=(404,))
    expect(page.locator("h1")).to_have_text("No such document")


def test_an_upload_answers_questions_and_its_removal_silences_them(open_page, cleanly):
    question = "Who designed the Pelican bridge of Marstal?"
    page = open_documents(open_page, refused=(404,))
    text = (
        "# The Pelican bridge\n\nThe Pelican bridge of Marstal was designed by Ida Holm in 1972.\n"
    )
    page.locator("#files").set_input_files([file("pelican.md", text)])
    result = page.locator(".uploads li")
    expect(result).to_have_attribute("data-state", "done")
    expect(result).to_contain_text("Added")
    expect(page.locator(".list")).to_contain_text("The Pelican bridge")
    page.get_by_role("button", name="New question").click()
    link, words = permalink_of(page, question)
    assert "Ida Holm" in words
    page.locator(".to-documents").click()
    page.get_by_role("button", name="Delete “The Pelican bridge”").click()
    expect(page.get_by_role("dialog")).to_contain_text("The Pelican bridge")
    page.get_by_role("button", name="Delete document", exact=True).click()
    expect(page.locator(".list")).not_to_contain_text("The Pelican bridge")
    page.get_by_role("button", name="New question").click()
    expect(ask(page, question).locator(".absent")).to_be_visible()
    page.goto(link)
    expect(page.locator("h1")).to_have_text("This document has gone")
    expect(page.locator("[data-notice=gone]")).to_contain_text("removed from the archive on")


def test_a_taken_name_offers_to_replace_and_the_old_link_leads_to_the_new(open_page, cleanly):
    page = open_documents(open_page, refused=(404, 409))
    old = "# Rules of the reading room\n\nThe reading room closes at six in the evening.\n"
    page.locator("#files").set_input_files([file("rules.md", old)])
    expect(page.locator(".uploads li")).to_have_attribute("data-state", "done")
    page.locator(".uploads").get_by_role("button", name="Open").click()
    link = page.locator("[data-link]").get_attribute("data-link")
    page.get_by_role("button", name="Close").click()
    new = old.replace("six", "eight")
    page.locator("#files").set_input_files([file("rules.md", new)])
    taken = page.locator(".uploads li").first
    expect(taken).to_contain_text("another document of this name")
    taken.get_by_role("button", name="Replace it").click()
    expect(taken).to_have_attribute("data-state", "done")
    expect(taken).to_contain_text("Replaced the older version")
    page.goto(link)
    page.get_by_role("link", name="Open the version that replaced it").click()
    expect(page.locator(".viewer .text")).to_contain_text("closes at eight")


def test_every_file_of_an_upload_has_its_own_result(open_page, cleanly):
    page = open_documents(open_page, refused=(409, 415, 422))
    good = file(f"<b>note-{next(_numbers)}.md", "# Dropped\n\nThe gong of the hall weighs 80 kg.\n")
    page.evaluate(
        """files => {
          const data = new DataTransfer();
          for (const [name, text] of files) data.items.add(new File([text], name));
          const options = { dataTransfer: data, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new DragEvent("dragover", options));
          document.body.dispatchEvent(new DragEvent("drop", options));
        }""",
        [[good["name"], good["buffer"].decode()], ["photo.exe", "MZ"]],
    )
    results = page.locator(".uploads li")
    expect(results.nth(0)).to_have_attribute("data-state", "done")
    expect(results.nth(0).locator(".name")).to_have_text(good["name"])
    expect(results.nth(1)).to_have_attribute("data-state", "failed")
    expect(results.nth(1).locator(".status")).to_contain_text(".md")


def test_documents_are_found_by_title_and_open_beside_the_list(open_page):
    page = open_documents(open_page)
    page.get_by_label("Find by title or source").fill("harbour")
    expect(page.locator(".list li")).to_have_count(2)
    expect(page.locator(".count")).to_have_text("2 documents")
    page.get_by_role("button", name="A short history of the Harbour Museum", exact=True).click()
    expect(page.locator(".viewer .text")).to_have_text(DOCUMENTS["harbour-2019.md"].strip())
    page.get_by_label("Find by title or source").fill("nothing like it")
    expect(page.locator(".none").last).to_be_visible()
    expect(page.locator(".list")).to_have_count(0)


def changed_by(page, pattern, change):
    """The server's own answers, changed: what a larger archive or another key would give."""

    def answer(route):
        response = route.fetch()
        route.fulfill(response=response, json=response.json() | change)

    page.route(re.compile(pattern), answer)


def test_a_long_list_is_shown_page_by_page(open_page):
    page = open_documents(open_page)
    changed_by(page, r"/documents\?limit", {"total": 120})
    page.reload()
    pages = page.get_by_role("navigation", name="Pages")
    expect(pages).to_contain_text("1–50 of 120")
    expect(pages.get_by_role("button", name="Previous")).to_be_disabled()
    with page.expect_request(re.compile("offset=50")):
        pages.get_by_role("button", name="Next").click()
    expect(pages).to_contain_text("51–100 of 120")


def test_who_may_only_read_is_offered_no_upload_and_no_deleting(open_page):
    page = open_documents(open_page)
    expect(page.locator(".upload")).to_be_visible()
    changed_by(page, "/about$", {"writable": False})
    page.reload()
    expect(page.locator(".list li").first).to_be_visible()
    expect(page.locator(".upload, .list .icon-only")).to_have_count(0)
