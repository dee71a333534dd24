"""What stays: conversations, feedback, copies, keys."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.page.archive import ABSTAINED, ANSWERED, CONFLICT, HOSTILE, REFERS_BACK
from tests.page.conftest import ask


def test_a_follow_up_says_how_it_was_understood(page):
    ask(page, CONFLICT)
    turn = ask(page, "And who founded it?")
    expect(turn.locator(".understood")).to_contain_text("Harbour Museum")
    expect(turn.locator(".claim").first).to_contain_text("Otto Kranz")


def test_a_conversation_stays_over_a_reload_and_goes_when_deleted(page):
    ask(page, CONFLICT)
    ask(page, ABSTAINED)
    expect(page).to_have_url(re.compile(r"#/c/\w"))
    page.reload()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".turn").nth(0).locator(".conflict")).to_be_visible()
    expect(page.locator(".turn").nth(1).locator(".absent")).to_be_visible()
    listed = page.locator(".side a[aria-current=page]")
    expect(listed).to_have_text(CONFLICT)
    page.get_by_role("button", name="New question").click()
    expect(page.locator(".turn")).to_have_count(0)
    page.go_back()
    expect(page.locator(".turn")).to_have_count(2)
    item = page.locator(".side li", has=page.locator("[aria-current=page]"))
    item.hover()
    item.get_by_role("button").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".turn")).to_have_count(2)
    item.get_by_role("button").click()
    page.get_by_role("button", name="Delete conversation", exact=True).click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator(".side [aria-current=page]")).to_have_count(0)


def test_feedback_is_kept_with_its_footnote_and_note(page, served):
    before = len(served.assistant.journal.feedback())
    ask(page, ANSWERED).get_by_role("button", name="Helpful").click()
    expect(page.locator(".thanks")).to_be_visible()
    turn = ask(page, CONFLICT)
    turn.get_by_role("button", name="Wrong citation").click()
    turn.get_by_label("Which footnote?").select_option("2")
    turn.get_by_label(re.compile("What is the correct answer")).fill("It says otherwise")
    turn.get_by_role("button", name="Send").click()
    expect(turn.locator(".thanks")).to_be_visible()
    kept = served.assistant.journal.feedback()[before:]
    assert [(one.verdict, one.footnote, one.note) for one in kept] == [
        ("helpful", None, ""),
        ("wrong_citation", 2, "It says otherwise"),
    ]


def test_a_copy_is_markdown_with_every_footnotes_quote_title_date_and_link(open_page, served):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    ask(page, CONFLICT).get_by_role("button", name="Copy with footnotes").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    lines = copied.splitlines()
    assert lines[0] == f"**{CONFLICT}**"
    assert "*Sources differ.*" in lines
    sentence = "The Harbour Museum of Lindau was founded in 1934 by the shipbuilder Otto Kranz."
    assert f"{sentence}[^1]" in lines
    note = next(line for line in lines if line.startswith("[^1]: "))
    link = re.escape(served.url) + r"/documents/\w+\?hash=\w+&span=\d+-\d+"
    assert re.fullmatch(
        rf"\[\^1\]: “{re.escape(sentence)}” — A short history of the Harbour Museum, "
        rf"9 June 2019\. <{link}>",
        note,
    )
    assert any(line.startswith("[^2]: ") for line in lines)


def test_what_a_document_says_is_no_markup_in_a_copy(open_page):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    ask(page, HOSTILE).get_by_role("button", name="Copy with footnotes").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert r"\[Oslo\](javascript:window.hacked=4)" in copied
    assert not re.search(r"(?<!\\)<(?!http://127)", copied)


def test_the_key_is_asked_for_once_kept_for_the_tab_and_sent(open_page, served):
    page = open_page(refused=(401,))
    sent = []

    def guard(route):
        key = route.request.headers.get("authorization")
        sent.append(key)
        if key == "Bearer fnk_right":
            route.continue_()
        else:
            problem = '{"title": "Unauthorized", "status": 401, "code": "key_missing"}'
            route.fulfill(status=401, content_type="application/problem+json", body=problem)

    page.route(re.compile(re.escape(served.url) + "/(ask|about|conversations)"), guard)
    page.reload()
    page.get_by_role("textbox", name="API key").fill("fnk_wrong")
    page.get_by_role("button", name="Use this key").click()
    expect(page.locator("dialog [role=alert]")).to_be_visible()
    page.get_by_role("textbox", name="API key").fill("fnk_right")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    turn = ask(page, ANSWERED)
    expect(turn.locator(".claim").first).to_be_visible()
    assert page.evaluate("sessionStorage['footnote.key']") == "fnk_right"
    assert page.evaluate("JSON.stringify(localStorage)").find("fnk_") < 0
    page.reload()
    expect(turn.locator(".claim").first).to_be_visible()
    assert sent[-1] == "Bearer fnk_right"


def test_a_conversation_that_was_deleted_elsewhere_is_gone_and_asking_again_begins_anew(
    open_page, served
):
    page = open_page(refused=(404,))
    ask(page, CONFLICT)
    old = page.url
    served.assistant.journal.remove_conversation(old.rpartition("/")[2])
    turn = ask(page, ANSWERED)
    expect(turn.locator(".problem")).to_contain_text("no longer exists")
    turn.get_by_role("button", name="Ask again").click()
    expect(page.locator(".turn").last.locator(".claim").first).to_be_visible()
    expect(page).not_to_have_url(old)
    page.goto(old)
    page.reload()
    expect(page.locator(".hero .problem")).to_contain_text("no longer exists")


def test_what_is_asked_while_a_kept_conversation_opens_stays_below_it(page):
    ask(page, CONFLICT)
    # Not the first of the list, which is another's until the list was fetched anew.
    listed = page.locator(f".side li a[href='#{page.url.partition('#')[2]}']")
    page.get_by_role("button", name="New question").click()
    page.evaluate(
        """() => {
          const real = window.fetch;
          const opened = new Promise((resolve) => { window.letItOpen = resolve; });
          window.fetch = (url, init) =>
            /conversations.\\w/.test(url) ? opened.then(() => real(url, init)) : real(url, init);
        }"""
    )
    listed.click()
    expect(page.locator(".conversation .working")).to_be_visible()
    expect(page.locator(".hero")).to_have_count(0)
    ask(page, ANSWERED)
    page.evaluate("letItOpen()")
    expect(page.locator(".turn .question")).to_have_text([CONFLICT, ANSWERED])


def test_feedback_that_could_not_be_kept_is_not_lost_in_silence(open_page):
    page = open_page(refused=(503,))
    turn = ask(page, ANSWERED)
    problem = {"title": "Busy", "status": 503, "detail": "too busy", "remedy": "in a minute"}
    page.route("**/feedback", lambda route: route.fulfill(status=503, json=problem))
    turn.get_by_role("button", name="Helpful").click()
    expect(turn.locator(".problem")).to_contain_text("too busy")
    expect(turn.get_by_role("button", name="Helpful")).to_be_enabled()


def test_a_copy_says_what_was_asked_how_it_was_understood_and_of_whom_a_sentence_speaks(open_page):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])

    def copied(turn):
        turn.get_by_role("button", name="Copy with footnotes").click()
        expect(turn.get_by_role("button", name="Copied")).to_be_visible()
        return page.evaluate("navigator.clipboard.readText()")

    turn = ask(page, REFERS_BACK)
    words = turn.locator(".context button").first.text_content()
    assert f"> {words}" in copied(turn)
    page.locator(".filters summary").click()
    page.locator("#filter-asOf").fill("2012")
    ask(page, CONFLICT)
    text = copied(ask(page, "And who founded it?"))
    assert "\n\nUnderstood as “" in text
    assert "\n\nAs of 2012\n\n" in text
    assert copied(ask(page, ABSTAINED)).count("The archive does not say.") == 1


def test_a_copy_of_an_answer_that_is_not_sure_says_so(open_page, doubtful):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    ask(page, ANSWERED).get_by_role("button", name="Copy with footnotes").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "\n\n*The archive may say:*\n\n" in page.evaluate("navigator.clipboard.readText()")


def test_a_copy_that_the_browser_refuses_is_said(page):
    page.evaluate(
        """() => {
          Object.defineProperty(navigator, "clipboard", { value: undefined });
          document.execCommand = () => false;
        }"""
    )
    ask(page, ANSWERED).get_by_role("button", name="Copy with footnotes").click()
    expect(page.get_by_role("button", name="The browser refused to copy.")).to_be_visible()


def test_all_conversations_can_be_reached_however_many(page, served):
    def answer(route):
        begin = int(re.search(r"offset=(\d+)", route.request.url)[1])
        many = [
            {
                "id": f"c{n}",
                "title": f"Question {n}",
                "created_at": "",
                "updated_at": "",
                "turns": 1,
            }
            for n in range(begin, min(begin + 100, 150))
        ]
        route.fulfill(json={"total": 150, "conversations": many})

    page.route("**/conversations?*", answer)
    page.reload()
    expect(page.locator(".side li")).to_have_count(100)
    page.get_by_role("button", name="Older conversations").click()
    expect(page.locator(".side li")).to_have_count(150)
    expect(page.get_by_role("button", name="Older conversations")).to_have_count(0)


def test_without_a_key_the_page_asks_once_and_says_what_is_needed(open_page, served):
    page = open_page(refused=(401,))
    problem = {"status": 401, "code": "key_missing", "remedy": "send 'Authorization: Bearer KEY'"}

    def guard(route):
        if route.request.headers.get("authorization") == "Bearer fnk_right":
            route.continue_()
        else:
            route.fulfill(status=401, json=problem)

    page.route(re.compile(r"/(ask|about|conversations\?.*|documents\?.*)$"), guard)
    page.goto(served.url + "/#/documents")
    page.reload()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".documents .problem")).to_contain_text("An API key is required.")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator(".documents")).not_to_contain_text("Bearer")
    expect(page.locator(".count")).to_have_text("")
    page.get_by_role("button", name="Change API key").click()
    expect(page.locator("dialog [role=alert]")).to_have_count(0)
    page.get_by_role("textbox", name="API key").fill(" fnk_right ")
    page.keyboard.press("Enter")
    expect(page.locator(".list li").first).to_be_visible()


def test_a_browser_that_keeps_nothing_for_pages_still_shows_it(open_page):
    page = open_page(storage_state=None, service_workers="block")
    page.add_init_script(
        """for (const name of ["localStorage", "sessionStorage"]) {
          const get = () => { throw new DOMException("denied", "SecurityError"); };
          Object.defineProperty(window, name, { get });
        }"""
    )
    page.reload()
    expect(page.locator("#question")).to_be_visible()
    page.get_by_role("button", name="Dark theme").click()
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
