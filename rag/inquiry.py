"""One question on its way through the stages: ranked, judged, answered or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from embeddings.types import Encoder, Vectors
from rag.answer.abstain import (
    cite_mentions,
    explain_abstention,
    explain_shortfall,
    nearest_passages,
)
from rag.answer.compose import compose_extractive
from rag.answer.conflict import find_conflict
from rag.answer.context import add_context
from rag.answer.rules.evidence import Circumstances, judge_sentences, without_premise
from rag.answer.rules.lists import asks_list, find_list_items
from rag.answer.rules.short import find_short_answer
from rag.answer.rules.shortfall import Shortfall, WordCounts, find_shortfall
from rag.answer.rules.support import archive_rarity, ranking_signs
from rag.answer.settings import CHINESE_WEIGHTS, Composer, SupportWeights
from rag.answer.stopwatch import Stopwatch
from rag.config import Settings
from rag.drafting import Drafting
from rag.models import Models, model_errors
from rag.question.analysis import (
    QuestionTerms,
    analyse_question,
    content_words,
    named_words,
)
from rag.question.when import find_times
from rag.retrieve.repeats import count_with_repeats
from rag.retrieve.rerank import rerank
from rag.retrieve.retriever import RetrieveSettings, retrieve
from rag.retrieve.timely import is_published_in
from rag.retrieve.words import count_words, find_near_words
from rag.store.base import ReadView
from rag.text.normalise import lexical_tokens
from rag.text.scripts import reads_text
from rag.text.spelling import respelled
from rag.text.tense import asks_of_the_present
from rag.types import (
    Abstention,
    AbstentionReason,
    Answer,
    Candidate,
    Claim,
    Document,
    Hit,
    ModelIdentity,
    Outcome,
    Question,
)

__all__ = ["Inquiry", "rank_passages"]

# Passages read beside the best ones, as of a day.
_WITNESSES = 2


def rank_passages(
    view: ReadView,
    question: Question,
    models: Models,
    settings: RetrieveSettings,
    watch: Stopwatch,
) -> list[Hit]:
    """The passages for a question, reranked, best first; none of an archive without index.

    Raises:
        IndexMismatchError: the index was built with another encoder.
        ModelError: a model could not be loaded or run.
    """
    if view.index is None:
        return []
    models.check_encoder(view.index.encoder)
    near = find_near_words(view, question.text)
    with model_errors():
        vector = None
        if reads_text(models.encoder.reads, question.text):
            with watch.time("encode"):
                vector = _query_vector(question.text, near, models.encoder)
        with watch.time("retrieve"):
            hits = retrieve(view, question, vector, settings, reads=models.encoder.reads, near=near)
        if not hits or not reads_text(models.reranker.reads, question.text):
            return hits
        with watch.time("rerank"):
            return rerank(hits, question.text, models.reranker, limit=settings.rerank_limit)


def _query_vector(text: str, near: Mapping[str, Sequence[str]], encoder: Encoder) -> Vectors:
    """The question's unit vector; halfway to its correction where a word seems mistyped.

    Halfway only: an unknown name may be right, and the nearest one another's.
    """
    texts = list(dict.fromkeys([text, respelled(text, near)]))
    vectors = encoder.encode_queries(texts)
    joined: Vectors = vectors.sum(axis=0)
    length = float((joined**2).sum() ** 0.5)
    if len(texts) == 1 or not length:
        first: Vectors = vectors[0]
        return first
    unit: Vectors = joined / length
    return unit


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question on its way through the stages over one view.

    ``understood`` is its text without need of its history, which ``terms`` are of.
    """

    view: ReadView
    question: Question
    understood: str
    terms: QuestionTerms
    models: Models
    settings: Settings
    watch: Stopwatch
    composer: Composer
    tell: Callable[[Claim], None]
    tell_written: Callable[[Answer], None]
    stop: Callable[[], bool]

    def run(self, limit: int) -> Outcome:
        """The outcome; of the best ``limit`` passages every sentence is judged.

        Raises:
            IndexMismatchError, ModelError: as ``rank_passages`` does.
            SettingsError, LanguageModelError, AbandonedError: as ``Assistant.ask`` does.
        """
        if self.view.empty:
            return self._abstain("empty_archive", [], [], {})
        if self.terms.empty:
            return self._abstain("nothing_asked", [], [], {})
        hits = self._ranked()
        if not hits:
            return self._abstain("no_match", [], [], {})
        settings = self.settings.answer
        count = count_with_repeats([hit.passage for hit in hits], limit)
        read = [*hits[:count], *self._witnesses(hits[count:])]
        cited = {hit.passage.document_id for hit in [*read, *hits[: settings.nearest]]}
        documents = {document_id: self.view.document(document_id) for document_id in sorted(cited)}
        with self.watch.time("judge"), model_errors():
            candidates = judge_sentences(
                self.terms,
                read,
                documents,
                self.models.reranker,
                encoder=self.models.encoder,
                circumstances=self._circumstances(hits),
                weights=self._weights,
                # An item of a list need not look like an answer.
                most=None if asks_list(self.terms) else settings.sentences,
            )
            shortfall = self._shortfall(candidates, hits)
            if shortfall.kind == "premise":
                candidates = without_premise(candidates, self._weights)
        with self.watch.time("compose"):
            conflicting = find_conflict(
                self.terms, candidates, documents, min_support=settings.min_support
            )
            draft = compose_extractive(
                candidates,
                documents,
                settings,
                leading=conflicting
                or find_list_items(
                    self.terms, candidates, documents, min_support=settings.min_support
                ),
            )
            claims = add_context(draft.claims, documents)
            short_answer = find_short_answer(self.terms, draft.claims, documents)
        if not draft.claims:
            refused = self._abstain(
                "insufficient_evidence", hits, draft.candidates, documents, shortfall
            )
            return self._drafting(limit).piece_together(refused, documents)
        answer = Answer(
            question=self.question,
            standalone=self._standalone,
            claims=claims,
            ranking=tuple(hits),
            candidates=draft.candidates,
            models=self._models(),
            prompts=(),
            generation=self.view.generation,
            timings_ms={},
            # One value would hide the others.
            short_answer=None if conflicting else short_answer,
            conflict=bool(conflicting),
        )
        outcome = self._drafting(limit).reword(
            answer,
            documents,
            lambda declined: self._abstain(
                "draft_unsupported", hits, draft.candidates, documents, declined=declined
            ),
        )
        if isinstance(outcome, Answer) and outcome.composer == "extractive":
            for claim in outcome.claims:
                self.tell(claim)
        return outcome

    def _drafting(self, limit: int) -> Drafting:
        return Drafting(
            view=self.view,
            understood=self.understood,
            chinese=self.terms.chinese,
            models=self.models,
            settings=self.settings.answer,
            watch=self.watch,
            composer=self.composer,
            tell=self.tell,
            tell_written=self.tell_written,
            stop=self.stop,
            rank=lambda part: self._of_part(part)._ranked(),
            answer=lambda part: self._of_part(part).run(limit),
        )

    def _of_part(self, text: str) -> Inquiry:
        """The inquiry into a part of the question, within the same scope, by the archive alone."""
        return replace(
            self,
            question=replace(self.question, text=text, history=()),
            understood=text,
            terms=analyse_question(text),
            watch=Stopwatch(),
            composer="extractive",
            tell=lambda claim: None,
            tell_written=lambda answer: None,
        )

    def _ranked(self) -> list[Hit]:
        standalone = replace(self.question, text=self.understood)
        return rank_passages(self.view, standalone, self.models, self.settings.retrieve, self.watch)

    def _witnesses(self, hits: Sequence[Hit]) -> list[Hit]:
        """The best of these hits that tell how things were on the day asked from.

        Asked as of a day how things are, a document of the year before it is a better
        witness than one without a date, however near that one is to the question.
        """
        if self.question.as_of is None or not asks_of_the_present(self.understood):
            return []
        times = find_times(self.understood, self.question.as_of)
        found = self.view.summaries([hit.passage.document_id for hit in hits])
        return [
            hit for hit in hits if is_published_in(times, found[hit.passage.document_id].dates)
        ][:_WITNESSES]

    def _circumstances(self, hits: Sequence[Hit]) -> Circumstances:
        content = count_words(self.view, sorted(self.terms.content))
        names = [
            count_words(self.view, lexical_tokens(name)).frequencies
            for name, _ in named_words(self.terms.text)
        ]
        known = sum(any(found.values()) for found in names)
        return Circumstances(
            ranking=ranking_signs(hits),
            rarity=archive_rarity(content.frequencies, content.passages),
            names_known=known / len(names) if names else 1.0,
            as_of=self.question.as_of,
        )

    def _abstain(
        self,
        reason: AbstentionReason,
        hits: Sequence[Hit],
        candidates: Sequence[Candidate],
        documents: Mapping[str, Document],
        shortfall: Shortfall | None = None,
        *,
        declined: bool = False,
    ) -> Abstention:
        settings = self.settings.answer
        if reason == "no_match" and not self.question.scope:
            # Of another subject: no filters kept the rest away.
            shortfall = self._shortfall(candidates, hits)
        return Abstention(
            question=self.question,
            standalone=self._standalone,
            reason=reason,
            kind=shortfall.kind if shortfall else None,
            explanation=(
                explain_shortfall(self.terms, shortfall)
                if shortfall
                else explain_abstention(
                    reason, self.question.scope, chinese=self.terms.chinese, declined=declined
                )
            ),
            mentions=cite_mentions(shortfall.mentions, documents) if shortfall else (),
            nearest=nearest_passages(hits[: settings.nearest], documents),
            ranking=tuple(hits),
            candidates=tuple(candidates),
            models=self._models(),
            generation=self.view.generation,
            timings_ms={},
        )

    def _shortfall(self, candidates: Sequence[Candidate], hits: Sequence[Hit]) -> Shortfall:
        """What is missing, told from the sentences judged and the passages they are of."""
        judged = {candidate.passage_id for candidate in candidates}
        words = list(content_words(self.terms.text))
        found = count_words(self.view, words)
        counts = WordCounts(found.passages, found.frequencies)
        read = [hit for hit in hits if hit.passage.id in judged]
        return find_shortfall(
            self.terms, candidates, read or hits[: self.settings.answer.passages], counts
        )

    @property
    def _weights(self) -> SupportWeights:
        return CHINESE_WEIGHTS if self.terms.chinese else self.settings.support

    @property
    def _standalone(self) -> str | None:
        return self.understood if self.understood != self.question.text else None

    def _models(self) -> dict[str, ModelIdentity]:
        """The models that took part."""
        models: dict[str, ModelIdentity] = {}
        if "encode" in self.watch.laps:
            identity = self.models.encoder.identity
            models["encoder"] = ModelIdentity(identity.name, identity.revision)
        if "rerank" in self.watch.laps:
            reranker = self.models.reranker
            models["reranker"] = ModelIdentity(reranker.name, reranker.revision)
        return models
