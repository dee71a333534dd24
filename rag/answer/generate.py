"""The generative composer: a language model drafts, the gate says what of it is said."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import closing

from prompts.registry import Prompt, load_prompt
from rag.answer.across import Bridge, is_across
from rag.answer.draft import DraftParser, DraftSentence
from rag.answer.gate import gate_sentence
from rag.answer.rewording import NO_WORDBOOKS, Wordbooks
from rag.answer.stored import Place
from rag.generate.base import LanguageModel, Message
from rag.generate.pack import Packed, render_passages
from rag.generate.settings import LanguageModelSettings
from rag.text.language import written_in
from rag.types import Claim, Document, DraftVerdict, GenerationReport

__all__ = ["Generation", "generate_claims", "passage_budget"]

# A draft that goes on after so many sentences goes in circles.
_MOST_SENTENCES = 12
# What a chat template adds to the prompt, with some to spare for a tokenizer not its own.
_MARGIN_TOKENS = 96
_MARGIN_SHARE = 0.03
_DECLINES = re.compile(
    r"\W*(?:NO[ _]?ANSWER(?!\w)|(?:(?i:no answer)|没有答案|无法回答|无答案)\W*$)"
)
_PROMPT = "answer"


class Generation:
    """The claims of one draft, to be iterated once, and the report of it so far.

    Claims come as the model writes, each after its verdict; nothing of a sentence leaves
    before. Closing or leaving the iteration stops the model's work.
    """

    def __init__(
        self,
        question: str,
        packed: Packed,
        documents: Mapping[str, Document],
        model: LanguageModel,
        *,
        settings: LanguageModelSettings,
        answering: Collection[Place],
        bridge: Bridge | None,
        wordbooks: Wordbooks,
        stop: Callable[[], bool],
    ) -> None:
        self._question = question
        self._packed = packed
        self._documents = documents
        self._model = model
        self._settings = settings
        self._stop = stop
        self._prompt = load_prompt(_PROMPT)
        self._answering = answering
        self._bridge = bridge
        self._wordbooks = wordbooks
        self._message = _render(self._prompt, question, packed)
        self._draft: list[DraftVerdict] = []
        self._declined = False
        self._first_claim_ms: float | None = None
        self._claims = self._generate()

    def __iter__(self) -> Iterator[Claim]:
        return self._claims

    def close(self) -> None:
        """Stop the model's work, if it goes on."""
        self._claims.close()

    @property
    def report(self) -> GenerationReport:
        """What became of the draft as far as it has been read."""
        return GenerationReport(
            model=self._model.identity,
            prompts=(self._prompt.id,),
            draft=tuple(self._draft),
            declined=self._declined,
            left_out=self._packed.left_out,
            shortened=self._packed.shortened,
            first_claim_ms=self._first_claim_ms,
        )

    def _generate(self) -> Generator[Claim]:
        begun = time.monotonic()
        for sentence in self._sentences():
            verdict = gate_sentence(
                sentence,
                self._packed,
                self._documents,
                question=self._question,
                answering=self._answering,
                bridge=self._bridge,
                wordbooks=self._wordbooks,
            )
            self._draft.append(
                DraftVerdict(sentence.text, sentence.markers, verdict.kind, verdict.reasons)
            )
            if verdict.claim is None:
                continue
            if self._first_claim_ms is None:
                self._first_claim_ms = (time.monotonic() - begun) * 1000.0
            yield verdict.claim

    def _sentences(self) -> Iterator[DraftSentence]:
        """The draft's sentences, each once, up to where it declines or goes in circles."""
        seen: set[str] = set()
        for sentence in self._all_sentences():
            if _DECLINES.match(sentence.text):
                self._declined = True
                return
            key = " ".join(re.findall(r"\w+", sentence.text.casefold()))
            if key in seen:
                continue
            seen.add(key)
            yield sentence
            if len(seen) == _MOST_SENTENCES:
                return

    def _all_sentences(self) -> Iterator[DraftSentence]:
        parser = DraftParser()
        messages = (Message("user", self._message),)
        stream = self._model.stream(
            messages,
            max_tokens=self._settings.max_tokens,
            deadline_seconds=self._settings.timeout_seconds,
            stop=self._stop,
        )
        with closing(stream):  # type: ignore[type-var]  # the protocol's iterator is a generator
            for chunk in stream:
                yield from parser.feed(chunk)
        yield from parser.finish()


def generate_claims(
    question: str,
    packed: Packed,
    documents: Mapping[str, Document],
    model: LanguageModel,
    *,
    settings: LanguageModelSettings,
    answering: Collection[Place] = (),
    bridge: Bridge | None = None,
    wordbooks: Wordbooks = NO_WORDBOOKS,
    stop: Callable[[], bool] = lambda: False,
) -> Generation:
    """Have the model answer from the packed passages; iterate the result for verified claims.

    ``documents`` are the stored ones of the passages, ``answering`` the spans by document id
    of the sentences that answer by themselves; only with a ``bridge`` can a claim be
    in another language than its source. Every claim quotes them exactly and passes
    ``verify_claim``. Nothing is asked of the model before the first claim is, and nothing
    more once ``stop`` is true.

    Raises (while iterating):
        LanguageModelError: no draft, or only a part of it, could be had. The claims before
            it stand, and ``report`` tells of what was read.
        ModelLoadError: the bridge's encoder could not be run.
    """
    return Generation(
        question,
        packed,
        documents,
        model,
        settings=settings,
        answering=answering,
        bridge=bridge,
        wordbooks=wordbooks,
        stop=stop,
    )


def passage_budget(
    question: str,
    count_tokens: Callable[[str], int],
    *,
    context_tokens: int,
    max_tokens: int,
) -> int:
    """Tokens that passages may take beside the prompt, the question and the draft.

    0 where there is no room for any.
    """
    empty = _render(load_prompt(_PROMPT), question, Packed((), ()))
    spare = _MARGIN_TOKENS + int(_MARGIN_SHARE * context_tokens)
    return max(0, context_tokens - max_tokens - count_tokens(empty) - spare)


def _render(prompt: Prompt, question: str, packed: Packed) -> str:
    texts = [passage.text for passage in packed.passages]
    language = written_in(question, texts)
    if any(is_across(question, text) for text in texts):
        # What it translates of a name or a quotation, nobody finds in the passage.
        language += ", with every name in the letters that the passage has it in"
    return prompt.render(
        question=" ".join(question.split()),
        passages=render_passages(packed.passages),
        language=language,
    ).rstrip()
