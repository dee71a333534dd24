import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from eval.errors import RunError
from eval.records import ClaimRecord, Estimate, EvidenceRecord, GoldRecord, TurnRecord
from eval.report.charts import OperatingPoint, recall_chart, risk_coverage_chart
from eval.report.figures import reliability_figure, risk_figure, scored_questions
from eval.report.page import render_report, write_report
from eval.report.questions import group_questions
from eval.report.strips import LogAxis, interval_bar, latency_strip
from eval.report.tables import FEW_QUESTIONS
from eval.report.verdicts import VERDICTS, evidence_covered, find_verdict
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
    assert len([a for a in named if a["class"] == "chart"]) == 3
    # The others are decoration (legends) or a part of a chart.
    assert all(a.get("aria-hidden") or "class" not in a for a in charts if a not in named)
    assert html.count('role="img">') == html.count('role="img"><title>')


def test_a_run_of_1200_questions_stays_usable():
    assert len(render_report(*run_cases.run(1200)).encode()) < 8_000_000


# --- What it shows -----------------------------------------------------------------


def test_every_question_is_there_once_and_failures_come_first(whole, page):
    manifest, records, _ = whole
    shown = page.of_class("question")
    assert sorted(int(a["id"][1:]) for a in shown) == list(range(1, len(records) + 1))
    verdicts = [find_verdict(records[int(a["id"][1:]) - 1], mode=manifest.mode) for a in shown]
    assert [v.key for v in verdicts] == [a["data-verdict"] for a in shown]
    order = list(VERDICTS)
    places = [order.index(v.key) for v in verdicts]
    assert places == sorted(places)
    assert verdicts[0].key == "failed"
    assert verdicts[-1].key in ("right", "declined")


def test_each_verdict_is_what_happened():
    other = run_cases.sentence(run_cases.FACTS[1], in_gold_evidence=False)
    cases = {
        "failed": run_cases.failed(),
        "overreached": run_cases.abstained(
            outcome="answered", claims=[ClaimRecord(text="It did.", support=0.8, citations=[other])]
        ),
        "wrong": run_cases.question(best_right=False, measures={"answer.first_right": 0.0}),
        "refused": run_cases.question(outcome="abstained", claims=[]),
        "unjudged": run_cases.question(best_right=None, criterion=None, measures={}),
        "right": run_cases.question(),
        "declined": run_cases.abstained(),
    }
    for key, record in cases.items():
        assert find_verdict(record, mode="answers").key == key


def test_a_search_is_judged_by_its_last_stage():
    far = [*(f"other-{number}.txt" for number in range(10)), "2021-03-02-harbour-board.txt"]
    near = far[::-1]
    missed = run_cases.question(outcome="abstained", rankings={"dense": near, "reranked": far})
    found = run_cases.question(outcome="abstained", rankings={"dense": far, "reranked": near})
    assert find_verdict(missed, mode="retrieval").key == "missed"
    assert find_verdict(found, mode="retrieval").key == "found"
    assert find_verdict(run_cases.abstained(), mode="retrieval").key == "none"
    assert find_verdict(run_cases.failed(), mode="retrieval").key == "failed"


def test_the_surest_mistakes_come_first():
    records = [
        run_cases.question(
            id=str(score), decision_score=score, measures={"answer.first_right": 0.0}
        )
        for score in (0.6, 0.9, 0.7)
    ]
    [group] = group_questions(records, mode="answers")
    assert [view.record.decision_score for view in group.questions] == [0.9, 0.7, 0.6]
    assert [view.number for view in group.questions] == [2, 3, 1]


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
    assert "Best sentence, not said: support 0.412, right" in page.all_text


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
    assert "All of these are asked for." in text


def test_evidence_without_a_place_is_covered_by_its_words():
    cited = [run_cases.sentence(run_cases.FACTS[0])]
    piece = EvidenceRecord(
        document=cited[0].document, start=None, end=None, quote="chaired by Ines Okafor"
    )
    assert evidence_covered(piece, cited)
    assert not evidence_covered(piece.model_copy(update={"document": "other.txt"}), cited)


def test_each_stage_says_where_the_first_gold_document_stood():
    record = run_cases.question(
        rankings={
            "dense": ["a", "b", "2021-03-02-harbour-board.txt"],
            "lexical": ["a", "b"],
            "reranked": ["2021-03-02-harbour-board.txt"],
        }
    )
    [group] = group_questions([record], mode="answers")
    stages = {stage.stage: stage.rank for stage in group.questions[0].stages}
    assert stages == {"dense": 3, "lexical": None, "reranked": 1}


def test_a_quote_that_is_not_the_sources_is_called_out():
    said = run_cases.sentence(run_cases.FACTS[0], exact=False)
    record = run_cases.question(claims=[ClaimRecord(text="x", support=0.9, citations=[said])])
    assert "not what the source says" in page_of_records(record).all_text


def test_notes_are_numbered_through_the_answer():
    one, other = (run_cases.sentence(fact) for fact in run_cases.FACTS[:2])
    record = run_cases.question(
        claims=[
            ClaimRecord(text="First.", support=0.9, citations=[one, other]),
            ClaimRecord(text="Second.", support=0.8, citations=[other]),
        ]
    )
    [group] = group_questions([record], mode="answers")
    view = group.questions[0]
    assert [numbers for _, numbers in view.claims] == [(1, 2), (3,)]
    assert [note.document for note in view.notes] == [one.document, other.document, other.document]


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
        "The set holds 40.",
        "0123456789ab",
        "small-encoder",
        "small-reranker",
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
    assert "abstention.recall lower is better" not in text


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
    assert "rest on fewer than" in page.all_text
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
    assert "nan" not in page.all_text


def test_a_search_only_run_shows_its_rankings_and_no_answers():
    page = page_of(*run_cases.retrieval_run(30))
    assert "no answer was made" in page.all_text
    assert "recall@100" in page.all_text
    assert len([a for a in page.of_class("chart") if a]) == 1
    assert "Refused" not in page.all_text
    assert page.texts["mark"] == []


def test_a_run_of_nothing_but_unanswerable_questions_is_shown():
    records = [run_cases.abstained(id=str(number)) for number in range(4)]
    page = page_of_records(*records)
    assert "0 that the archive answers, 4 that it does not" in " ".join(page.all_text.split())
    assert {a["data-verdict"] for a in page.of_class("question")} == {"declined"}


def test_an_empty_run_is_shown():
    page = page_of_records()
    assert "No question was asked." in page.all_text
    assert not page.of_class("question")


def test_an_unfinished_run_says_so_and_shows_plain_means():
    records = run_cases.questions(20)
    page = page_of(run_cases.manifest(records), records, None)
    assert "This run is not finished" in page.all_text
    assert "answer.first_right" in page.all_text
    assert len(page.of_class("question")) == 20


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
    assert page.texts["title"][0] == f"{HOSTILE}: how Footnote answered"


# --- Figures -----------------------------------------------------------------------


def test_answering_what_the_archive_does_not_say_counts_as_wrong():
    records = [
        run_cases.question(decision_score=0.9),
        run_cases.abstained(decision_score=0.8, best_right=None),
        run_cases.question(decision_score=0.7, best_right=False),
        run_cases.failed(),
        run_cases.question(decision_score=0.6, best_right=None, criterion=None),
    ]
    assert scored_questions(records) == [(0.9, True), (0.8, False), (0.7, False)]


def test_the_risk_figure_says_how_much_each_limit_allows():
    scored = [(1 - number / 100, number < 18 or number > 60) for number in range(100)]
    figure = risk_figure(scored, None)
    by_hand = [
        (limit, max(k for k in range(1, 101) if wrong_among(scored, k) <= limit) / 100)
        for limit in (0.05, 0.10)
    ]
    assert [limit for limit, _ in figure.reached] == [0.05, 0.10]
    assert dict(figure.reached) == pytest.approx(dict(by_hand))


def wrong_among(scored, k):
    best = sorted(scored, reverse=True)[:k]
    return sum(not right for _, right in best) / k


def test_a_calibrated_score_has_no_calibration_error():
    scored = [
        (tenth / 10 + 0.05, rank < tenth * 2 + 1) for tenth in range(10) for rank in range(20)
    ]
    assert reliability_figure(scored, 0.5).calibration_error == pytest.approx(0)
    assert reliability_figure([(1.0, False)], None).calibration_error == pytest.approx(1)
    assert reliability_figure([(0.0, True)], None).calibration_error == pytest.approx(1)


def test_a_risk_axis_begins_at_nothing():
    for risk in (0.02, 0.33, 0.57, 0.66, 0.97, 1.0):
        chart = risk_coverage_chart([(0.5, risk), (1.0, risk)], None, (0.05, 0.1))
        assert ">0%</text>" in chart.partition("answered")[0].partition('class="axis"')[0]


def test_figures_without_questions_are_left_out():
    assert risk_figure([], None) is None
    assert reliability_figure([], 0.5) is None


def test_a_curves_first_questions_do_not_set_its_scale():
    curve = [(0.01, 1.0), *((k / 100, 0.08) for k in range(2, 101))]
    chart = risk_coverage_chart(curve, OperatingPoint(0.5, 0.6, 0.08), (0.05, 0.1))
    assert ">20%</text>" in chart
    assert ">100%</text>" in chart  # of coverage, once
    assert chart.count(">100%</text>") == 1


def test_a_stage_name_is_no_markup_in_a_chart():
    chart = recall_chart({"<b>{dense}": {1: 0.5, 10: 0.9}})
    assert "<b>" not in chart
    assert "&lt;b&gt;{dense}, recall@1: 0.500" in chart


def test_an_interval_is_drawn_on_its_scale():
    bar = interval_bar(0.5, 0.25, 0.75)
    low, high = map(float, re.search(r'class="span" x1="([\d.]+)" x2="([\d.]+)"', bar).groups())
    left, right = map(float, re.search(r'class="track" x1="([\d.]+)" x2="([\d.]+)"', bar).groups())
    assert (low - left) / (right - left) == pytest.approx(0.25, abs=0.01)
    assert (high - left) / (right - left) == pytest.approx(0.75, abs=0.01)
    assert "95% interval 0.250 to 0.750" in bar


def test_every_latency_lies_on_the_axis():
    axis = LogAxis.over([0.0, 3.0, 4200.0])
    assert (axis.low, axis.high) == (-1, 4)
    assert [axis.share(value) for value in (0.0, 10.0, 10_000.0)] == pytest.approx([0, 0.4, 1])
    strip = latency_strip([0.0, 3.0, 4200.0], axis, {"p50": 3.0})
    assert strip.count("<rect") == 3
    assert "p50: 3.0 ms" in strip


def test_a_latency_axis_holds_values_that_are_all_the_same():
    axis = LogAxis.over([100.0, 100.0])
    assert axis.low < axis.high
    assert 0 <= axis.share(100.0) <= 1


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
