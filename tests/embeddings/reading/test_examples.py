from __future__ import annotations

import json

import pytest

from embeddings.reading.examples import NEITHER, NO, YES, Source, load_examples

BODY = (
    "The mill stands at Oster Quay. It was built in 1902 by Karl Lund.\n\n"
    "# Repairs\n\nThe wheel was replaced in 1950; the dam was not repaired.\n"
)


@pytest.fixture
def folder(tmp_path):
    def write(name, rows):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / name).write_text(lines, encoding="utf-8")

    write("corpus.jsonl", [{"id": "mill", "title": "The mill", "text": BODY}])
    built = "It was built in 1902 by Karl Lund."
    wheel = "The wheel was replaced in 1950; the dam was not repaired."
    common = {"gold_doc_ids": ["mill"], "unanswerable": False, "all_answers": False}
    write(
        "queries.jsonl",
        [
            {"question": "Who built it?", "answers": ["Karl Lund"], "gold_evidence": [built]}
            | common,
            {"question": "Was the dam mended?", "answers": ["no"], "gold_evidence": [wheel]}
            | common,
            {"question": "Who bought it?", "unanswerable": True, "near_doc_ids": ["mill"]},
        ],
    )
    claim = {"doc_id": "mill", "evidence": [built]}
    write(
        "claims.jsonl",
        [
            claim | {"claim": "Karl Lund built the mill.", "label": "supported", "kind": ""},
            claim
            | {"claim": "It was built in 1920.", "label": "not_supported", "kind": "other_date"},
        ]
        * 20,
    )
    return tmp_path


def test_evidence_answers_and_verdicts_stand_where_the_gold_says(folder):
    examples = load_examples([Source(folder)], seed=3)
    [built] = [e for e in examples if e.question.lower().startswith("who built") and e.answers]
    text = built.passage.text
    flagged = [
        text[s:e] for (s, e), f in zip(built.passage.statements, built.evidence, strict=True) if f
    ]
    assert flagged == ["It was built in 1902 by Karl Lund."]
    assert text[slice(*built.answer)] == "Karl Lund"
    [dam] = [e for e in examples if "dam" in e.question.lower() and e.answers]
    assert (dam.verdict, dam.answer) == (NO, None)
    claims = [e for e in examples if "Karl" in e.question or "karl" in e.question]
    assert claims
    assert all(e.verdict == YES for e in claims if e.answers)
    unanswerable = [e for e in examples if "bought" in e.question.lower()]
    assert unanswerable
    assert all(
        not e.answers and e.answer is None and e.has_span and e.verdict == NEITHER
        for e in unanswerable
    )


def test_what_shares_words_with_a_question_is_shown_as_a_passage_that_does_not_answer(tmp_path):
    texts = {
        "mill": BODY,
        "barn": "The barn of Oster Quay was built by Ada Holm. Its roof is of slate.",
        "menu": "Soup, bread and apples. Tea costs two crowns a cup.",
    }
    documents = [{"id": id_, "title": id_, "text": text} for id_, text in texts.items()]
    query = {
        "question": "Who built the mill of Oster Quay?",
        "answers": ["Karl Lund"],
        "gold_evidence": ["It was built in 1902 by Karl Lund."],
        "gold_doc_ids": ["mill"],
        "unanswerable": False,
    }
    for name, rows in (("corpus", documents), ("queries", [query] * 20)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    others = [each for each in load_examples([Source(tmp_path)], seed=3) if not each.about]
    assert others
    assert {each.passage.text for each in others} == {texts["barn"]}
    assert not any(each.answers or any(each.evidence) or each.answer for each in others)


def test_the_same_seed_gives_the_same_examples_and_times_multiplies_them(folder):
    once = load_examples([Source(folder)], seed=3)
    assert load_examples([Source(folder)], seed=3) == once
    thrice = load_examples([Source.parse(f"{folder}=3")], seed=3)
    assert 2 * len(once) < len(thrice) < 4 * len(once)


def test_passages_of_one_file_keep_their_spans(tmp_path):
    start = BODY.index("1902")
    evidence = [BODY.index("It was"), BODY.index("Lund.") + 5]
    row = {"question": "When?", "passage": BODY, "kind": "answerable"}
    row |= {"answer": [start, start + 4], "evidence": evidence}
    path = tmp_path / "passages.jsonl"
    path.write_text((json.dumps(row) + "\n") * 50, encoding="utf-8")
    examples = load_examples([Source(path)], seed=1)
    assert examples
    for each in examples:
        assert each.passage.text[slice(*each.answer)] == "1902"


def test_what_is_no_json_is_named(tmp_path):
    path = tmp_path / "broken.jsonl"
    path.write_text("{\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken\.jsonl', line 1, is not JSON"):
        load_examples([Source(path)], seed=1)
