"""Judging a sentence by the encoder, where the reranker cannot read it or the question.

A cosine says how near a sentence is to a question in meaning, across languages too, where
the two have no words in common.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from embeddings.types import Encoder, Reranker
from rag.answer.rules.support import shifted
from rag.text.language import reads_text
from rag.types import Features

# Fits to XQuAD, 80 questions each of Chinese on English, English on Chinese and Chinese on
# Chinese text, every one asked also without its gold passage. Across, .5 stands where a
# sentence of this score is right in one of five such questions. Cosines lie lower on
# Chinese text than on English, hence two biases.
_SIMILARITY = 40.0
_NUMBER_COVERAGE = 1.4
_BIAS_ON_LATIN, _BIAS_ON_OTHERS = -34.4, -33.3
_WITHIN, _NEAR = 40.0, 0.89


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
    sentences: Sequence[str],
    languages: Sequence[str],
    wanted: Collection[int],
    encoder: Encoder,
) -> list[float | None]:
    """Cosine of the question with each sentence at a ``wanted`` position, in order.

    None for the others, and for all that the encoder cannot read. ``languages`` are those
    of the sentences' documents.

    Raises:
        ModelLoadError: memory ran out, or the weights are no good.
    """
    found: list[float | None] = [None] * len(sentences)
    if not reads_text(encoder.reads, question):
        return found
    read = [at for at in sorted(wanted) if reads_text(encoder.reads, sentences[at], languages[at])]
    if not read:
        return found
    rows = encoder.encode_passages([sentences[at] for at in read])
    cosines = rows @ encoder.encode_queries([question])[0]
    for at, cosine in zip(read, cosines.tolist(), strict=True):
        found[at] = cosine
    return found


def support_across(features: Features, cosine: float, *, latin: bool) -> float:
    """The support score in [0, 1] of a sentence in another script than the question.

    ``latin``: it is the sentence that is in Latin letters. Words in common say nothing
    there, figures do.
    """
    bias = _BIAS_ON_LATIN if latin else _BIAS_ON_OTHERS
    return shifted(0.5, bias + _SIMILARITY * cosine + _NUMBER_COVERAGE * features.number_coverage)


def support_within(support: float, cosine: float) -> float:
    """The support score by words, in [0, 1], corrected by the cosine; of one script."""
    return shifted(support, _WITHIN * (cosine - _NEAR))
