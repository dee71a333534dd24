"""Judging a sentence by the encoder, where the reranker cannot read it or the question.

A cosine says how near a sentence is to a question in meaning, across languages too, where
the two have no words in common.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from embeddings.types import Encoder, Reranker
from rag.answer.rules.support import shifted
from rag.text.language import is_latin, language_of, reads_text
from rag.types import Features

# A logistic fit over the statements read for 440 questions on documents in 13 languages (the
# train part of the written set, see docs/languages.md): .5 stands where the best statement is
# right for half the questions. That a figure is missing never went with a right one there, so
# its weight is that of English.
_BIAS = -44.2
_SIMILARITY = 50.5
_SENTENCE_COVERAGE = 1.9
_NUMBER_COVERAGE = 2.6
_PROMINENCE = -6.4
_PLACE = -0.8


def unread_pairs(
    question: str, sentences: Sequence[str], languages: Sequence[str], reranker: Reranker
) -> frozenset[int]:
    """Positions of the sentences, of documents in these languages, that the reranker cannot
    score for this question."""
    if not reads_text(reranker.reads, question):
        return frozenset(range(len(sentences)))
    return frozenset(
        at
        for at, (text, language) in enumerate(zip(sentences, languages, strict=True))
        if not reads_text(reranker.reads, text, language)
    )


def similarities(
    question: str,
    sentences: Sequence[tuple[str, str]],
    languages: Sequence[str],
    wanted: Collection[int],
    encoder: Encoder,
) -> list[float | None]:
    """Similarity of the question with each sentence at a ``wanted`` position, in order.

    A sentence is given alone and with its context; what counts is the mean of both
    cosines: alone it is nearest to a question about itself, with its title to one that
    says of what. None for the others, and for all that the encoder cannot read.
    ``languages`` are those of the sentences' documents.

    Raises:
        ModelLoadError: memory ran out, or the weights are no good.
    """
    found: list[float | None] = [None] * len(sentences)
    if not reads_text(encoder.reads, question):
        return found
    read = [
        at for at in sorted(wanted) if reads_text(encoder.reads, sentences[at][0], languages[at])
    ]
    if not read:
        return found
    texts = list(dict.fromkeys(text for at in read for text in sentences[at]))
    cosines = encoder.encode_passages(texts) @ encoder.encode_queries([question])[0]
    cosine_of = dict(zip(texts, cosines.tolist(), strict=True))
    for at in read:
        alone, in_context = sentences[at]
        found[at] = (cosine_of[alone] + cosine_of[in_context]) / 2
    return found


def is_foreign(question: str, sentence: str, language: str) -> bool:
    """Whether a sentence, of a document in that language, and a question are in different
    languages, as far as can be told."""
    if is_latin(question) != is_latin(sentence):
        return True
    asked = language_of(question)
    return asked != language and "und" not in (asked, language)


def support_by_similarity(
    features: Features, similarity: float, *, place: int, foreign: bool
) -> float:
    """The support score in [0, 1] of a sentence that the reranker does not read.

    ``place`` is its passage's in the ranking, from 0. Of a ``foreign`` one, in another
    language than the question, words in common say nothing.
    """
    covered = 0.0 if foreign else features.sentence_coverage
    return shifted(
        0.5,
        _BIAS
        + _SIMILARITY * similarity
        + _SENTENCE_COVERAGE * covered
        + _NUMBER_COVERAGE * features.number_coverage
        + _PROMINENCE * features.prominence
        + _PLACE * place,
    )
