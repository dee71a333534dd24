"""Documents: permalinks, the list, upload, removal."""

from __future__ import annotations

import re
from itertools import count

import pytest
from playwright.sync_api import expect

from tests.page.archive import ASTRAL
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
    expect(page.locator("[data-notice=range]")).to_contain_text("outside the document")
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
    expect(page.locator("h1")).to_have_text("Document not found")


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
    expect(page.locator("h1")).to_have_text("This document was removed")
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
    expect(taken).to_contain_text("another document with this name")
    taken.get_by_role("button", name="Replace it").click()
    expect(taken).to_have_attribute("data-state", "done")
    expect(taken).to_contain_text("Replaced the older version")
    page.goto(link)
    page.get_by_role("link", name="Open the version that replaced it").click()
    expect(page.locator(".viewer .text")).to_contain_text("closes at eight")


def test_every_file_of_an_upload_has_its_own_result(open_page, cleanly):
    page = open_documents(open_page, refused=(409, 415, 422))
    # Until the page knows that one may upload, it takes nothing.
    expect(page.locator(".upload")).to_be_visible()
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
    heading = page.locator(".viewer .text").get_by_role("heading")
    expect(heading).to_have_text("A short history of the Harbour Museum")
    expect(page.locator(".viewer .text")).to_contain_text("It stands at the\nold pier.")
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


def delete_first(page):
    page.locator(".list .icon-only").first.click()
    page.get_by_role("button", name="Delete document").click()


def test_when_the_last_page_has_become_empty_the_one_before_it_is_shown(open_page):
    page = open_documents(open_page)
    total = 51

    def answer(route):
        begin = int(re.search(r"offset=(\d+)", route.request.url)[1])
        rest = {"published": None, "language": None, "passages": 1, "sources": [], "permalink": ""}
        numbers = range(begin, min(total, begin + 50))
        items = [rest | {"id": f"d{n}", "title": f"Letter {n}"} for n in numbers]
        route.fulfill(json={"total": total, "documents": items})

    def remove(route):
        nonlocal total
        total = 50
        route.fulfill(status=204)

    page.route(re.compile(r"/documents\?"), answer)
    page.route("**/documents/d50", remove)
    page.reload()
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".list li")).to_have_count(1)
    delete_first(page)
    expect(page.locator(".list li")).to_have_count(50)
    expect(page.locator(".count")).to_have_text("50 documents")


def test_deleting_what_was_deleted_elsewhere_only_takes_it_off_the_list(open_page, served, cleanly):
    page = open_documents(open_page, refused=(404,))
    name = f"twice-{next(_numbers)}.md"
    page.locator("#files").set_input_files([file(name, f"# {name}\n\nA note of the mill.\n")])
    page.get_by_label("Find by title or source").fill(name)
    expect(page.locator(".list li")).to_have_count(1)
    served.assistant.remove(f"upload:{name}")
    delete_first(page)
    expect(page.locator(".list")).to_have_count(0)
    expect(page.locator(".documents .problem")).to_have_count(0)


def test_a_document_of_unknown_language_is_called_so(open_page, cleanly):
    page = open_documents(open_page)
    name = f"numbers-{next(_numbers)}.md"
    text = "1901 1902 1903\n"
    page.locator("#files").set_input_files([file(name, text)])
    page.get_by_label("Find by title or source").fill(name)
    expect(page.locator(".list li")).to_have_count(1)
    expect(page.locator(".list li .about")).to_contain_text("unknown language")


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(open_page):
    page = open_documents(open_page)
    changed_by(page, "/about$", {"max_upload_bytes": 2_000_000})
    page.reload()
    expect(page.locator(".upload")).to_contain_text("up to 2 MB each")
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    page.locator("#files").set_input_files([file("large.md", "x" * 2_000_001)])
    expect(page.locator(".uploads li")).to_have_attribute("data-state", "failed")
    expect(page.locator(".uploads li")).to_contain_text("Larger than the upload limit of 2 MB")
    assert "POST" not in sent


def test_an_upload_waits_as_long_as_a_busy_server_asks_for(open_page, cleanly):
    page = open_documents(open_page, refused=(429,))
    busy = {"status": 429, "code": "rate_limited", "detail": "more than 1 per 1 minute"}
    refusals = iter([429, 429])

    def answer(route):
        status = next(refusals, None) if route.request.method == "POST" else None
        if status is None:
            route.continue_()
        else:
            route.fulfill(status=status, json=busy, headers={"Retry-After": "1"})

    page.route(re.compile("/documents$"), answer)
    name = f"patient-{next(_numbers)}.md"
    page.locator("#files").set_input_files([file(name, "# Patience\n\nThe clock has two hands.\n")])
    expect(page.locator(".uploads li")).to_have_attribute("data-state", "done")
    assert next(refusals, None) is None


def dropped(page, *paths):
    """Drop what lies at these paths on the page, as a person does."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 400, "data": data})


def test_a_folder_can_be_dropped_with_all_that_is_in_it(open_page, cleanly, tmp_path):
    page = open_documents(open_page)
    inner = tmp_path / "box" / "inner"
    inner.mkdir(parents=True)
    names = [f"folder-{next(_numbers)}.md" for _ in range(2)]
    (tmp_path / "box" / names[0]).write_text("# One\n\nThe bell rings at six.\n")
    (inner / names[1]).write_text("# Two\n\nThe gate shuts at nine.\n")
    (inner / ".hidden").write_text("nothing")
    expect(page.locator(".upload")).to_be_visible()
    dropped(page, tmp_path / "box")
    expect(page.locator(".uploads li[data-state=done]")).to_have_count(2)
    assert set(page.locator(".uploads .name").all_text_contents()) == set(names)
    expect(page.locator(".uploads .summary")).to_have_text("2 of 2 done")


def test_a_file_dropped_by_one_who_may_not_upload_leaves_the_page_as_it_is(open_page, tmp_path):
    page = open_documents(open_page)
    changed_by(page, "/about$", {"writable": False})
    page.reload()
    expect(page.locator(".list li").first).to_be_visible()
    note = tmp_path / "note.txt"
    note.write_text("A note.")
    address = page.url
    dropped(page, note)
    page.wait_for_timeout(300)
    assert page.url == address
    expect(page.locator(".list li").first).to_be_visible()
    expect(page.locator(".uploads")).to_have_count(0)
