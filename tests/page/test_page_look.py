"""How the page looks and reads: colours, languages, small screens, paper, accessibility."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.page.archive import ABSTAINED, CONFLICT
from tests.page.conftest import PHONE, ask


def assert_accessible(page):
    """Nothing serious or critical, in light and in dark colours."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        grave = [
            (scheme, one["id"], [node["html"][:200] for node in one["nodes"]])
            for one in Axe().run(page).response["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert not grave


def luminance(page, selector):
    colour = page.locator(selector).evaluate("node => getComputedStyle(node).backgroundColor")
    return sum(int(part) for part in colour.removeprefix("rgb(").rstrip(")").split(",")[:3]) / 765


@pytest.mark.slow
def test_axe_finds_nothing_grave_in_any_view(page):
    assert_accessible(page)
    ask(page, CONFLICT).locator(".claim .mark").first.click()
    expect(page.locator(".viewer mark")).to_be_visible()
    page.locator(".filters summary").click()
    assert_accessible(page)
    page.get_by_role("button", name="Close").click()
    ask(page, ABSTAINED)
    assert_accessible(page)
    page.locator(".to-documents").click()
    expect(page.locator(".list li").first).to_be_visible()
    assert_accessible(page)
    permalink = page.request.get(page.url.split("#")[0] + "documents?limit=1").json()
    page.goto(page.url.split("#")[0] + permalink["documents"][0]["permalink"][1:] + "?span=0-9")
    expect(page.locator(".viewer .text")).to_be_visible()
    assert_accessible(page)


def test_axe_finds_nothing_grave_in_an_answer_that_is_not_sure(page, doubtful):
    expect(ask(page, CONFLICT).locator(".maybe")).to_be_visible()
    assert_accessible(page)


def test_an_answer_that_is_not_sure_is_labelled_in_chinese_too(open_page, doubtful):
    turn = ask(open_page(locale="zh-CN"), "李勇在深圳参观了哪家公司？")
    expect(turn.get_by_role("heading", name="档案可能有记载：")).to_be_visible()


def test_colours_follow_the_system_until_one_chooses(open_page):
    page = open_page(color_scheme="dark")
    assert luminance(page, "#main") < 0.3
    page.get_by_role("button", name="Light theme").click()
    assert luminance(page, "#main") > 0.8
    page.reload()
    expect(page.get_by_role("button", name="Dark theme")).to_be_visible()
    assert luminance(page, "#main") > 0.8


def test_the_interface_speaks_chinese_where_the_browser_does_or_one_chooses(open_page):
    page = open_page(locale="zh-CN")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    turn = ask(page, ABSTAINED)
    expect(turn.locator(".absent h3")).to_have_text("档案没有记载。")
    expect(page.get_by_role("button", name="提问", exact=True)).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(turn.locator(".absent h3")).to_have_text("The archive does not say.")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_chinese_words_of_the_archive_are_marked_as_chinese(page):
    turn = ask(page, "联合国工发组织总干事李勇在哪座城市访问华为？")
    expect(turn.locator(".claim").first).to_have_attribute("lang", "zh")
    expect(turn.locator(".question")).to_have_attribute("lang", "zh")


def test_a_phone_shows_everything_without_scrolling_sideways(open_page):
    page = open_page(**PHONE)

    def fits():
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        wide = "node => node.scrollWidth - node.clientWidth"
        assert page.locator("#main").evaluate(wide) <= 0

    fits()
    turn = ask(page, CONFLICT)
    fits()
    turn.locator(".claim .mark").first.tap()
    viewer = page.locator(".beside")
    expect(viewer.locator("mark")).to_be_in_viewport()
    assert viewer.bounding_box() == {"x": 0, "y": 0, "width": 375, "height": 740}
    fits()
    page.get_by_role("button", name="Back to the answer").tap()
    expect(viewer).to_have_count(0)
    ask(page, ABSTAINED)
    fits()
    page.locator(".filters summary").tap()
    page.set_viewport_size({"width": 375, "height": 480})
    page.locator("#filter-asOf").scroll_into_view_if_needed()
    expect(page.locator("#filter-asOf")).to_be_in_viewport()
    expect(page.locator("#question")).to_be_in_viewport()
    fits()
    page.get_by_role("button", name="Conversations and documents").tap()
    page.locator(".to-documents").tap()
    expect(page.locator(".list li").first).to_be_visible()
    expect(page.locator(".side")).to_be_hidden()
    fits()


def test_paper_shows_question_answer_and_footnotes_but_no_controls(page):
    turn = ask(page, CONFLICT)
    page.emulate_media(media="print")
    expect(turn.locator(".question")).to_be_visible()
    expect(turn.locator(".notes cite").first).to_be_visible()
    for hidden in (".composer", ".side", ".bar", ".after"):
        expect(page.locator(hidden).first).to_be_hidden()


def test_only_the_parts_of_the_window_scroll_never_the_window(page):
    for question in (CONFLICT, ABSTAINED, ABSTAINED):
        ask(page, question)
    heights = "[document.documentElement.scrollHeight, innerHeight]"
    assert len(set(page.evaluate(heights))) == 1
    page.locator(".mark").first.click()
    expect(page.locator(".viewer mark")).to_be_in_viewport()
    assert page.evaluate("scrollY") == 0


def test_paper_shows_which_words_were_cited(page):
    ask(page, CONFLICT).locator(".claim .mark").first.click()
    page.goto(page.locator("[data-link]").get_attribute("data-link"))
    page.emulate_media(media="print")
    line = "node => getComputedStyle(node).textDecorationLine"
    assert page.locator(".viewer mark").first.evaluate(line) == "underline"


def test_a_phones_keyboard_and_drawer_do_not_cover_the_answer(open_page):
    page = open_page(**PHONE)
    ask(page, ABSTAINED)
    expect(page.locator("#question")).not_to_be_focused()
    page.get_by_role("button", name="Conversations and documents").tap()
    expect(page.locator(".side")).to_be_visible()
    page.touchscreen.tap(365, 400)
    expect(page.locator(".side")).to_be_hidden()
    expect(page.locator(".menu")).to_be_focused()
