"""Asking as the archive stood on a day, from Python and from the command line."""

import json
from datetime import date

import pytest

from rag.types import Answer, Filters, Question, Turn

HEADS = {
    "a.txt": "VIENNA, 24 April 2019 - LI Yong is the Director General of UNIDO.",
    "b.txt": "VIENNA, 10 December 2021 - Gerd Müller is the Director General of UNIDO.",
    "c.txt": "The Director General of UNIDO has an office in Vienna.",
}
ASKED = "Who is the Director General of UNIDO?"


@pytest.fixture
def heads(quick, tmp_path):
    folder = tmp_path / "heads"
    folder.mkdir()
    for name, text in HEADS.items():
        (folder / name).write_text(text, encoding="utf-8")
    assistant = quick()
    assistant.ingest(folder)
    return assistant


def names(assistant, hits):
    ids = {hit.passage.document_id for hit in hits}
    sources = (assistant.document(found).sources[0] for found in ids)
    return {source.rpartition("/")[2] for source in sources}


def test_what_was_published_later_is_not_used_and_undated_documents_are(heads):
    def found(as_of, **besides):
        return names(heads, heads.search(Question(ASKED, as_of=as_of, **besides)).hits)

    assert found(None) == {"a.txt", "b.txt", "c.txt"}
    assert found(date(2021, 12, 10)) == {"a.txt", "b.txt", "c.txt"}
    assert found(date(2020, 6, 30)) == {"a.txt", "c.txt"}
    assert found(date(2019, 4, 23)) == {"c.txt"}
    history = (Turn("user", "What is UNIDO?"), Turn("assistant", "An organization."))
    assert found(date(2020, 6, 30), history=history) == {"a.txt", "c.txt"}
    since = Filters(since=date(2019, 1, 1))
    assert found(date(2020, 6, 30), filters=since) == {"a.txt"}


def test_the_outcome_says_of_which_day_it_is(heads):
    asked = Question(ASKED, as_of=date(2020, 6, 30))
    outcome = heads.ask(asked)
    assert outcome.question.as_of == date(2020, 6, 30)
    ranked = names(heads, outcome.ranking)
    assert "b.txt" not in ranked
    if isinstance(outcome, Answer):
        assert "Müller" not in " ".join(claim.text for claim in outcome.claims)


def test_a_time_in_the_question_prefers_its_passages_and_keeps_the_others(heads):
    for question, first in (
        (Question("Who was Director General of UNIDO in 2019?"), "a.txt"),
        (Question("Who was Director General of UNIDO in 2021?"), "b.txt"),
        (Question("Who was Director General last year?", as_of=date(2022, 5, 1)), "b.txt"),
        (Question("Who was Director General between 2018 and 2020?"), "a.txt"),
    ):
        hits = heads.search(question).hits
        dated = [hit for hit in hits if names(heads, [hit]) != {"c.txt"}]
        assert names(heads, [min(dated, key=lambda hit: hit.fused.rank)]) == {first}
        assert len(names(heads, hits)) == 3


def test_the_command_takes_the_last_day_meant(footnote, sample_data):
    code, out, _ = footnote("ask", ASKED, "--as-of", "2020-06", "--json", "--data", sample_data)
    assert code == 0
    said = json.loads(out)
    assert said["as_of"] == "2020-06-30"
    cited = said.get("citations", []) + said.get("nearest", [])
    assert all(found["published"] is None or found["published"] <= "2020-06" for found in cited)
    code, out, _ = footnote("ask", ASKED, "--as-of", "2020", "--data", sample_data)
    assert "As of 2020-12-31:" in out
    code, _, err = footnote("search", ASKED, "--as-of", "soon", "--data", sample_data)
    assert code == 1
    assert "'soon' is not a valid date for as_of" in err


def test_a_document_of_the_year_before_the_day_is_read_however_many_undated_ones_lie_nearer(
    quick, tmp_path
):
    folder = tmp_path / "crowd"
    folder.mkdir()
    places = [f"Place {number}" for number in range(12)]
    for place in places:
        text = f"Who is the Director General of UNIDO? He came to {place} for the fair there."
        (folder / f"{place}.txt").write_text(text, encoding="utf-8")
    (folder / "dated.txt").write_text(
        "A visit\n\nSHENZHEN, 24 April 2019 - The Director General, LI Yong, paid a visit.",
        encoding="utf-8",
    )
    assistant = quick()
    assistant.ingest(folder)

    def read(as_of):
        outcome = assistant.ask(Question(ASKED, as_of=as_of))
        ids = {candidate.document_id for candidate in outcome.candidates}
        return {assistant.document(found).sources[0].rpartition("/")[2] for found in ids}

    assert "dated.txt" in read(date(2019, 6, 30))
    assert "dated.txt" not in read(None)
    assert "dated.txt" not in read(date(2021, 6, 30))
