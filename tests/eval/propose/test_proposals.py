import json
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from eval.propose.proposals import propose_questions
from rag.read.reader import read_document

ARCHIVE = Path(__file__).resolve().parents[3] / "eval" / "archive"
README = Path(__file__).resolve().parents[3] / "eval" / "questions" / "README.md"
# Enough of it that a text of one more sentence is known to be English.
FILLER = "\n\nThis is what they said of it, and that was the end of the matter for all of us.\n"


def document(text, name="note.txt"):
    return read_document(name, (text + FILLER).encode())


def asked(*texts):
    """Question to answers, of documents that hold a text each."""
    documents = [document(text, f"{n}.txt") for n, text in enumerate(texts)]
    return {p.question: p.answers for p in propose_questions(documents) if p.answerable}


@pytest.fixture(scope="module")
def documents():
    return [read_document(str(path), path.read_bytes()) for path in sorted(ARCHIVE.iterdir())]


@pytest.fixture(scope="module")
def proposals(documents):
    return list(propose_questions(documents, root=ARCHIVE))


def comparable(text):
    return unicodedata.normalize("NFKC", text).casefold()


# --- What comes out of the templates ---------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (
            "Ada Byron, Director General of the World Loom Union, spoke of cloth.",
            "Who is the Director General of the World Loom Union?",
            "Ada Byron",
        ),
        (
            "The Mayor of Halden, Per Lunde, cut the ribbon.",
            "Who is the Mayor of Halden?",
            "Per Lunde",
        ),
        ("LOOM President Ada Byron said no.", "Who is the LOOM President?", "Ada Byron"),
        (
            "On 24 April 2019, Ada Byron visited the Halden Mill.",
            "When did Ada Byron visit the Halden Mill?",
            "24 April 2019",
        ),
        (
            "The Halden Mill bought two looms from Sweden in May 1903.",
            "When did the Halden Mill buy two looms from Sweden?",
            "May 1903",
        ),
        (
            "The World Loom Union was established in 1966.",
            "When was the World Loom Union established?",
            "1966",
        ),
        (
            "The World Loom Union has worked with Norway since 1972.",
            "Since when has the World Loom Union worked with Norway?",
            "1972",
        ),
        (
            "The Loom Fair attracted more than 300 guests from Norway.",
            "How many guests did the Loom Fair attract from Norway?",
            "more than 300",
        ),
        (
            "The World Loom Union has 41 members in Europe.",
            "How many members does the World Loom Union have in Europe?",
            "41",
        ),
        (
            "The Halden Mill is a weaving mill on the river Tista.",
            "What is the Halden Mill?",
            "a weaving mill on the river Tista",
        ),
        (
            "Guests of the World Loom Union (WLU) were late.",
            "What does WLU stand for?",
            "World Loom Union",
        ),
    ],
)
def test_a_clear_english_sentence_gives_a_question_in_good_english(sentence, question, answer):
    found = asked(sentence)
    assert found[question][0] == answer


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("世界织机联盟总干事王小明在开幕式上致辞。", "世界织机联盟总干事是谁？", "王小明"),
        ("出席的有商务部原部长陈明、诗人李白。", "商务部原部长是谁？", "陈明"),
        ("商务部原部长陈明、诗人李白到场。", "商务部原部长是谁？", "陈明"),
        ("海风纺织厂成立于1966年，至今仍在生产。", "海风纺织厂成立于哪一年？", "1966年"),
        ("2019年4月24日，海风厂推出了新织机。", "海风厂推出新织机是在哪一天？", "2019年4月24日"),
        ("2023年10月，织机博览会在上海举行。", "织机博览会是什么时候在上海举行的？", "2023年10月"),
        ("海风纺织厂共有104台织机。", "海风纺织厂共有多少台织机？", "104台"),
        ("潮汐织机是指由潮水推动的织布机器。", "什么是潮汐织机？", "由潮水推动的织布机器"),
        ("世界织机联盟（WLU）发布了报告。", "WLU的中文全称是什么？", "世界织机联盟"),
    ],
)  # fmt: skip
def test_a_clear_chinese_sentence_gives_a_question(sentence, question, answer):
    documents = [read_document("a.txt", f"今天的消息。\n\n{sentence}\n".encode())]
    found = {p.question: p.answers[0] for p in propose_questions(documents)}
    assert found.get(question) == answer


@pytest.mark.parametrize(
    "sentence",
    [
        "On 24 April 2019, he visited the Halden Mill.",
        "The organization was established in 1966.",
        "In 2001, Ada Byron set up the office.",
        "On 24 April 2019, Ada Byron visited it.",
        "Ada Byron blorked the Halden Mill in May 1903.",
        "Xiong Meng, Secretary of the Party Committee, Vice President and Dean of Tex, left.",
        "On theoccasion of the Fair, Ada Byronvisited the Halden Mill in 1903.",
        "It is a mill on the river Tista.",
        "Members met in Halden.",
    ],
)
def test_nothing_is_asked_of_a_sentence_that_does_not_say_all_of_it(sentence):
    assert asked(sentence) == {}


# --- Gold ----------------------------------------------------------------------------


def test_every_piece_of_evidence_quotes_its_document_exactly(documents, proposals):
    texts = {Path(d.sources[0]).name: d.text for d in documents}
    pieces = [piece for p in proposals for piece in p.gold_evidence]
    assert pieces
    for piece in pieces:
        assert texts[piece.document][piece.start : piece.end] == piece.quote


def test_every_answer_stands_in_its_evidence_or_is_derived_and_one_always_stands(proposals):
    for proposal in proposals:
        quotes = [comparable(piece.quote) for piece in proposal.gold_evidence]
        absent = [a for a in proposal.answers if not any(comparable(a) in q for q in quotes)]
        assert tuple(absent) == proposal.derived
        assert proposal.answerable == bool(set(proposal.answers) - set(absent))


def test_what_is_shown_marks_evidence_and_answer(documents, proposals):
    texts = {Path(d.sources[0]).name: d.text for d in documents}
    for proposal in proposals:
        assert proposal.shown in texts[proposal.document]
        if proposal.answerable:
            assert proposal.evidence.of(proposal.shown) == proposal.gold_evidence[0].quote
            said = " ".join(proposal.answer.of(proposal.shown).split())
            assert comparable(said) == comparable(proposal.answers[0])


def test_rows_have_the_fields_and_types_of_the_question_schema(proposals):
    readme = README.read_text("utf-8")
    for proposal in proposals:
        row = json.loads(json.dumps(proposal.row()))
        assert row.keys() - {"derived"} == {
            "id", "question", "language", "type", "answerable", "gold_documents", "gold_evidence",
            "answers",
        }  # fmt: skip
        assert f"`{row['type']}`" in readme
        assert row["type"].startswith("unanswerable") is not row["answerable"]
        assert set(row["gold_documents"]) == {p["document"] for p in row["gold_evidence"]}


def test_ids_and_questions_are_unique(proposals):
    for values in ([p.id for p in proposals], [comparable(p.question) for p in proposals]):
        assert [value for value, n in Counter(values).items() if n > 1] == []


def test_no_question_holds_its_answer(proposals):
    for proposal in proposals:
        for answer in proposal.answers:
            assert comparable(answer) not in comparable(proposal.question)


def test_a_full_date_is_also_given_in_iso_form():
    found = asked("On 24 April 2019, Ada Byron visited the Halden Mill.")
    assert found["When did Ada Byron visit the Halden Mill?"] == ("24 April 2019", "2019-04-24")


def test_an_answer_broken_by_a_line_end_is_given_as_quoted_and_as_read():
    text = "Then a man in black, and it was Per\nLunde, Mayor of Halden, cut the ribbon."
    (proposal,) = propose_questions([document(text)])
    assert proposal.answers == ("Per\nLunde", "Per Lunde")
    assert proposal.derived == ("Per Lunde",)


def test_documents_are_named_by_their_path_below_the_root():
    text = "The Loom Fair was founded in 1966."
    below = document(text, "/archive/2019/fair.txt")
    (proposal,) = propose_questions([below], root=Path("/archive"))
    assert proposal.gold_documents == ("2019/fair.txt",)
    (proposal,) = propose_questions([below], root=Path("/archive/2019/fair.txt"))
    assert proposal.gold_documents == ("fair.txt",)


# --- The archive as a whole -----------------------------------------------------------


def test_documents_that_say_the_same_are_all_gold():
    story = "The Mayor of Halden, Per Lunde, cut the ribbon."
    retold = "Again it was Per Lunde, Mayor of Halden, who came."
    documents = [document(story, "a.txt"), document(f"{retold}", "b.txt")]
    (proposal,) = propose_questions(documents)
    assert proposal.gold_documents == ("a.txt", "b.txt")


def test_a_long_name_and_its_acronym_ask_the_same():
    found = asked(
        "Ada Byron, President of the World Loom Union (WLU), spoke.",
        "Ada Byron, President of WLU, spoke again.",
    )
    assert len([question for question in found if question.startswith("Who")]) == 1


def test_where_holders_differ_the_question_is_asked_of_the_year_of_the_document():
    found = asked(
        "HALDEN, 24 April 2019 - Per Lunde, Mayor of Halden, cut the ribbon.",
        "HALDEN, 7 May 2023 - Ida Moe, Mayor of Halden, cut the ribbon.",
        "Ole Vik, Mayor of Halden, cut the ribbon once.",
    )
    assert found == {
        "Who was the Mayor of Halden in 2019?": ("Per Lunde",),
        "Who was the Mayor of Halden in 2023?": ("Ida Moe",),
    }


def test_where_documents_disagree_on_a_fact_nothing_is_asked():
    found = asked(
        "The World Loom Union was established in 1966.",
        "The World Loom Union was established in 1971.",
    )
    assert found == {}


def test_the_first_questions_come_from_as_many_documents(proposals):
    answerable = [p.document for p in proposals if p.answerable]
    covered = len(set(answerable))
    assert covered >= 12
    assert len(set(answerable[:covered])) == covered
    assert max(Counter(answerable).values()) <= 4


def test_the_same_documents_give_the_same_proposals(documents, proposals):
    assert list(propose_questions(documents, root=ARCHIVE)) == proposals


def test_the_id_of_a_question_does_not_depend_on_the_other_documents(documents, proposals):
    ids = {(p.question, p.answerable): p.id for p in proposals}
    alone = list(propose_questions(documents[:3], root=ARCHIVE))
    shared = [p for p in alone if (p.question, p.answerable) in ids]
    assert shared
    assert all(ids[p.question, p.answerable] == p.id for p in shared)


# --- Questions without an answer -------------------------------------------------------

NAMED = (
    "Ada Byron, President of the World Loom Union, met people at noon."
    "\n\nThe World Loom Union was established in 1966. The rest was said of the sea."
    "\n\nLate guests of the Tidal Power Institute (TPI) ate fish."
)


def misses(*texts):
    documents = [document(text, f"{n}.txt") for n, text in enumerate(texts)]
    return [p.question for p in propose_questions(documents) if not p.answerable]


def test_an_office_is_asked_of_a_body_that_no_sentence_gives_it():
    fair = "The Loom Fair was founded in 1966.\n\nThe Herring Fair was founded in 1971."
    assert misses(NAMED, fair) == ["Who is the President of the Tidal Power Institute?"]


@pytest.mark.parametrize(
    "said",
    [
        "The Tidal Power Institute was founded long ago. Its president is Ola Nord.",
        "For years the president at TPI has been Ola Nord. It was founded late.",
    ],
)
def test_an_office_that_stands_beside_the_body_is_not_asked(said):
    fair = "The Loom Fair was founded in 1966.\n\nThe Herring Fair was founded in 1971."
    assert misses(NAMED, fair, said) == []


def test_near_misses_have_neither_answer_nor_evidence(proposals):
    near = [p for p in proposals if not p.answerable]
    assert near
    for proposal in near:
        assert proposal.type == "unanswerable_near_miss"
        assert proposal.answers + proposal.gold_evidence + proposal.gold_documents == ()


# --- Odd input -------------------------------------------------------------------------


def test_an_empty_archive_and_other_languages_give_nothing():
    japanese = read_document(
        "ja.txt", "これは日本語の文書です。会議は東京で開催されました。".encode()
    )
    assert list(propose_questions([])) == []
    assert list(propose_questions([japanese])) == []


@pytest.mark.parametrize("part", ["Alpha Beta, President of ", "The aa of ", "(Alpha ", "In 2019 "])
def test_a_sentence_without_end_takes_no_time(part):
    assert list(propose_questions([document(part * 20_000)])) == []
