"""The page's modules by themselves, and what stands in its folder."""

from __future__ import annotations

import hashlib
import re

import pytest

from rag.read.reader import read_document
from server.http.pages import PAGE_FOLDER

_KEY = re.compile(r'^  "([\w.]+)": "((?:[^"\\]|\\.)+)",$', re.M)
SCRIPTS = [path for path in sorted(PAGE_FOLDER.rglob("*.js")) if "vendor" not in path.parts]
TEXTS = {
    language: dict(_KEY.findall((PAGE_FOLDER / f"js/i18n/{language}.js").read_text("utf-8")))
    for language in ("en", "zh")
}


def test_both_languages_have_the_same_texts_with_the_same_values_in_them():
    assert list(TEXTS["en"]) == list(TEXTS["zh"])
    for key, text in TEXTS["en"].items():
        names = set(re.findall(r"\{\w+\}", text))
        assert names == set(re.findall(r"\{\w+\}", TEXTS["zh"][key])), key


def test_every_text_that_the_scripts_name_exists_and_every_text_is_named():
    scripts = "".join(path.read_text("utf-8") for path in SCRIPTS if path.parent.name != "i18n")
    plain = set(re.findall(r'\bt\(\s*"([\w.]+)"', scripts))
    counted = set(re.findall(r'\btn\(\s*"([\w.]+)"', scripts))
    assert plain | {f"{key}.{form}" for key in counted for form in ("one", "other")} <= set(
        TEXTS["en"]
    )
    for key in TEXTS["en"]:
        assert f'"{key.removesuffix(".one").removesuffix(".other")}"' in scripts, key


def test_the_vendored_files_are_those_of_the_package():
    folder = PAGE_FOLDER / "vendor"
    listed = [line.split() for line in (folder / "SHA256SUMS").read_text().splitlines()]
    assert {name for _, name in listed} == {
        path.relative_to(folder).as_posix()
        for path in (folder / "lit-html").rglob("*")
        if path.is_file()
    }
    for digest, name in listed:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


def test_every_module_is_fetched_at_once():
    page = (PAGE_FOLDER / "index.html").read_text("utf-8")
    modules = {path.relative_to(PAGE_FOLDER).as_posix() for path in PAGE_FOLDER.rglob("*.js")}
    assert (
        set(re.findall(r'(?:modulepreload" href|script.* src)="/static/([^"]+)"', page)) == modules
    )


def test_nothing_of_the_page_is_inline_or_from_elsewhere():
    page = (PAGE_FOLDER / "index.html").read_text("utf-8")
    assert not re.search(r"<style|\bstyle=|\bon\w+=|<script(?![^>]*\bsrc=)", page)
    for path in [PAGE_FOLDER / "index.html", *PAGE_FOLDER.rglob("*.css"), *SCRIPTS]:
        text = path.read_text("utf-8")
        assert not re.search(r"innerHTML|insertAdjacentHTML|unsafeHTML|\beval\(", text), path
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)\w", text), path


@pytest.fixture(scope="module")
def modules(browser, served):
    """A page whose modules are called one by one."""
    page = browser.new_page()
    page.goto(served.url)
    yield page
    page.close()


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("plain words", 0, 5),
        ("🚢 a 𠮷 b 👩‍✈️ c", 2, 7),
        ("🚢🚢🚢", 1, 2),
        ("ends here 🎉", 5, 11),
        ("line one\r\nline two\r\n\r\n三", 10, 23),
    ],
)
def test_spans_count_code_points(modules, text, start, end):
    found = modules.evaluate(
        """async ([text, start, end]) => {
          const { documentText } = await import("/static/js/text.js");
          const root = documentText({ text, blocks: [], span: { start, end } });
          const marks = [...root.querySelectorAll("mark")].map((mark) => mark.textContent);
          return [root.textContent, marks.join("")];
        }""",
        [text, start, end],
    )
    assert found == [text, text[start:end]]


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("https://example.org/a?b#c", "https://example.org/a?b#c"),
        ("HTTP://example.org", "http://example.org/"),
        ("/home/reader/https://example.org", None),
        ("upload:note.md", None),
        ("javascript:alert(1)//https://x", None),
        ("https://", None),
    ],
)
def test_only_a_source_on_the_web_is_a_link_and_that_tells_it_nothing(modules, source, link):
    found = modules.evaluate(
        """async (source) => {
          const { render } = await import("/static/vendor/lit-html/lit-html.js");
          const { sourceView } = await import("/static/js/views/parts.js");
          const place = document.createElement("div");
          render(sourceView(source), place);
          const link = place.querySelector("a");
          return link && [link.href, link.target, link.rel];
        }""",
        source,
    )
    assert found == (link and [link, "_blank", "noopener noreferrer"])


def test_a_document_is_shown_by_its_structure_and_without_its_marks(modules):
    table = "| Who | When |\n|---|---|\n| **Ada** <b>Holt</b> | 1911 |"
    text = f"# Keepers 🚢\n\n{table}\n\n- [a](http://x)"
    document = read_document("keepers.md", text.encode())
    blocks = [
        {
            "start": block.span.start,
            "end": block.span.end,
            "kind": block.kind,
            "level": block.level,
            "cells": [[span.start, span.end] for span in block.cells],
            "hidden": [[span.start, span.end] for span in block.hidden],
        }
        for block in document.blocks
    ]
    start = text.index("1911")
    found = modules.evaluate(
        """async (found) => {
          const { documentText } = await import("/static/js/text.js");
          const root = documentText(found);
          const all = (query) => [...root.querySelectorAll(query)];
          const said = (query) => all(query).map((each) => each.textContent.trim());
          return [said("[role=heading]"), said("th"), said("td"), said(".bullet"), said("mark")];
        }""",
        {"text": text, "blocks": blocks, "span": {"start": start, "end": start + 4}},
    )
    assert found == [["Keepers 🚢"], ["Who", "When"], ["Ada Holt", "1911"], ["a"], ["1911"]]


def test_a_span_beyond_the_text_marks_nothing(modules):
    script = """async () => {
      const { documentText } = await import("/static/js/text.js");
      const found = { text: "🚢 short", blocks: [], span: { start: 3, end: 900 } };
      return documentText(found).querySelectorAll("mark").length;
    }"""
    assert modules.evaluate(script) == 0


def test_a_megabyte_with_a_span_over_many_blocks_is_shown_within_a_second(modules):
    text, start, end, milliseconds = modules.evaluate(
        """async () => {
          const { documentText } = await import("/static/js/text.js");
          const line = "A line of a long report 🚢 with some more words in it.\\n";
          const text = line.repeat(20000);
          const [start, end] = [500_000, 510_000];
          const before = performance.now();
          const root = documentText({ text, blocks: [], span: { start, end } });
          const frame = document.createElement("div");
          frame.className = "scroll";
          frame.append(root);
          document.querySelector("#main").replaceChildren(frame);
          root.querySelector("mark").scrollIntoView({ block: "center" });
          const took = performance.now() - before;
          const marked = [...root.querySelectorAll("mark")].map((mark) => mark.textContent);
          return [marked.join(""), start, end, took];
        }"""
    )
    line = "A line of a long report 🚢 with some more words in it.\n"
    assert text == (line * 20000)[start:end]
    assert milliseconds < 1000


def test_events_are_read_however_the_network_cuts_them(modules):
    found = modules.evaluate(
        """async () => {
          const { serverSentEvents } = await import("/static/js/sse.js");
          const first = [": alive", "", "event: claim", 'data: {"text":', 'data: "三🚢"}', "", ""];
          const sent = first.join("\\r\\n") + "event: done\\ndata: [1]\\n\\n";
          const bytes = new TextEncoder().encode(sent);
          const all = [];
          for (const size of [1, 2, 3, 7, bytes.length]) {
            const body = new ReadableStream({
              start(controller) {
                for (let i = 0; i < bytes.length; i += size) {
                  controller.enqueue(bytes.slice(i, i + size));
                }
                controller.close();
              },
            });
            const events = [];
            for await (const event of serverSentEvents(body)) events.push(event);
            all.push(events);
          }
          return all;
        }"""
    )
    assert (
        found
        == [[{"event": "claim", "data": {"text": "三🚢"}}, {"event": "done", "data": [1]}]] * 5
    )


def test_a_title_that_turns_the_direction_of_writing_turns_only_itself(modules):
    first, last = modules.evaluate(
        """async () => {
          const { render } = await import("/static/vendor/lit-html/lit-html.js");
          const { passageView } = await import("/static/js/views/parts.js");
          const place = document.createElement("div");
          document.body.append(place);
          const title = "Report \u202etxt.exe";
          render(passageView({ title, quote: "", published: "2003-05-02" }, false), place);
          const nodes = [...place.querySelector("time").childNodes];
          const text = nodes.find((node) => node.nodeType === Node.TEXT_NODE);
          const left = (at) => {
            const range = document.createRange();
            range.setStart(text, at);
            range.setEnd(text, at + 1);
            return range.getBoundingClientRect().left;
          };
          return [left(0), left(text.length - 1)];
        }"""
    )
    assert first < last


def test_the_number_of_a_footnote_never_stands_alone_on_a_line(modules):
    texts = ["One two three four five six seven.", "档案馆保存了四千件藏品。", "🚢🛳️🚢🛳️"]
    apart = modules.evaluate(
        """async (texts) => {
          const { render } = await import("/static/vendor/lit-html/lit-html.js");
          const { answerView } = await import("/static/js/views/answer.js");
          const place = document.createElement("div");
          document.body.append(place);
          const apart = [];
          for (const text of texts) {
            const claim = { text, shown: text, footnotes: [1], context: [] };
            render(answerView({ claims: [claim], citations: [], outcome: null }), place);
            const shown = place.querySelector(".claim");
            if (!shown.textContent.trim().startsWith(text)) apart.push(shown.textContent);
            const walker = document.createTreeWalker(shown, NodeFilter.SHOW_TEXT);
            const nodes = [];
            while (walker.nextNode()) nodes.push(walker.currentNode);
            const words = nodes.filter((node) => node.data.trim());
            const range = document.createRange();
            // The last is the number itself.
            range.setStart(words.at(-2), words.at(-2).length - 1);
            range.setEnd(words.at(-2), words.at(-2).length);
            for (let width = 60; width < 400; width += 1) {
              place.style.width = `${width}px`;
              const { bottom } = [...range.getClientRects()].at(-1);
              const mark = place.querySelector(".mark").getBoundingClientRect();
              if (mark.top > bottom) apart.push([text, width]);
            }
          }
          place.remove();
          return apart;
        }""",
        texts,
    )
    assert apart == []
