"""A suite of three questions, and a user's own archive and question file."""

import json

import pytest

from tests.conftest import ROOT, SAMPLE_ARCHIVE

FILES = ("2019-04-24-huawei-visit-shenzhen.txt", "2024-06-13-unido-day-opening.md")
SUITE = {
    "corpus.jsonl": [
        {"id": "d1", "title": "Mill", "text": "The mill opened in 1911. Ana Ruiz ran the mill."},
        {"id": "d2", "title": "Quay", "text": "The quay is four hundred metres long."},
    ],
    "queries.jsonl": [
        {
            "id": "q1",
            "question": "When did the mill open?",
            "answers": ["1911"],
            "gold_doc_ids": ["d1"],
            "gold_evidence": ["The mill opened in 1911."],
            "unanswerable": False,
            "lang": "en",
        },
        {
            "id": "q2",
            "question": "Who ran it?",
            "history": [
                {"role": "user", "text": "When did the mill open?"},
                {"role": "assistant", "text": "The mill opened in 1911."},
            ],
            "answers": ["Ana Ruiz"],
            "gold_doc_ids": ["d1"],
            "unanswerable": False,
            "lang": "en",
        },
        {
            "id": "q3",
            "question": "Who is the king of Norway?",
            "answers": [],
            "gold_doc_ids": [],
            "unanswerable": True,
            "lang": "en",
        },
    ],
}


@pytest.fixture
def suite(tmp_path):
    folder = tmp_path / "suites" / "tiny"
    folder.mkdir(parents=True)
    for name, rows in SUITE.items():
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture
def mine(tmp_path):
    """A user's own archive and question file: (archive, questions)."""
    archive = tmp_path / "archive"
    archive.mkdir()
    for name in FILES:
        (archive / name).write_bytes((SAMPLE_ARCHIVE / name).read_bytes())
    rows = [
        row
        for line in (ROOT / "eval/questions/sample.jsonl").read_text("utf-8").splitlines()
        if (row := json.loads(line))
        if row["answerable"] and set(row["gold_documents"]) <= set(FILES)
    ]
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return archive, path
