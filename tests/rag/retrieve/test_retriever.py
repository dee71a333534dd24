"""What a question meets when a model cannot read it, or the passages are in another script."""

import pytest

from rag.types import Abstention
from tests.fakes import HashingEncoder


class LatinEncoder(HashingEncoder):
    """An encoder that would give a vector of anything, and is asked for none of Chinese."""

    reads = "latin"

    def encode_queries(self, texts):
        assert all(text.isascii() for text in texts)
        return super().encode_queries(texts)


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "zh.txt").write_text("李勇在深圳参观了华为总部。", encoding="utf-8")
    (folder / "en.txt").write_text("Li Yong visited Huawei's headquarters.", encoding="utf-8")
    return folder


def test_a_question_the_encoder_cannot_read_is_ranked_by_its_words_alone(quick, archive):
    assistant = quick(encoder=LatinEncoder())
    assistant.ingest(archive)
    hits = assistant.search("谁参观了华为？").hits
    assert [hit.passage.search_text[:2] for hit in hits] == ["李勇"]
    assert hits[0].dense is None
    assert hits[0].reranked is None
    outcome = assistant.ask("谁参观了华为？")
    assert "encoder" not in outcome.models


def test_with_no_words_in_common_it_is_said_that_nothing_matches(quick, archive):
    assistant = quick(encoder=LatinEncoder())
    assistant.ingest(archive)
    outcome = assistant.ask("红烧肉怎么做？")
    assert isinstance(outcome, Abstention)
    assert outcome.reason == "no_match"


def test_a_question_it_can_read_is_ranked_by_both(quick, archive):
    assistant = quick(encoder=LatinEncoder())
    assistant.ingest(archive)
    hits = assistant.search("Who visited Huawei?").hits
    assert hits[0].dense is not None
    assert hits[0].lexical is not None
    assert hits[0].fused is not None


def test_words_shared_with_another_script_count_less_only_where_the_encoder_reads_it(
    quick, archive, tmp_path
):
    (archive / "zh.txt").write_text("华为总部在深圳。Huawei 2019", encoding="utf-8")
    scores = {}
    for reads, encoder in (("latin", LatinEncoder()), ("any", HashingEncoder())):
        assistant = quick(data=tmp_path / reads, encoder=encoder)
        assistant.ingest(archive)
        hits = assistant.search("Huawei 2019").hits
        found = next(hit for hit in hits if "深圳" in hit.passage.search_text)
        scores[reads] = found.fused.score
    assert scores["latin"] > scores["any"]
