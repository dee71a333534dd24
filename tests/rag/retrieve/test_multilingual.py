"""Questions in one language, documents in the other, with the real multilingual encoder."""

from dataclasses import replace

import pytest

from embeddings.registry import MODELS
from embeddings.weights import carrier_folder
from rag.assistant import Assistant
from rag.types import Answer, Filters, Question
from tests.conftest import SAMPLE_ARCHIVE

pytestmark = pytest.mark.slow

if carrier_folder(MODELS["multilingual"].carrier) is None:
    pytest.skip("footnote[models] is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def multilingual(tmp_path_factory, settings):
    """An Assistant over the sample archive as the multilingual encoder reads it."""
    data = tmp_path_factory.mktemp("multilingual") / "data"
    models = replace(settings.models, encoder="multilingual")
    with Assistant.open(data, settings=replace(settings, models=models)) as assistant:
        assistant.ingest(SAMPLE_ARCHIVE)
        yield assistant


@pytest.mark.parametrize(
    ("question", "language", "name"),
    [
        ("李勇什么时候参观了华为？", "en", "2019-04-24-huawei-visit-shenzhen.txt"),
        ("谁在2020年底获得了优秀奖？", "en", "zhao-xiaolei-excellence-award-2020.md"),
        ("When did the head of UNIDO visit Huawei?", "zh", "2019-04-24-li-yong-huawei-zh.txt"),
        ("What was the theme of UNIDO Day in 2024?", "zh", "2024-06-13-unido-day-zh.md"),
    ],
)
def test_a_question_finds_the_document_in_the_other_language(
    multilingual, question, language, name
):
    hits = multilingual.search(question, filters=Filters(language=language)).hits
    document = multilingual.document(hits[0].passage.document_id)
    assert document.sources[0].endswith(name)


def test_an_answer_across_languages_quotes_its_document_exactly(multilingual):
    question = Question("When did the head of UNIDO visit Huawei?", Filters(language="zh"))
    outcome = multilingual.ask(question)
    assert isinstance(outcome, Answer)
    for citation in outcome.claims[0].citations:
        document = multilingual.document(citation.document_id)
        assert document.language == "zh"
        assert citation.span.of(document.text) == citation.quote
    shown = [cited.shown for cited in outcome.claims[0].context] + [outcome.claims[0].shown]
    assert "2019年4月24日" in " ".join(shown)


def test_what_the_other_language_does_not_say_is_not_answered_either(multilingual):
    outcome = multilingual.ask(Question("红烧肉怎么做才不腻？", Filters(language="en")))
    assert not isinstance(outcome, Answer)
