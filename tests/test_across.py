"""Sentences in one language over sources in another, with the real encoder and dictionary."""

from dataclasses import replace

import pytest

from embeddings.registry import MODELS
from embeddings.weights import carrier_folder
from rag.answer.across import Bridge
from rag.answer.draft import DraftSentence
from rag.answer.gate import NOT_COMPARED, gate_sentence
from rag.answer.pairing import pair_texts
from rag.answer.settings import AnswerSettings
from rag.answer.verify import verify_claim
from rag.errors import UnsupportedClaimError
from rag.generate.pack import Packed, PackedPassage
from rag.generate.settings import LanguageModelSettings
from rag.lexicon import load_lexicon
from rag.models import Models
from rag.text.language import written_in
from rag.types import Span
from tests.fake_endpoint import fake_endpoint, says
from tests.fakes import HashingEncoder
from tests.rag.answer.test_verify import make_document

pytestmark = pytest.mark.slow

LEXICON = load_lexicon()
if LEXICON is None or carrier_folder(MODELS["multilingual"].carrier) is None:
    pytest.skip("footnote[models] is not installed", allow_module_level=True)

VISIT = make_document(
    "LI Yong, Director General of UNIDO, visited the headquarters of Huawei in Shenzhen on "
    "24 April 2019 with 40 delegates. The company opened a laboratory in Vienna in 2006.",
    name="visit",
)
OFFICE = make_document(
    "工发组织于2006年在上海设立了办事处。李勇访问了奥地利的三所大学。", name="office"
)
DOCUMENTS = {d.id: d for d in (VISIT, OFFICE)}
ENGLISH_VISIT, ENGLISH_LABORATORY = VISIT.text[: VISIT.text.index(" The")], VISIT.text[-56:]
SAID = "2019年4月24日，UNIDO总干事李勇率40名代表访问了深圳的华为总部。"


@pytest.fixture(scope="module")
def encoder(settings):
    models = replace(settings.models, encoder="multilingual")
    return Models(models, settings.language_model).encoder


@pytest.fixture(scope="module")
def gate(encoder):
    bridge = Bridge(LEXICON, encoder)

    def judged(text, document, bridge=bridge):
        passage = PackedPassage(
            1, document.id, "", None, Span(0, len(document.text)), document.text
        )
        return gate_sentence(
            DraftSentence(text, (1,)), Packed((passage,), ()), DOCUMENTS, question=text,
            bridge=bridge,
        )  # fmt: skip

    return judged


@pytest.mark.parametrize(
    ("text", "document", "quote"),
    [
        (SAID, VISIT, ENGLISH_VISIT),
        (SAID.replace("李勇", "LI Yong").replace("华为", " Huawei "), VISIT, ENGLISH_VISIT),
        ("LI Yong visited three universities in Austria.",
         OFFICE, "李勇访问了奥地利的三所大学。"),
    ],
)  # fmt: skip
def test_a_translated_sentence_leaves_with_its_source_in_its_own_words(gate, text, document, quote):
    verdict = gate(text, document)
    assert (verdict.kind, verdict.reasons) == ("found", ())
    assert [citation.quote for citation in verdict.claim.citations] == [quote]
    with pytest.raises(UnsupportedClaimError):
        verify_claim(verdict.claim, DOCUMENTS)


@pytest.mark.parametrize(
    ("text", "document"),
    [
        (SAID.replace("40", "50"), VISIT),
        (SAID.replace("24日", "25日"), VISIT),
        (SAID.replace("2019", "2018"), VISIT),
        (SAID.replace("李勇", "王勇"), VISIT),
        (SAID.replace("华为", "阿里巴巴"), VISIT),
        (SAID.replace("华为", " Nokia "), VISIT),
        (SAID.replace("深圳", "北京"), VISIT),
        (SAID.replace("访问了", "没有访问"), VISIT),
        ("李勇参观了上海的一座寺庙。", VISIT),
        ("LI Yong visited four universities in Austria.", OFFICE),
        ("LI Yong visited three universities in Germany.", OFFICE),
        ("WANG Yong visited three universities in Austria.", OFFICE),
        ("LI Yong never visited three universities in Austria.", OFFICE),
    ],
)
def test_a_translated_sentence_with_another_fact_is_withheld(gate, text, document):
    verdict = gate(text, document)
    assert verdict.claim is None
    assert verdict.reasons


def test_without_a_bridge_nothing_is_said_across_languages_and_the_verdict_says_why(gate):
    verdict = gate(SAID, VISIT, None)
    assert verdict.claim is None
    assert verdict.reasons == (NOT_COMPARED,)


@pytest.mark.parametrize(
    ("chinese", "english", "strange"),
    [
        ("李勇访问了华为。", "LI Yong visited Huawei.", ((), ())),
        ("李勇访问了华为。", "Yong Li visited Huawei.", ((), ())),
        ("王勇访问了华为。", "LI Yong visited Huawei.", (("王勇",), ("LI", "Yong"))),
        ("卡罗莱纳州的梅尔卡森", "Melkason of Carolina", ((), ())),
        ("奥地利的大学", "a university in Germany", (("奥地利",), ("Germany",))),
        ("Nokia 的总部", "the headquarters of Huawei", (("Nokia",), ("Huawei",))),
    ],
)
def test_names_are_met_by_letters_by_pinyin_by_meaning_or_by_sound(chinese, english, strange):
    paired = pair_texts(chinese, english, LEXICON)
    assert (paired.strange_chinese_names, paired.strange_latin_names) == strange


def test_a_chinese_answer_over_an_english_document_quotes_it_exactly(quick, tmp_path, encoder):
    (tmp_path / "visit.txt").write_text(f"A visit\n\n{VISIT.text}\n", encoding="utf-8")
    wrong = SAID.replace("40", "50"), SAID.replace("华为", "阿里巴巴")
    script = says(" ".join(f"{text[:-1]}[1]。" for text in (*wrong, SAID)))
    with fake_endpoint(script) as endpoint:
        model = LanguageModelSettings(base_url=endpoint.base_url, model="scripted")
        assistant = quick(
            encoder=encoder, language_model=model, answer=AnswerSettings(min_support=0.0)
        )
        assistant.ingest(tmp_path / "visit.txt")
        outcome = assistant.ask("李勇什么时候访问了华为总部？", composer="generative")
        [request] = endpoint.received
    assert "Answer in Chinese, with every name in the letters" in request.prompt
    assert [claim.text for claim in outcome.claims] == [SAID]
    assert [c.quote for c in outcome.claims[0].citations] == [ENGLISH_VISIT]
    assert outcome.report.withheld == 2


class EnglishEncoder(HashingEncoder):
    reads = "latin"


def test_with_an_encoder_of_english_only_auto_quotes_the_archive_and_says_why(quick, tmp_path):
    (tmp_path / "visit.txt").write_text(f"A visit\n\n{VISIT.text}\n", encoding="utf-8")
    with fake_endpoint(says(f"{SAID[:-1]}[1]。")) as endpoint:
        model = LanguageModelSettings(base_url=endpoint.base_url, model="scripted")
        assistant = quick(
            encoder=EnglishEncoder(), language_model=model, answer=AnswerSettings(min_support=0.0)
        )
        assistant.ingest(tmp_path / "visit.txt")
        outcome = assistant.ask("LI Yong 什么时候访问了 Huawei 总部，代表有多少名？")
    assert outcome.composer == "extractive"
    assert "语言不同" in outcome.fallback
    assert all(claim.citations[0].quote == claim.text for claim in outcome.claims)


@pytest.mark.parametrize(
    ("question", "passage", "language"),
    [
        ("When did the library open?", "Die Bibliothek wurde im Mai eröffnet.", "English"),
        ("Wann wurde die Bibliothek eröffnet?", "Die Bibliothek ist für alle da.", "German"),
        ("Wann wurde die Bibliothek eröffnet?", "The library opened in May.", "English"),
        ("Quand la bibliothèque est-elle née ?", "Elle est née dans les murs.", "French"),
        ("图书馆什么时候开馆？", "The library opened in May.", "Chinese"),
        ("図書館はいつ開館しましたか", "図書館は五月に開館しました。", "Japanese"),
        ("What do community pharmacies do?", "They do as they can.", "English"),
    ],
)
def test_an_answer_is_asked_for_in_the_questions_language_where_it_can_be_checked(
    question, passage, language
):
    assert written_in(question, [passage]) == language
