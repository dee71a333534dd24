import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from eval.errors import RunError
from eval.records import ClaimRecord, Estimate, EvidenceRecord, GoldRecord, TurnRecord
from eval.report.grades import GRADES, grade_of
from eval.report.page import render_report, write_report
from eval.report.tables import FEW_QUESTIONS
from eval.runs.folder import Run
from tests.eval import run_cases

HOSTILE = "<script>alert('x')</script> & \"quoted\" </details><img src=x onerror=y> {{ 7 * 7 }}"
# Elements that HTML never closes.
VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}


class Page(HTMLParser):
    """A page as a browser takes it apart: elements, attributes, texts of some elements."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.open = []
        self.texts = {"mark": [], "script": [], "style": [], "title": []}
        self.parts = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in self.texts:
            self.texts[tag].append("")

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        if self.open and self.open[-1] in self.texts:
            self.texts[self.open[-1]][-1] += data
        # Words for pointers and screen readers are no part of the running text.
        if not self.open or self.open[-1] not in ("script", "style", "title", "desc"):
            self.parts.append(data)

    @property
    def all_text(self):
        return "".join(self.parts)

    def having(self, name, value=None):
        return [
            (tag, attributes)
            for tag, attributes in self.elements
            if name in attributes and (value is None or attributes[name] == value)
        ]

    def of_class(self, name):
        return [
            attributes
            for _, attributes in self.elements
            if name in (attributes.get("class") or "").split()
        ]


def page_of(manifest, records, summary):
    page = Page(render_report(manifest, records, summary))
    assert page.open == [], "every element is closed"
    return page


def page_of_records(*records):
    return page_of(run_cases.manifest(records), records, run_cases.summary(records))


@pytest.fixture(scope="module")
def whole():
    return run_cases.run(100)


@pytest.fixture(scope="module")
def html(whole):
    return render_report(*whole)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


# --- One file that needs nothing else ----------------------------------------------


def test_the_page_asks_nothing_of_any_server(page):
    for tag, attributes in page.elements:
        for name in ("src", "href", "xlink:href", "srcset", "action", "data", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith("#"), (tag, name, value)
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")], tag
    assert not {tag for tag, _ in page.elements} & {"link", "img", "iframe", "object", "base"}
    for code in page.texts["style"] + page.texts["script"]:
        assert not re.search(r"url\(|@import|https?:|fetch\(|XMLHttp|import\(", code)


def test_the_policy_allows_this_style_and_this_script_and_nothing_else(page):
    [(_, policy)] = page.having("http-equiv", "Content-Security-Policy")
    allowed = dict(part.strip().split(" ", 1) for part in policy["content"].split(";"))
    assert allowed["default-src"] == "'none'"
    for kind in ("style", "script"):
        [code] = page.texts[kind]
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert allowed[f"{kind}-src"] == f"'sha256-{digest}'"


def test_the_policy_stands_before_everything_it_governs(html):
    assert html.index("Content-Security-Policy") < html.index("<style>") < html.index("<script>")


def test_every_link_leads_to_something_on_the_page(page):
    ids = [attributes["id"] for _, attributes in page.having("id")]
    assert len(ids) == len(set(ids))
    targets = {attributes["href"].removeprefix("#") for _, attributes in page.having("href")}
    assert targets
    assert targets <= set(ids)


def test_the_page_reads_without_its_script(page):
    [form] = [attributes for tag, attributes in page.elements if tag == "form"]
    assert "hidden" in form
    assert not [a for a in page.of_class("question") if "hidden" in a]


def test_every_chart_says_what_it_shows(html, page):
    charts = [attributes for tag, attributes in page.elements if tag == "svg"]
    named = [a for a in charts if a.get("role") == "img"]
    assert len([a for a in named if a["class"] == "chart"]) == 2
    # The others are parts of a chart.
    assert all("class" not in a for a in charts if a not in named)
    assert html.count('role="img">') == html.count('role="img"><title>')


def test_a_run_of_1200_questions_stays_usable():
    assert len(render_report(*run_cases.run(1200)).encode()) < 8_000_000


# --- What it shows -----------------------------------------------------------------


def test_every_question_is_there_once_and_failures_come_first(whole, page):
    manifest, records, _ = whole
    shown = page.of_class("question")
    assert sorted(int(a["id"][1:]) for a in shown) == list(range(1, len(records) + 1))
    grades = [grade_of(records[int(a["id"][1:]) - 1], mode=manifest.mode) for a in shown]
    assert [v.key for v in grades] == [a["data-grade"] for a in shown]
    order = list(GRADES)
    places = [order.index(v.key) for v in grades]
    assert places == sorted(places)
    assert grades[0].key == "failed"
    assert grades[-1].key in ("right", "rightly-abstained")


def test_a_highlight_is_exactly_the_quote():
    quote = "  The tide <b>&amp;</b>\n\n  the “moon” met.\t"
    said = run_cases.sentence(run_cases.FACTS[0], quote=quote, before="Then. ", after=" End.")
    record = run_cases.question(claims=[ClaimRecord(text="x", support=0.9, citations=[said])])
    assert page_of_records(record).texts["mark"] == [quote]


def test_the_source_around_a_quote_stands_beside_it_unchanged(html):
    _, _, _, _, _, before, quote, after = run_cases.FACTS[1]
    assert f"{before}<mark>{quote}</mark>{after}" in html


def test_an_abstention_shows_why_and_what_lay_nearest():
    near = run_cases.sentence(run_cases.FACTS[1])
    record = run_cases.abstained(explanation="Nothing names the mole.", nearest=[near], best=None)
    page = page_of_records(record)
    assert "Nothing names the mole." in page.all_text
    assert page.texts["mark"] == [near.quote]


def test_a_refused_question_shows_what_would_have_been_said():
    best = run_cases.sentence(run_cases.FACTS[0])
    record = run_cases.question(
        outcome="abstained", claims=[], best=best, decision_score=0.412, best_right=True
    )
    page = page_of_records(record)
    assert page.texts["mark"] == [best.quote]
    assert "Best sentence, not shown: support 0.412, right" in page.all_text


def test_a_follow_up_shows_its_turns_and_how_it_was_understood():
    record = run_cases.question(
        history=[TurnRecord(role="user", text="What of the old quay?")],
        standalone="Who chaired the session? (old quay)",
    )
    text = page_of_records(record).all_text
    assert "What of the old quay?" in text
    assert "Who chaired the session? (old quay)" in text


def test_gold_is_shown_as_covered_or_not():
    said = run_cases.sentence(run_cases.FACTS[0])
    record = run_cases.question(
        gold=GoldRecord(
            answers=["Ines Okafor", "Ana Sousa"],
            match="all",
            documents=[said.document, "b.txt"],
            evidence=[
                EvidenceRecord(
                    document=said.document, start=said.end - 1, end=said.end + 9, quote="spring."
                ),
                EvidenceRecord(document="b.txt", start=None, end=None, quote="Ana Sousa too."),
            ],
        )
    )
    text = " ".join(page_of_records(record).all_text.split())
    assert "Ines Okafor covered" in text
    assert "Ana Sousa not covered" in text
    assert f"characters {said.end - 1}–{said.end + 9} covered" in text
    assert "b.txt not covered" in text
    assert "All of these are required." in text


def test_a_quote_that_is_not_the_sources_is_called_out():
    said = run_cases.sentence(run_cases.FACTS[0], exact=False)
    record = run_cases.question(claims=[ClaimRecord(text="x", support=0.9, citations=[said])])
    assert "not in the source" in page_of_records(record).all_text


# --- What it says of the run -------------------------------------------------------


def test_the_head_says_what_ran_on_what():
    records = run_cases.questions(5)
    questions = run_cases.manifest(records).questions.model_copy(
        update={
            "filters": {"type": "temporal"},
            "limit": 5,
            "questions": 40,
            "ignored_fields": {"difficulty": "no metric uses it"},
            "left_out": {"no gold at all": 3},
        }
    )
    manifest = run_cases.manifest(records, questions=questions)
    text = page_of(manifest, records, run_cases.summary(records)).all_text
    for said in (
        "harbour",
        "5 questions",
        "The set has 40.",
        "0123456789ab",
        "small-encoder",
        "small-reading",
        "type=temporal",
        "the first 5",
        "difficulty",
        "no metric uses it",
        "3: no gold at all",
    ):
        assert said in text


def test_two_settings_have_two_hashes():
    records = run_cases.questions(2)
    hashes = set()
    for support in (0.5, 0.6):
        manifest = run_cases.manifest(records, settings={"answer.min_support": support})
        html = render_report(manifest, records, run_cases.summary(records))
        hashes.add(re.search(r"<dt>Settings</dt><dd><code>(\w{12})<", html)[1])
    assert len(hashes) == 2


def test_every_metric_stands_with_its_interval_and_number_of_questions(whole, page):
    _, _, summary = whole
    text = " ".join(page.all_text.split())
    for name, estimate in summary.metrics.items():
        interval = f"{estimate.low:.3f} – {estimate.high:.3f}"
        assert interval in text, name
        if not name.startswith("retrieval."):
            assert name in text
            assert re.search(rf"{re.escape(name)}.*?{interval}\D*{estimate.n}\b", text), name


def test_a_metric_where_less_is_better_says_so(page):
    text = " ".join(page.all_text.split())
    assert "abstention.false_refusal lower is better" in text
    assert "abstention.refused_outright lower is better" not in text


def test_a_metric_this_version_does_not_know_is_shown_all_the_same():
    records = run_cases.questions(3)
    estimate = Estimate(value=12.5, low=10.0, high=15.0, n=3)
    summary = run_cases.summary(records, metrics={"novel.figure": estimate})
    text = page_of(run_cases.manifest(records), records, summary).all_text
    assert "novel.figure" in text
    assert "12.500" in text


def test_figures_over_few_questions_are_marked(html):
    few = run_cases.questions(FEW_QUESTIONS - 1)
    page = page_of_records(*few)
    assert len(page.of_class("few")) > 10
    assert "are over fewer than" in page.all_text
    many = [run_cases.question(id=str(number)) for number in range(FEW_QUESTIONS)]
    assert not page_of_records(*many).of_class("few")


def test_types_show_the_headlines_retrieval(page):
    assert "recall@10, hybrid" in page.all_text
    assert "ndcg@10, reranked" in page.all_text


def test_an_undefined_metric_is_a_dash():
    records = run_cases.questions(3)
    nothing = Estimate(value=None, low=None, high=None, n=0)
    summary = run_cases.summary(
        records,
        metrics={"abstention.auroc": nothing, "retrieval.dense.recall@10": nothing},
        types={"reason": {"answer.first_right": nothing}},
        operating_point={"min_support": 0.55, "coverage": None, "risk": None},
        latency_ms={},
        tokens={},
        peak_memory_mib=None,
        ingest_seconds=None,
    )
    page = page_of(run_cases.manifest(records), records, summary)
    assert "abstention.auroc" in page.all_text
    assert "–" in page.all_text
    assert "None" not in page.all_text
    assert not re.search(r"\bnan\b", page.all_text)


def test_a_search_only_run_shows_its_rankings_and_no_answers():
    page = page_of(*run_cases.retrieval_run(30))
    assert "no answers were composed" in page.all_text
    assert "recall@100" in page.all_text
    assert not page.of_class("chart")
    assert "Abstained" not in page.all_text
    assert page.texts["mark"] == []


def test_a_run_of_nothing_but_unanswerable_questions_is_shown():
    records = [run_cases.abstained(id=str(number)) for number in range(4)]
    page = page_of_records(*records)
    assert "0 answerable, 4 unanswerable" in " ".join(page.all_text.split())
    assert {a["data-grade"] for a in page.of_class("question")} == {"rightly-abstained"}


def test_an_empty_run_is_shown():
    page = page_of_records()
    assert "No question was asked." in page.all_text
    assert not page.of_class("question")


# --- Nothing of a document is ever markup ------------------------------------------


def test_every_text_of_questions_and_documents_is_escaped():
    said = run_cases.sentence(
        run_cases.FACTS[0],
        document=HOSTILE,
        title=HOSTILE,
        source=HOSTILE,
        published=HOSTILE,
        quote=HOSTILE,
        before=HOSTILE,
        after=HOSTILE,
    )
    gold = GoldRecord(
        answers=[HOSTILE],
        match="any",
        documents=[HOSTILE],
        evidence=[EvidenceRecord(document=HOSTILE, start=0, end=9, quote=HOSTILE)],
    )
    shared = {
        "question": HOSTILE,
        "type": HOSTILE,
        "language": HOSTILE,
        "as_of": HOSTILE,
        "history": [TurnRecord(role="user", text=HOSTILE)],
        "standalone": HOSTILE,
        "gold": gold,
        "best": said,
        "rankings": {HOSTILE: [HOSTILE]},
        "timings_ms": {HOSTILE: 3.0},
        "tokens": {HOSTILE: 2},
        "measures": {HOSTILE: 1.0, f"retrieval.{HOSTILE}.recall@1": 1.0},
    }
    records = [
        run_cases.question(
            id=HOSTILE,
            claims=[ClaimRecord(text=HOSTILE, support=0.9, citations=[said])],
            **shared,
        ),
        run_cases.question(
            id="refused",
            outcome="abstained",
            claims=[],
            reason=HOSTILE,
            explanation=HOSTILE,
            nearest=[said],
            **shared,
        ),
        run_cases.failed(id="failed", error=HOSTILE, question=HOSTILE),
    ]
    plain = run_cases.manifest(records)
    manifest = run_cases.manifest(
        records,
        commit=HOSTILE,
        settings={HOSTILE: HOSTILE},
        prompts=[HOSTILE],
        questions=plain.questions.model_copy(
            update={
                "name": HOSTILE,
                "filters": {HOSTILE: HOSTILE},
                "ignored_fields": {HOSTILE: HOSTILE},
                "left_out": {HOSTILE: 1},
            }
        ),
    )
    html = render_report(manifest, records, run_cases.summary(records))
    page = Page(html)
    assert page.open == []
    assert "<script>alert" not in html
    assert len(page.texts["script"]) == 1
    assert not {tag for tag, _ in page.elements} & {"img", "b-x"}
    assert page.texts["mark"] == [HOSTILE] * 3
    assert "49" not in page.texts["mark"][0]
    assert page.texts["title"][0] == f"{HOSTILE}: Footnote evaluation"


# --- The file ----------------------------------------------------------------------


def test_the_written_file_is_the_page(tmp_path):
    manifest, records, summary = run_cases.run(3)
    run = Run(tmp_path, manifest, tuple(records), summary)
    write_report(run, tmp_path / "report.html")
    written = (tmp_path / "report.html").read_text("utf-8")
    assert written == render_report(manifest, records, summary)
    assert written.startswith("<!doctype html>")


def test_the_same_run_gives_the_same_page():
    assert render_report(*run_cases.run(10)) == render_report(*run_cases.run(10))


def test_a_place_that_cannot_be_written_is_named_with_a_remedy(tmp_path):
    manifest, records, summary = run_cases.run(1)
    run = Run(tmp_path, manifest, tuple(records), summary)
    with pytest.raises(RunError, match=r"no-such-folder.*--out"):
        write_report(run, tmp_path / "no-such-folder" / "report.html")


def test_settings_are_shown_whole():
    records = run_cases.questions(1)
    manifest = run_cases.manifest(records, settings={"answer.min_support": 0.55, "名": "值"})
    text = page_of(manifest, records, run_cases.summary(records)).all_text
    shown = json.loads(text[text.index('{\n "code"') :].split("\n}")[0] + "\n}")
    assert shown["settings"] == manifest.settings
