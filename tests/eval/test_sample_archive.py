import json
import re
import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from rag.read.reader import read_document

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = ROOT / "eval" / "archive"
REAL_PAGES = ROOT.parent / "shared" / "archive" / "unido"
CASES = [
    json.loads(line)
    for line in (ROOT / "eval" / "questions" / "sample.jsonl").read_text("utf-8").splitlines()
]
ANSWERABLE = [case for case in CASES if case["answerable"]]
UNANSWERABLE = [case for case in CASES if not case["answerable"]]
REQUIRED = {
    "id",
    "question",
    "language",
    "type",
    "answerable",
    "gold_documents",
    "gold_evidence",
    "answers",
}
OPTIONAL = {"derived", "match", "as_of"}
# Names and titles are the only long runs of words that the archive may share with the
# real pages; each counts as one word.
SHARED_NAMES = (
    "United Nations Industrial Development Organization",
    "SJTU-UNIDO Joint Institute of Inclusive and Sustainable Industrial Development",
    "Green STI Stirs up New Quality Productive Forces",
    "Third Industrial Development Decade for Africa (IDDA III)",
    "World Industrial and Innovative Technology Cooperations",
    "World Union of Small and Medium Enterprises",
    "International Technology Import and Export Fair",
)


@pytest.fixture(scope="module")
def documents():
    return {path.name: read_document(str(path), path.read_bytes()) for path in ARCHIVE.iterdir()}


def words(text):
    return re.findall(r"\w+", text.casefold())


def jaccard(one, other):
    left, right = set(words(one)), set(words(other))
    return len(left & right) / len(left | right)


def comparable(text):
    return unicodedata.normalize("NFKC", text).casefold()


def evidence(case):
    return [comparable(piece["quote"]) for piece in case["gold_evidence"]]


def of_type(prefix):
    return [case for case in CASES if case["type"].startswith(prefix)]


def test_every_evidence_span_quotes_its_document_exactly(documents):
    for case in CASES:
        for piece in case["gold_evidence"]:
            text = documents[piece["document"]].text
            assert 0 <= piece["start"] < piece["end"] <= len(text), case["id"]
            assert text[piece["start"] : piece["end"]] == piece["quote"], case["id"]


def test_every_case_has_the_fields_that_the_schema_names():
    for case in CASES:
        assert case.keys() >= REQUIRED, case["id"]
        assert case.keys() <= REQUIRED | OPTIONAL, case["id"]
        assert case.get("match", "all") == "all", case["id"]
        for piece in case["gold_evidence"]:
            assert piece.keys() == {"document", "start", "end", "quote"}, case["id"]


def test_every_field_of_the_cases_is_explained_in_the_readme():
    readme = (ROOT / "eval" / "questions" / "README.md").read_text("utf-8")
    terms = {field for case in CASES for field in case} | {case["type"] for case in CASES}
    assert {term for term in terms if f"`{term}`" not in readme} == set()


def test_ids_and_questions_are_unique():
    assert [i for i, n in Counter(case["id"] for case in CASES).items() if n > 1] == []
    asked = Counter((comparable(case["question"]), case.get("as_of")) for case in CASES)
    assert [question for question, n in asked.items() if n > 1] == []


def test_every_as_of_is_an_iso_date():
    given = [case["as_of"] for case in CASES if "as_of" in case]
    assert len(given) >= 2
    assert [date.fromisoformat(day).isoformat() for day in given] == given


def test_the_question_set_has_the_promised_size_and_mix():
    near_misses = of_type("unanswerable_near_miss")
    chinese = [case for case in CASES if case["language"] == "zh"]
    assert len(CASES) >= 64
    assert len(UNANSWERABLE) >= max(16, len(CASES) / 4)
    assert len(near_misses) >= len(UNANSWERABLE) / 2
    assert len(chinese) >= 8
    assert {case["answerable"] for case in chinese} == {True, False}
    assert len(of_type("temporal")) >= 8
    assert of_type("unanswerable_false_premise")
    assert of_type("unanswerable_off_topic")


def test_answerable_cases_have_an_answer_and_evidence_and_the_others_neither():
    for case in ANSWERABLE:
        assert case["answers"], case["id"]
        assert case["gold_evidence"], case["id"]
        assert not case["type"].startswith("unanswerable"), case["id"]
    for case in UNANSWERABLE:
        assert not case["answers"] + case["gold_evidence"] + case["gold_documents"], case["id"]
        assert case["type"].startswith("unanswerable"), case["id"]


def test_gold_documents_are_exactly_those_of_the_evidence_and_exist():
    for case in CASES:
        in_evidence = {piece["document"] for piece in case["gold_evidence"]}
        assert set(case["gold_documents"]) == in_evidence, case["id"]
        assert all((ARCHIVE / name).is_file() for name in in_evidence), case["id"]


def test_every_answer_stands_in_its_evidence_or_is_listed_as_derived():
    for case in ANSWERABLE:
        absent = [
            answer
            for answer in case["answers"]
            if not any(comparable(answer) in quote for quote in evidence(case))
        ]
        assert absent == case.get("derived", []), case["id"]
        assert absent != case["answers"], case["id"]


def test_every_piece_of_evidence_but_a_translation_contains_an_answer():
    for case in ANSWERABLE:
        answers = [comparable(answer) for answer in case["answers"]]
        for quote in evidence(case):
            if is_chinese(quote) == (case["language"] == "zh"):
                assert any(answer in quote for answer in answers), case["id"]


def is_chinese(text):
    return re.search(r"[\u4e00-\u9fff]", text) is not None


def test_questions_are_not_copied_from_their_evidence():
    for case in ANSWERABLE:
        question = words(case["question"])
        for piece in case["gold_evidence"]:
            assert not runs(question, 6) & runs(words(piece["quote"]), 6), case["id"]


def runs(tokens, length):
    return {tuple(tokens[i : i + length]) for i in range(len(tokens) - length + 1)}


def test_conflict_cases_have_evidence_for_each_side():
    for case in of_type("conflict"):
        for answer in case["answers"]:
            assert any(answer in quote for quote in evidence(case)), case["id"]
            assert not all(answer in quote for quote in evidence(case)), case["id"]


def test_the_archive_has_the_promised_size_and_mix(documents):
    suffixes = Counter(Path(name).suffix for name in documents)
    assert 12 <= len(documents) <= 20
    assert suffixes.keys() == {".txt", ".md", ".html"}
    assert len([d for d in documents.values() if is_chinese(d.text)]) >= 3


def test_documents_are_as_long_as_short_press_items(documents):
    for name, document in documents.items():
        # A Chinese word is about one and a half characters.
        chinese = len(re.findall(r"[\u4e00-\u9fff]", document.text)) / 1.5
        latin = len(re.findall(r"[^\W\d_\u4e00-\u9fff]+", document.text))
        assert 120 <= chinese + latin <= 500, name


def test_exactly_one_pair_of_documents_is_a_near_duplicate(documents):
    names = sorted(documents)
    pairs = [
        (one, other)
        for i, one in enumerate(names)
        for other in names[i + 1 :]
        if jaccard(documents[one].text, documents[other].text) > 0.6
    ]
    assert pairs == [("mueller-meets-mayor-gong-zheng.txt", "mueller-meets-mayor-republished.txt")]
    one, other = (documents[name].text for name in pairs[0])
    assert words(one) != words(other)


@pytest.mark.parametrize(
    "mess",
    [
        "theoccasion",  # words glued together
        "\u00a0",  # no-break space
        "\u200b",  # zero-width space
        "\r\n",  # Windows line ends
        "２００１",  # full-width digits
        "“",  # curly quotes
        "On July 5th",  # a date without a year
        "2019年4月24日",  # a Chinese date
    ],
)
def test_the_archive_is_as_messy_as_real_pages(documents, mess):
    assert any(mess in document.text for document in documents.values())


def test_the_encodings_are_those_of_real_archives():
    assert (ARCHIVE / "itpo-shanghai-profile-zh.txt").read_bytes()[:2] == b"\xff\xfe"
    raw = (ARCHIVE / "2019-04-24-li-yong-huawei-zh.txt").read_bytes()
    assert is_chinese(raw.decode("gb18030"))
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")


def test_the_pages_have_boilerplate_that_is_no_part_of_the_text(documents):
    boilerplate = {
        "lima-to-abu-dhabi-declarations.html": ["Accept all", "About us", "Most read", "Weibo"],
        "sjtu-unido-joint-institute.html": ["Skip to content", "Log in", "Share this page"],
    }
    assert {name for name in documents if name.endswith(".html")} == boilerplate.keys()
    for name, strings in boilerplate.items():
        markup = (ARCHIVE / name).read_text("utf-8")
        for string in strings:
            assert string in markup, name
            assert string not in documents[name].text, name


def test_no_eight_words_in_a_row_are_taken_from_the_real_pages():
    if not REAL_PAGES.is_dir():
        pytest.skip("the real pages are not beside this checkout")
    real = set()
    for path in REAL_PAGES.iterdir():
        real |= runs(words_without_names(path.read_text("utf-8")), 8)
    assert real
    for path in ARCHIVE.iterdir():
        # Chinese files hold no English run; their bytes need not decode here.
        text = path.read_bytes().decode("utf-8", errors="ignore")
        assert not runs(words_without_names(text), 8) & real, path.name


def words_without_names(text):
    text = " ".join(words(text))
    for name in SHARED_NAMES:
        text = text.replace(" ".join(words(name)), "name")
    return text.split()
