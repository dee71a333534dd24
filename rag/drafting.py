"""Having a language model word what was found for one question, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from prompts.registry import load_prompt
from rag.answer.across import Bridge
from rag.answer.compound import is_compound
from rag.answer.rewording import load_wordbooks
from rag.answer.settings import AnswerSettings, Composer
from rag.answer.stopwatch import Stopwatch
from rag.answer.stored import Place
from rag.decomposition import decompose
from rag.errors import AbandonedError, SettingsError
from rag.generate.base import LanguageModel
from rag.lexicon import load_lexicon
from rag.models import Models, model_errors
from rag.retrieve.fusion import interleave
from rag.store.base import ReadView
from rag.types import (
    Abstention,
    Answer,
    Candidate,
    Citation,
    Claim,
    Document,
    Hit,
    ModelIdentity,
    Outcome,
)
from rag.writing import SOURCES_DIFFER, Written, write_answer

__all__ = ["Drafting"]

# Passages offered to a language model; its context decides how many of them it reads.
_WRITER_READS = 8
# Of the time for a draft, what taking the question apart may use up.
_DECOMPOSING_SHARE = 0.25
_LEAST_SECONDS = 0.01
_PROMPT = "decompose"
# The support from which on the archive's sentence is said though the model found no answer. Of
# questions that had passed the support check, a 1.5B model declined 6 of 16 that the archive
# does not answer, 5 of them below this, and 6 of 68 that it does, 3 below.
_SURE = 0.9


@dataclass(frozen=True, slots=True)
class Drafting:
    """The language model's part in one question over one view.

    ``understood`` is the question without need of its history. ``rank`` gives the passages
    for a part of it, best first, and ``answer`` the archive's own outcome of one, both with
    the filters and the day of the whole.
    """

    view: ReadView
    understood: str
    chinese: bool
    models: Models
    settings: AnswerSettings
    watch: Stopwatch
    composer: Composer
    tell: Callable[[Claim], None]
    tell_written: Callable[[Answer], None]
    stop: Callable[[], bool]
    rank: Callable[[str], Sequence[Hit]]
    answer: Callable[[str], Outcome]

    def reword(
        self,
        answer: Answer,
        documents: Mapping[str, Document],
        refuse: Callable[[bool], Abstention],
    ) -> Outcome:
        """The answer as a language model words it, where one is to; else as it is.

        ``refuse`` gives what is said where nothing of the draft holds and there is no
        falling back, told whether the model found no answer.

        Raises:
            SettingsError: a language model is to write, and there is none.
            LanguageModelError: one is to write, and wrote nothing.
            AbandonedError: ``stop`` was true.
            ModelError: what compares languages could not be loaded or run.
        """
        if self.composer == "extractive":
            return answer
        model = self.models.language_model
        if model is None:
            if self.composer == "auto":
                return answer
            raise SettingsError(
                "no language model is configured",
                remedy=(
                    "set language_model.base_url and "
                    "language_model.model, or compose with 'extractive'"
                ),
            )
        if answer.conflict:
            return replace(answer, fallback=SOURCES_DIFFER[self.chinese])
        parts = self._decomposed(model)
        others = self._ranked(parts)
        best_first = _by_evidence(answer.ranking, answer.candidates)
        offered = _merged(best_first, others)
        written = self._write(answer, offered, documents, model, parts, [answer.candidates])
        models = {**answer.models, "language_model": written.report.model}
        shortcoming = written.shortcoming(chinese=self.chinese)
        if written.claims:
            cited = [citation for claim in written.claims for citation in claim.citations]
            return replace(
                answer,
                claims=written.claims,
                ranking=_merged(answer.ranking, others),
                composer="generative",
                fallback=shortcoming,
                report=written.report,
                models=models,
                prompts=written.report.prompts,
                short_answer=_within(answer.short_answer, cited),
            )
        if self.composer == "auto" and not (written.only_declined and _is_unsure(answer)):
            return replace(answer, fallback=shortcoming, report=written.report, models=models)
        if written.failure is not None:
            raise written.failure
        return replace(refuse(written.only_declined), report=written.report, models=models)

    def piece_together(self, refused: Abstention, documents: Mapping[str, Document]) -> Outcome:
        """A language model's answer to a question that no sentence answers as a whole, where
        the archive answers each part of it by itself; else the refusal.

        What the question takes for granted and the archive does not say stays refused.

        Raises:
            AbandonedError: ``stop`` was true.
            ModelError: what compares languages could not be loaded or run.
        """
        if self.composer == "extractive" or refused.kind == "premise":
            return refused
        model = self.models.language_model
        parts = () if model is None else self._decomposed(model)
        answers = self._answered(parts)
        if model is None or not answers:
            return refused
        blank = Answer(
            question=refused.question,
            standalone=refused.standalone,
            claims=(),
            ranking=_merged(refused.ranking, [answer.ranking for answer in answers]),
            candidates=tuple(c for answer in answers for c in answer.candidates),
            models=refused.models,
            prompts=(),
            generation=refused.generation,
            timings_ms={},
        )
        judged = [answer.candidates for answer in answers]
        written = self._write(blank, blank.ranking, documents, model, parts, judged)
        models = {**refused.models, "language_model": written.report.model}
        if not written.claims:
            return replace(refused, report=written.report, models=models)
        return replace(
            blank,
            claims=written.claims,
            models=models,
            prompts=written.report.prompts,
            composer="generative",
            fallback=written.shortcoming(chinese=self.chinese),
            report=written.report,
        )

    def _go_on(self) -> None:
        if self.stop():
            raise AbandonedError("nobody waits for the answer any more")

    def _decomposed(self, model: LanguageModel) -> tuple[str, ...]:
        """The parts of the question, none where it has none or they cannot be told."""
        if not self.models.writer.decompose or not is_compound(self.understood):
            return ()
        with self.watch.time("decompose"):
            parts = decompose(
                self.understood,
                model,
                load_prompt(_PROMPT),
                deadline_seconds=_DECOMPOSING_SHARE * self.models.writer.timeout_seconds,
                stop=self.stop,
            )
        self._go_on()
        return parts

    def _ranked(self, parts: Sequence[str]) -> list[Sequence[Hit]]:
        if not parts:
            return []
        with self.watch.time("subquestions"):
            return [self.rank(part) for part in parts]

    def _answered(self, parts: Sequence[str]) -> list[Answer]:
        """The archive's answers to the parts; none where one of them has none."""
        if not parts:
            return []
        answers: list[Answer] = []
        with self.watch.time("subquestions"):
            for part in parts:
                outcome = self.answer(part)
                if isinstance(outcome, Abstention):
                    return []
                answers.append(outcome)
        return answers

    def _write(
        self,
        answer: Answer,
        offered: Sequence[Hit],
        documents: Mapping[str, Document],
        model: LanguageModel,
        parts: tuple[str, ...],
        judged: Sequence[Sequence[Candidate]],
    ) -> Written:
        """What the model writes from the best passages offered, found for these parts.

        ``judged`` are the sentences judged for the question, or for each part of it.
        """
        self._go_on()
        hits = offered[:_WRITER_READS]
        wanted = {hit.passage.document_id for hit in hits} - documents.keys()
        known = {**documents, **{each: self.view.document(each) for each in sorted(wanted)}}
        settings = self.models.writer
        left = settings.timeout_seconds - self.watch.laps.get("decompose", 0.0) / 1000
        with self.watch.time("write"), model_errors():
            written = write_answer(
                self.understood,
                hits,
                known,
                model,
                settings=replace(settings, timeout_seconds=max(left, _LEAST_SECONDS)),
                bridge=self._bridge(known.values()),
                wordbooks=load_wordbooks(chinese=self.chinese),
                answering=frozenset().union(*(self._answering(each) for each in judged)),
                relevant=self._relevant(judged) if self.composer == "auto" else None,
                tell=_Growing(answer, model.identity, self).add,
                stop=self.stop,
            )
        if written.failure is not None:
            self._go_on()
        if not parts:
            return written
        prompts = (load_prompt(_PROMPT).id, *written.report.prompts)
        return replace(written, report=replace(written.report, prompts=prompts, subquestions=parts))

    def _answering(self, candidates: Sequence[Candidate]) -> frozenset[Place]:
        """Where the sentences stand that answer as well as the best, or nearly."""
        best = max((each.support for each in candidates), default=0.0)
        least = max(best - self.settings.keep_within, self.settings.min_support)
        return _places(candidates, least)

    def _relevant(self, judged: Sequence[Sequence[Candidate]]) -> frozenset[Place]:
        """Where the sentences stand that are enough of an answer."""
        return frozenset().union(*(_places(each, self.settings.min_support) for each in judged))

    def _bridge(self, documents: Iterable[Document]) -> Bridge | None:
        """What compares a draft in the question's language with documents in another; None
        where there are none, or nothing that could."""
        if all((document.language == "zh") == self.chinese for document in documents):
            return None
        encoder = self.models.encoder
        if encoder.reads != "any":
            return None
        lexicon = load_lexicon()
        return Bridge(lexicon, encoder) if lexicon is not None else None


class _Growing:
    """A language model's answer as far as it has been told."""

    def __init__(self, answer: Answer, model: ModelIdentity, drafting: Drafting) -> None:
        self._answer = replace(
            answer,
            claims=(),
            composer="generative",
            models={**answer.models, "language_model": model},
            short_answer=None,
        )
        self._drafting = drafting

    def add(self, claim: Claim) -> None:
        """Tell of one more claim."""
        self._answer = replace(self._answer, claims=(*self._answer.claims, claim))
        self._drafting.tell(claim)
        self._drafting.tell_written(self._answer)


def _is_unsure(answer: Answer) -> bool:
    best = max((each.support for each in answer.candidates), default=0.0)
    return best < _SURE


def _places(candidates: Sequence[Candidate], least: float) -> frozenset[Place]:
    return frozenset((each.document_id, each.span) for each in candidates if each.support >= least)


def _by_evidence(ranking: Sequence[Hit], candidates: Sequence[Candidate]) -> tuple[Hit, ...]:
    """The passages, those first whose sentences answer best; the others as ranked."""
    best: dict[str, float] = {}
    for each in candidates:
        best[each.passage_id] = max(each.support, best.get(each.passage_id, 0.0))
    return tuple(sorted(ranking, key=lambda hit: -best.get(hit.passage.id, 0.0)))


def _merged(ranking: Sequence[Hit], others: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """The passages of rankings by turns, each with what was said of it for the first one."""
    hits = {
        hit.passage.id: Hit(hit.passage, dense=None, lexical=None, fused=None, reranked=None)
        for other in others
        for hit in other
    }
    hits.update((hit.passage.id, hit) for hit in ranking)
    order = interleave([[hit.passage.id for hit in each] for each in (ranking, *others)])
    return tuple(hits[each] for each in order)


def _within(short: Citation | None, cited: Sequence[Citation]) -> Citation | None:
    """The short answer, if the sentences cited hold its characters."""
    if short is not None and any(
        citation.document_id == short.document_id
        and citation.span.start <= short.span.start
        and short.span.end <= citation.span.end
        for citation in cited
    ):
        return short
    return None
