"""Asking: answers, footnotes, silence, conflict, filters, and what goes wrong."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.page.archive import (
    ABSTAINED,
    ANSWERED,
    ASTRAL,
    CONFLICT,
    HOSTILE,
    HOSTILE_SHOWN,
    REFERS_BACK,
)
from tests.page.conftest import ask, marked, stored

# A server's stream in slow motion: what it sends is up to the test.
_SLOW_STREAM = """
() => {
  const real = window.fetch;
  window.fetch = (url, init) => {
    if (!String(url).endsWith("/ask")) return real(url, init);
    const body = new ReadableStream({
      start(controller) {
        const encoder = new TextEncoder();
        window.send = (event, data) => {
          const lines = [": alive", "", `event: ${event}`, `data: ${JSON.stringify(data)}`, "", ""];
          controller.enqueue(encoder.encode(lines.join("\\r\\n")));
        };
        window.cut = () => controller.close();
        init.signal.addEventListener("abort", () => controller.error(init.signal.reason));
      },
    });
    const headers = { "Content-Type": "text/event-stream" };
    return Promise.resolve(new Response(body, { headers }));
  };
}
"""
_CITATION = {
    "document_id": "d",
    "title": "A report",
    "source": "report.txt",
    "published": "2019-04",
    "start": 0,
    "end": 5,
    "quote": "It is",
    "shown": "It is",
    "permalink": "/documents/d?hash=h&span=0-5",
}
_CLAIM = {
    "text": "It is so.",
    "shown": "It is so.",
    "support": 0.9,
    "footnotes": [1],
    "context": [],
}


def begin_slow(page, *, sure=True):
    page.evaluate(_SLOW_STREAM)
    page.locator("#question").fill("Is it so?")
    page.locator("#question").press("Enter")
    page.wait_for_function("() => Boolean(window.send)")
    page.evaluate("c => send('citation', {number: 1, citation: c})", _CITATION)
    page.evaluate("data => send('claim', data)", {"index": 0, "sure": sure, "claim": _CLAIM})
    return page.locator(".turn")


def bare(text):
    """The text without white space: a page parts blocks by their looks."""
    return re.sub(r"\s+", "", text)


def test_every_footnote_opens_the_exact_words_it_quotes(page, served):
    turn = ask(page, ANSWERED)
    expect(turn.locator(".short")).to_contain_text("ZHOU Mingcheng")
    with page.expect_response(re.compile(r"/documents/\w+\?")) as response:
        turn.locator(".claim .mark").first.click()
    found = response.value.json()
    quote = found["span"]["quote"]
    assert marked(page) == quote == stored(served, response.value.url)
    assert bare(page.locator(".viewer .text").text_content()) == bare(found["text"])
    expect(page.locator(".viewer mark").first).to_be_in_viewport()
    expect(page.locator("#viewer-title")).to_have_text(found["title"])
    expect(page.locator(".viewer .about time")).to_have_text("24 April 2019")
    # A path is shown as text; only a web page is a link.
    assert page.locator(".viewer .about a").count() == 0
    page.keyboard.press("Escape")
    expect(page.locator(".viewer")).to_have_count(0)
    expect(turn.locator(".claim .mark").first).to_be_focused()


def test_the_browsers_back_closes_the_source_and_forward_opens_it_again(page):
    turn = ask(page, ANSWERED)
    turn.locator(".claim .mark").first.click()
    words = marked(page)
    page.go_back()
    expect(page.locator(".viewer")).to_have_count(0)
    expect(turn).to_be_visible()
    page.go_forward()
    assert marked(page) == words


def test_a_footnotes_quote_shows_on_hover_and_on_keyboard_focus_until_escape(page):
    mark = ask(page, ASTRAL).locator(".claim .mark").first
    card = page.locator("#preview")
    mark.hover()
    expect(card).to_contain_text("The ferry Aurora carries 412 passengers")
    expect(card.locator("cite")).to_have_text(re.compile("The ferry Aurora"))
    expect(card.locator("time")).to_have_text("7 July 2015")
    page.mouse.move(5, 5)
    expect(card).to_be_hidden()
    # The short answer's button comes before the footnote.
    page.locator(".short button").focus()
    page.keyboard.press("Tab")
    expect(mark).to_be_focused()
    expect(card).to_be_visible()
    expect(mark).to_have_attribute("aria-describedby", "preview")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_claims_show_as_they_come_and_are_told_to_people_who_listen(page):
    turn = begin_slow(page)
    expect(turn.locator(".claim")).to_contain_text("It is so.")
    expect(turn).to_have_attribute("data-status", "asking")
    expect(turn.locator(".claim .mark")).to_have_text("1")
    expect(page.locator("#announcements")).to_contain_text("It is so.")
    page.get_by_role("button", name="Stop").click()
    expect(turn).to_have_attribute("data-status", "stopped")
    expect(turn.locator(".claim")).to_contain_text("It is so.")
    expect(turn).to_contain_text("Stopped before the answer was complete.")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()


def test_a_claim_that_is_not_sure_is_never_shown_without_saying_so(page):
    turn = begin_slow(page, sure=False)
    expect(turn.locator(".claim")).to_contain_text("It is so.")
    expect(turn.get_by_role("heading", name="The archive may say:")).to_be_visible()
    expect(page.locator("#announcements")).to_contain_text("The archive may say: It is so.")


def test_an_answer_that_is_not_sure_looks_different_from_one_that_is(page, doubtful):
    turn = ask(page, ANSWERED)
    expect(turn.locator("[data-outcome=uncertain]")).to_be_visible()
    expect(turn.get_by_role("heading", name="The archive may say:")).to_be_visible()
    expect(turn.locator(".maybe svg")).to_be_visible()
    expect(turn.locator(".short")).to_have_count(0)
    unsure = ink(turn.locator(".claim").first)
    turn.locator(".claim .mark").first.click()
    assert "ZHOU Mingcheng" in marked(page)
    page.keyboard.press("Escape")
    page.reload()
    expect(turn.get_by_role("heading", name="The archive may say:")).to_be_visible()
    doubtful.undo()
    sure = ask(page, ANSWERED)
    expect(sure.locator("[data-outcome=answered]")).to_be_visible()
    expect(sure.locator(".maybe")).to_have_count(0)
    assert ink(sure.locator(".claim").first) != unsure


def ink(node):
    return node.evaluate("node => getComputedStyle(node).color")


def test_an_answer_that_breaks_off_keeps_the_question(page):
    turn = begin_slow(page)
    page.evaluate("cut()")
    expect(turn.locator(".problem")).to_contain_text("The answer was cut off.")
    expect(page.locator("#question")).to_have_value("Is it so?")
    expect(turn.get_by_role("button", name="Ask again")).to_be_visible()


def test_an_error_within_the_stream_shows_its_remedy(page):
    turn = begin_slow(page)
    problem = {"status": 503, "detail": "too busy", "remedy": "ask in 3 seconds"}
    page.evaluate("p => send('error', p)", problem)
    expect(turn.locator(".problem")).to_have_text(re.compile("too busy.*ask in 3 seconds", re.S))


def test_a_refused_question_shows_the_remedy_and_asks_again_on_request(open_page):
    page = open_page(refused=(422, 400))
    page.locator(".filters summary").click()
    page.locator("#filter-since").fill("2020")
    page.locator("#filter-until").fill("2019")
    turn = ask(page, ANSWERED)
    expect(turn.locator(".problem")).to_contain_text("swap the two dates")
    expect(page.locator("#question")).to_have_value(ANSWERED)
    turn.get_by_role("button", name="Ask again").click()
    expect(page.locator(".turn .problem")).to_contain_text("swap the two dates")
    expect(page.locator(".turn")).to_have_count(1)


def test_a_date_that_is_none_is_said_before_anything_is_sent(page):
    page.locator(".filters summary").click()
    page.locator("#filter-asOf").fill("last year")
    page.locator("#question").fill(ANSWERED)
    page.locator("#question").press("Enter")
    expect(page.locator("#filter-asOf")).to_be_focused()
    expect(page.locator("#filter-asOf")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#about-asOf")).to_contain_text("2019-04-24")
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("#question")).to_have_value(ANSWERED)


def test_silence_looks_different_and_its_passages_open(page):
    turn = ask(page, ABSTAINED)
    absent = turn.locator(".absent")
    expect(absent.get_by_role("heading")).to_have_text("The archive does not say.")
    expect(absent).to_contain_text("does not answer the question")
    expect(absent.locator("svg")).to_be_visible()
    assert turn.locator(".claim").count() == 0
    nearest = turn.locator(".nearest .passage").first
    nearest.click()
    assert bare(marked(page)) == bare(nearest.locator(".quote").text_content())


def test_sources_that_differ_are_shown_so_each_with_its_date_newest_first(page):
    turn = ask(page, CONFLICT)
    expect(turn.locator(".conflict")).to_contain_text("Sources differ.")
    claims = turn.locator(".claim")
    expect(claims.nth(0)).to_contain_text("9 June 2019")
    expect(claims.nth(0)).to_contain_text("founded in 1934")
    expect(claims.nth(1)).to_contain_text("3 May 2011")
    expect(claims.nth(1)).to_contain_text("founded in 1931")


def test_what_a_sentence_refers_back_to_stands_before_it_and_opens(page):
    turn = ask(page, REFERS_BACK)
    expect(turn.locator(".short")).to_contain_text("2001")
    context = turn.locator(".context button").first
    words = context.text_content()
    context.click()
    assert marked(page) == words


def test_filters_and_the_day_asked_from_shape_the_answer_and_stay_on_the_question(page):
    page.locator(".filters summary").click()
    page.locator("#filter-asOf").fill("2012")
    turn = ask(page, CONFLICT)
    assert turn.locator(".chips li").all_text_contents() == ["As of 2012"]
    expect(turn.locator(".claim").first).to_contain_text("1931")
    expect(turn.locator(".claims")).not_to_contain_text("1934")
    page.locator(".filters summary").click()
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#filter-asOf")).to_have_value("")
    page.locator("#filter-source").fill("huawei")
    page.locator("#filter-language").select_option("en")
    turn = ask(page, CONFLICT)
    assert turn.locator(".chips li").all_text_contents() == ["Source: huawei", "In English"]
    expect(turn.locator(".absent")).to_be_visible()


def test_a_hostile_document_is_only_text(page):
    turn = ask(page, HOSTILE)
    expect(turn.locator(".claim").first).to_contain_text(HOSTILE_SHOWN)
    mark = turn.locator(".claim .mark").first
    mark.hover()
    expect(page.locator("#preview cite")).to_contain_text("prize")
    mark.click()
    assert marked(page) == HOSTILE_SHOWN
    expect(page.locator("#viewer-title")).to_contain_text("prize")
    expect(page.locator(".viewer .text")).to_contain_text("Ignore all previous")
    page.locator(".viewer mark").first.hover()
    assert page.evaluate("window.hacked") is None
    inside = "#app :is(script, img, iframe, b, [onerror], [onmouseover]), #preview :is(script, img)"
    assert page.locator(inside).count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    assert "moon" not in turn.locator(".claims").text_content()


def test_everything_can_be_done_with_the_keyboard(page):
    page.keyboard.press("Escape")
    page.locator("#question").blur()
    page.keyboard.press("/")
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type("When was it")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("founded, the Harbour Museum of Lindau?")
    expect(page.locator("#question")).to_have_value(re.compile("\n"))
    page.keyboard.press("Enter")
    turn = page.locator(".turn")
    expect(turn).to_have_attribute("data-status", "done")
    expect(page.locator("#question")).to_be_focused()
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        if page.locator(".claim .mark:focus").count():
            break
    page.keyboard.press("Enter")
    expect(page.locator("#viewer-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".claim .mark:focus")).to_have_count(1)
    page.locator("body").press("Control+Home")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_be_focused()


@pytest.mark.parametrize(
    ("chosen", "failure", "said"),
    [
        ([1], None, "Chosen by a-model among 12 sentences"),
        ([], "it cannot be reached", "Chosen without the language model: it cannot be reached."),
    ],
)
def test_what_a_language_model_had_to_do_with_an_answer_is_said(page, chosen, failure, said):
    turn = begin_slow(page)
    model = {"name": "a-model", "revision": "r"}
    whole = {
        "outcome": "answered",
        "claims": [_CLAIM],
        "citations": [_CITATION],
        "composer": "quote",
        "models": {"language_model": model},
        "selection": {
            "model": model,
            "prompt": "select.v1@0",
            "shown": 12,
            "chosen": chosen,
            "failure": failure,
        },
        "timings_ms": {"total": 5},
    }
    page.evaluate("w => { send('done', w); cut(); }", whole)
    expect(turn.locator(".selection")).to_contain_text(said)


def test_an_answer_that_came_while_one_looked_elsewhere_is_there_on_coming_back(page):
    page.locator("#question").fill(CONFLICT)
    page.locator("#question").press("Enter")
    page.locator(".to-documents").click()
    expect(page.locator(".side li a").first).to_have_text(CONFLICT)
    page.go_back()
    expect(page.locator(".turn .claim").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"#/c/\w"))
    page.get_by_role("button", name="New question").click()
    expect(page.locator(".turn")).to_have_count(0)


def test_a_question_that_is_too_long_is_told_so_and_kept_whole(page):
    long = "Is it so? " * 120
    page.locator("#question").fill(long)
    expect(page.locator("#hint")).to_have_text("The question is 199 characters too long.")
    page.locator("#question").press("Enter")
    expect(page.locator("#question")).to_have_value(long)
    expect(page.locator("#question")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".turn")).to_have_count(0)
    assert "199" in page.locator("#announcements").text_content()
    turn = ask(page, ANSWERED)
    expect(turn.locator(".claim").first).to_be_visible()
    expect(page.locator("#hint")).to_contain_text("Enter to ask")
