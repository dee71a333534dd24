"""The Assistant: one facade over everything, for servers, commands, eval and Python users."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from embeddings.reading.types import ReadingModel
from embeddings.types import Encoder
from rag.answer.pipeline import MAX_QUESTION_CHARACTERS, answer_question
from rag.answer.query import QueryContext
from rag.answer.retrieval import rank_passages
from rag.answer.verify import cite_window
from rag.config import load_settings
from rag.errors import QuestionError, SettingsError, UnknownDocumentError
from rag.generate.base import LanguageModel
from rag.index.files import find_files
from rag.index.indexer import Indexer
from rag.index.ingest import (
    IngestEvent,
    IngestReport,
    RawSource,
    index_documents,
    ingest_files,
    raw_files,
    sample_languages,
)
from rag.index.reindex import ReindexReport, complete_index, reindex_store
from rag.index.uploads import accept_upload, run_upload, waiting_files
from rag.journal.base import JobRecord, Journal, NewTurn, TurnRecord
from rag.models import EncoderChoice, Models, choose_encoder, model_errors
from rag.question.followup import standalone_question, turns_of
from rag.settings import Composer, Settings
from rag.store.base import ReadView, Store
from rag.store.open import open_store
from rag.store.records import DocumentSummary, Finding, FormerDocument, StoreStatus
from rag.types import (
    Citation,
    Document,
    Event,
    Filters,
    Finished,
    Hit,
    Outcome,
    Passage,
    Question,
)

__all__ = ["MAX_QUESTION_CHARACTERS", "Assistant", "SearchResult"]

# As many as a follow-up may lean on; further back is another topic.
_TURNS_READ = 20


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Passages, best first. ``citations`` quote each whole, in the same order;
    ``generation`` is the state searched."""

    hits: tuple[Hit, ...]
    citations: tuple[Citation, ...]
    generation: str


class Assistant:
    """Answers questions over one data directory.

    Models load when first needed: a command that needs none starts fast. One Assistant
    may be used from several threads.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        encoder: Encoder | None = None,
        reading: ReadingModel | None = None,
        language_model: LanguageModel | None = None,
    ) -> None:
        """Wire a store and settings; models given here are used instead of the settings'."""
        self.store = store
        self.settings = settings
        self.models = Models(
            settings.models,
            settings.language_model,
            encoder=encoder,
            reading=reading,
            language_model=language_model,
        )

    @classmethod
    def open(cls, data: str | Path | None = None, *, settings: Settings | None = None) -> Assistant:
        """Open (or begin) the archive in ``data``; without it, where settings say.

        Without ``settings``, footnote.toml and the environment are read.

        Raises:
            SettingsError: a setting is unknown or malformed.
            StoreError: the directory cannot be used.
        """
        settings = load_settings() if settings is None else settings
        if data is not None:
            settings = replace(settings, data=Path(data))
        return cls(open_store(settings.store.kind, settings.data), settings)

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the store and the language model. Safe to call twice."""
        self.models.close()
        self.store.close()

    # -- models, loaded when first needed

    @property
    def encoder(self) -> Encoder:
        """The encoder that settings name, or the archive's index where they leave it open.

        Raises:
            ModelError: it cannot be loaded.
        """
        with self.store.read() as view:
            built = view.index
        return self.models.encoder if built is None else self.models.follow_encoder(built.encoder)

    @property
    def indexer(self) -> Indexer:
        """What makes passages, words and vectors of documents under these settings."""
        return self._indexer_of(self.encoder)

    def _indexer_of(self, encoder: Encoder) -> Indexer:
        return Indexer(encoder=encoder, split=self.settings.split, count_tokens=self.count_tokens)

    def count_tokens(self, text: str) -> int:
        """Tokens of the text in cl100k_base.

        Raises:
            ModelError: the vocabulary could not be loaded.
        """
        return self.models.token_counter.count(text)

    def load_models(self) -> None:
        """Load what answering needs now rather than with the first question.

        An endpoint is not called.

        Raises:
            ModelError: a model could not be loaded.
            SettingsError: the variable that should hold an endpoint's key does not.
        """
        self.models.load_reading()
        _ = self.indexer, self.models.language_model

    def check_models(self) -> None:
        """Load the models and make sure that the index was built with them.

        Raises:
            ModelError, SettingsError: as ``load_models`` does.
            IndexMismatchError: the index was built with another encoder.
        """
        self.load_models()
        with self.store.read() as view:
            if view.index is not None:
                self.models.encoder_of(view.index.encoder)

    # -- the archive

    def ingest(
        self,
        *paths: str | Path,
        pattern: str | None = None,
        exclude: Sequence[str] = (),
        prune: bool = False,
        on_start: Callable[[int], None] = lambda files: None,
        on_event: Callable[[IngestEvent], None] = lambda event: None,
    ) -> IngestReport:
        """Read files, folders and globs into the archive; unchanged ones are skipped.

        ``pattern`` keeps and ``exclude`` drops files by name or path; ``prune`` forgets
        sources below the given folders whose files are gone.
        ``on_start`` is told the number of files, ``on_event`` of each file once it is
        durably stored, found unchanged, or has failed.

        Raises:
            StoreLockedError: another process is writing.
            IndexMismatchError: the index was built with other models or settings.
        """
        found = find_files(paths, pattern=pattern, exclude=exclude)
        on_start(len(found.files))
        with self.store.read() as view:
            first = view.index is None
        with model_errors():
            report = ingest_files(
                found,
                self.store,
                self._indexer_for(partial(raw_files, found.files)),
                prune=prune,
                on_event=on_event,
            )
        choice = self.encoder_choice()
        news = choice.encoder and (first or choice.encoder != choice.recommended)
        return replace(report, encoder=choice if choice.automatic and news else None)

    def add_uploads(
        self, files: Sequence[tuple[str, bytes]], *, owner: str = "", replace: bool = False
    ) -> JobRecord:
        """Keep documents handed over as (file name, content) durably, to be taken in by
        ``run_job``. They will be the sources ``upload:NAME``.

        Raises:
            UnreadableTypeError: no reader takes an ending.
            ReadError: a name cannot be taken, or there is no file.
            NameTakenError: another text was uploaded under the name, and ``replace`` is
                not set; or a name is given twice.
        """
        return accept_upload(self.store, files, owner=owner, replace=replace)

    def run_job(self, job_id: str, *, stop: Callable[[], bool] = lambda: False) -> JobRecord:
        """Take the documents of a job in, as ``ingest`` does files; one broken file never
        stops the rest. A job begun by a process that died is resumed.

        ``stop`` is asked before each file; once true, the rest stays queued.

        Raises:
            StoreLockedError: somebody is writing; the job stays queued: try again.
            IndexMismatchError, ModelError, StoreError: likewise, until that is fixed.
            UnknownJobError: there is no such job.
        """
        indexer = self._indexer_for(partial(waiting_files, self.journal, job_id))
        with model_errors():
            return run_upload(self.store, job_id, indexer, stop=stop)

    def work_off_uploads(self, stop: Callable[[], bool] = lambda: False) -> list[JobRecord]:
        """Run every waiting job, oldest first, until none is left or ``stop`` is true.

        Raises:
            StoreLockedError: somebody is writing; what is left stays queued.
        """
        done: list[JobRecord] = []
        while not stop() and (job := self.store.journal.next_job()) is not None:
            done.append(self.run_job(job.id, stop=stop))
        return done

    def _indexer_for(self, sources: Callable[[], Sequence[RawSource]]) -> Callable[[], Indexer]:
        """The indexer that takes these in, made when first called for."""
        return cache(partial(self._checked_indexer, sources))

    def _checked_indexer(self, sources: Callable[[], Sequence[RawSource]]) -> Indexer:
        with self.store.read() as view:
            built = view.index
        if built is None:
            self.models.choose_encoder(sample_languages(sources()))
            return self.indexer
        indexer = self.indexer
        built.require(indexer.spec)
        return indexer

    def reindex(
        self, *, on_progress: Callable[[int, int], None] = lambda done, of: None
    ) -> ReindexReport:
        """Build a new index with the current settings; the old one serves until the switch.

        Where settings leave the encoder open, the languages of the archive choose it.
        Interrupted, it resumes where it stopped when called again. ``on_progress`` is
        told documents done and their total.
        """
        with model_errors():
            self.models.choose_encoder(self.languages())
            indexer = self._indexer_of(self.models.encoder)
            return reindex_store(self.store, indexer, on_progress=on_progress)

    def document(self, reference: str) -> Document:
        """The one document meant by an id, id prefix, source, or file name.

        Raises:
            UnknownDocumentError: none or several answer to it.
        """
        with self.store.read() as view:
            return view.document(_resolve_one(view, reference))

    def remove(self, reference: str) -> Document:
        """Remove a document, or one source of it when a source is named; return what it was.

        A document goes with its last source.

        Raises:
            UnknownDocumentError: none or several answer to the reference.
        """
        with self.store.write() as writer:
            with self.store.read() as view:
                # Absolute as ingest stored it: without following links.
                path = os.path.abspath(reference)  # noqa: PTH100
                source = next((s for s in (reference, path) if view.source(s) is not None), None)
                document = view.document(_resolve_one(view, source or reference))
                # A source may be named in another normal form than it is stored in.
                named = {unicodedata.normalize("NFC", text) for text in (reference, path)}
                source = source or next(
                    (s for s in document.sources if unicodedata.normalize("NFC", s) in named), None
                )
            if source is not None:
                writer.remove_source(source)
            else:
                writer.remove_document(document.id)
        return document

    def status(self) -> StoreStatus:
        """Counts and sizes now."""
        return self.store.status()

    def encoder_choice(self) -> EncoderChoice:
        """The encoder of the index, and the one that the archive's languages ask for."""
        with self.store.read() as view:
            name = view.index.encoder.name if view.index is not None else ""
            return choose_encoder(self.settings.models.encoder, name, view.languages())

    def check(self) -> list[Finding]:
        """Everything wrong with the data directory; empty when it is sound."""
        return self.store.check()

    def repair(self) -> list[str]:
        """Rebuild whatever can be rebuilt; say what was done."""
        findings = [found for found in self.store.check() if found.repairable]
        if not findings:
            return []
        done = self.store.repair(findings)
        with model_errors():
            return done + complete_index(self.store, self._indexer_for(tuple))

    # -- questions

    def search(
        self, query: str | Question, *, limit: int = 10, filters: Filters = Filters()
    ) -> SearchResult:
        """The best passages for a query, each cited whole; at most ``limit``.

        A Question brings its own filters and day; ``filters`` are those of a plain text.

        Raises:
            QuestionError, IndexMismatchError, ModelError: as ``ask`` does.
        """
        asked = _checked(Question(query, filters) if isinstance(query, str) else query)
        text = standalone_question(asked.text, asked.history, limit=MAX_QUESTION_CHARACTERS)
        question = replace(asked, text=text)
        with self.store.read() as view:
            hits = rank_passages(self._context(question), view, question)[:limit]
            return SearchResult(tuple(hits), tuple(_cite_hits(view, hits)), view.generation)

    def cite_hits(self, outcome: Outcome, *, limit: int = 10) -> list[Citation]:
        """The best passages that an outcome rests on, each whole, as they stand now.

        Fewer than ``limit`` where documents have gone since.
        """
        with self.store.read() as view:
            return _cite_hits(view, outcome.ranking[:limit])

    def stream(
        self,
        question: str | Question,
        *,
        limit: int | None = None,
        composer: Composer | None = None,
    ) -> Generator[Event, None, None]:
        """Answer as ``ask`` does, and tell what happens as events, the last one Finished.

        Closing the iterator cancels the question, also while a language model is at work:
        it tells Waiting some times a second then.

        Raises:
            As ``ask``; what is wrong with the question or the settings at once, the rest
            while the events are consumed.
        """
        asked = _checked(Question(question) if isinstance(question, str) else question)
        if (composer or self.settings.answer.composer) == "write":
            raise SettingsError(
                "answer.composer 'write' needs a verifier of written sentences, which comes "
                "with the reading model (issue 15)",
                remedy="set it to 'quote'",
            )
        return answer_question(self._context(asked, limit))

    def _context(self, question: Question, limit: int | None = None) -> QueryContext:
        limit = limit or self.settings.answer.passages
        return QueryContext(question, self.store, self.models, self.settings, limit)

    def ask(
        self,
        question: str | Question,
        *,
        limit: int | None = None,
        composer: Composer | None = None,
    ) -> Outcome:
        """Answer from the archive, or abstain; every claim's citations are verified.

        A follow-up, a question with history, is looked up and judged as a question that
        stands alone; the outcome says which in ``standalone``.
        ``limit`` is how many passages are read sentence by sentence, ``composer`` how the
        answer is composed; without them, what settings say.

        Raises:
            QuestionError: the question is blank, or longer than MAX_QUESTION_CHARACTERS.
            IndexMismatchError: the index was built with another encoder.
            ModelError: a model could not be loaded or run.
            SettingsError: composer "write", or the language model's key is not set.
        """
        for event in self.stream(question, limit=limit, composer=composer):
            if isinstance(event, Finished):
                return event.outcome
        raise AssertionError("the pipeline ended without an outcome")

    def continued(self, question: Question, conversation_id: str) -> Question:
        """The question with the stored conversation before it as its history.

        Raises:
            UnknownConversationError: there is no such conversation.
        """
        turns = self.journal.conversation(conversation_id, last=_TURNS_READ).turns
        return replace(question, history=tuple(s for turn in turns for s in turns_of(turn.outcome)))

    def converse(
        self,
        question: str | Question,
        *,
        conversation_id: str | None,
        owner: str = "",
        limit: int | None = None,
        composer: Composer | None = None,
    ) -> TurnRecord:
        """Answer as ``ask`` does, in a stored conversation, and store the turn durably.

        The conversation's turns are the question's history; None begins one. ``owner`` is
        recorded; whether somebody may continue a conversation is for the caller to say.
        The outcome returned is whole; the one stored is without ranking and candidates.

        Raises:
            UnknownConversationError: there is no such conversation.
            QuestionError, IndexMismatchError, ModelError, SettingsError: as ``ask`` does.
            StoreError: the conversation cannot be read or written.
        """
        asked = Question(question) if isinstance(question, str) else question
        if conversation_id is not None:
            asked = self.continued(asked, conversation_id)
        outcome = self.ask(asked, limit=limit, composer=composer)
        turn = self.journal.add_turn(conversation_id, NewTurn(outcome, owner))
        return replace(turn, outcome=outcome)

    @property
    def journal(self) -> Journal:
        """Conversations, feedback, API keys and upload jobs."""
        return self.store.journal

    def documents(
        self,
        filters: Filters = Filters(),
        *,
        words: str = "",
        limit: int | None = None,
        offset: int = 0,
    ) -> list[DocumentSummary]:
        """The documents that pass the filters, in the order they were added.

        Each of ``words``, separated by spaces, occurs in the title or a source, ignoring
        case. ``offset`` skips documents, ``limit`` None gives all that remain.
        """
        with self.store.read() as view:
            return list(view.documents(filters, words=words, limit=limit, offset=offset))

    def count_documents(self, filters: Filters = Filters(), *, words: str = "") -> int:
        """How many documents ``documents`` gives without a limit."""
        with self.store.read() as view:
            return view.count_documents(filters, words=words)

    def document_by_id(self, document_id: str) -> Document:
        """The document with exactly this id.

        Raises:
            UnknownDocumentError: there is none.
        """
        with self.store.read() as view:
            return view.document(document_id)

    def former_document(self, document_id: str) -> FormerDocument | None:
        """What became of a document that is no longer stored; None when nothing is known."""
        with self.store.read() as view:
            return view.former(document_id)

    def languages(self) -> dict[str, int]:
        """How many documents there are in each language, the most frequent first."""
        with self.store.read() as view:
            return dict(view.languages())

    def add_documents(
        self, batches: Iterable[Sequence[tuple[Document, str, tuple[Passage, ...]]]]
    ) -> None:
        """Store documents that are already split: (document, file hash, passages).

        A batch is stored durably before the next one is taken from ``batches``.

        Raises:
            StoreLockedError: another process is writing.
            IndexMismatchError: the index was built with other models or settings.
        """
        with self.store.write() as writer, model_errors():
            for batch in batches:
                index_documents(batch, writer, self.indexer)


def _checked(question: Question) -> Question:
    """The question in characters every stage can take, if it is one."""
    # A terminal in another encoding hands over lone surrogates, which no model reads.
    text = question.text.encode("utf-8", errors="replace").decode("utf-8").strip()
    if not text:
        raise QuestionError("the question is empty", remedy="ask about somebody or something")
    if len(text) > MAX_QUESTION_CHARACTERS:
        raise QuestionError(
            f"the question has {len(text)} characters",
            remedy=f"ask in at most {MAX_QUESTION_CHARACTERS}",
        )
    return replace(question, text=text)


def _cite_hits(view: ReadView, hits: Sequence[Hit]) -> list[Citation]:
    """The passages of these hits, quoted whole, in their order; not of documents that have gone."""
    summaries = view.summaries([hit.passage.document_id for hit in hits])
    passages = [hit.passage for hit in hits if hit.passage.document_id in summaries]
    quotes = view.text_windows([(passage.document_id, passage.span) for passage in passages])
    return [
        cite_window(summaries[passage.document_id], passage.span, quote)
        for passage, quote in zip(passages, quotes, strict=True)
    ]


def _resolve_one(view: ReadView, reference: str) -> str:
    found = view.resolve(reference)
    if not found:
        raise UnknownDocumentError(f"no document '{reference}'", remedy="'footnote list' shows all")
    if len(found) > 1:
        raise UnknownDocumentError(
            f"'{reference}' means {len(found)} documents ({', '.join(found[:5])}...)",
            remedy="give an id",
        )
    return found[0]
