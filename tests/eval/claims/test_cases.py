import json

import pytest

from eval.claims.cases import read_claims
from eval.errors import QuestionSetError

TEXT = "# The mill\n\nIt opened in 1911.\nAna Ruiz ran it.\n\nIt burned down in 1930.\n"
ROW = {
    "doc_id": "mill",
    "claim": "The mill opened in 1911.",
    "evidence": ["It opened in 1911."],
    "label": "supported",
    "kind": "",
}


@pytest.fixture
def folder(tmp_path):
    def write(*rows, text=TEXT):
        document = {"id": "mill", "title": "The mill", "text": text, "lang": "en"}
        (tmp_path / "corpus.jsonl").write_text(json.dumps(document) + "\n")
        (tmp_path / "claims.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return tmp_path

    return write


def test_a_claim_comes_with_the_lines_around_its_evidence(folder):
    other = ROW | {"claim": "It burned in 1911.", "label": "not_supported", "kind": "other_date"}
    first, second = read_claims(folder(ROW, other))
    assert first.passage == TEXT.strip()
    assert (first.supported, first.title) == (True, "The mill")
    assert (second.supported, second.kind) == (False, "other_date")


def test_of_a_long_document_only_what_is_near_is_the_passage(folder):
    [case] = read_claims(folder(ROW, text=TEXT + "It was rebuilt.\n" * 500))
    assert case.passage.startswith("# The mill")
    assert ROW["evidence"][0] in case.passage
    assert len(case.passage) < 1000


def test_a_claim_whose_evidence_is_not_there_is_left_out(folder):
    assert read_claims(folder(ROW | {"evidence": ["It sank."]})) == []


def test_a_suite_without_claims_and_a_claim_of_no_document_are_named(folder, tmp_path):
    folder(ROW | {"doc_id": "barn"})
    with pytest.raises(QuestionSetError, match="lacks 'barn'"):
        read_claims(tmp_path)
    (tmp_path / "claims.jsonl").unlink()
    with pytest.raises(QuestionSetError, match=r"claims\.jsonl' cannot be read"):
        read_claims(tmp_path)
