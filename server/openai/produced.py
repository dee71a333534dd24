"""A finished answer as a response object, and as the events of its stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel

from rag.types import Citation
from server.openai.ask import extension_of
from server.openai.shapes import (
    Annotation,
    FileCitation,
    FileSearchCall,
    FileSearchResult,
    FlatUrlCitation,
    OutputMessage,
    OutputText,
    ResponseFailure,
    ResponseOut,
    ResponseUsage,
)
from server.openai.text import Composed, Marker
from server.wire.outcome import AbstentionOut, AnswerOut

# OpenAI's limit on the length of an attribute.
_ATTRIBUTE_CHARACTERS = 512


@dataclass(frozen=True, slots=True)
class Frame:
    """A response without its answer. ``created_at`` is Unix time in seconds."""

    id: str
    created_at: int
    metadata: dict[str, str]
    previous_response_id: str | None
    store: bool

    def response(self, **more: Any) -> ResponseOut:
        """The response object with these further fields."""
        return ResponseOut(
            id=self.id,
            created_at=self.created_at,
            metadata=self.metadata,
            previous_response_id=self.previous_response_id,
            store=self.store,
            **more,
        )

    def item_id(self, prefix: str) -> str:
        """The id of an item of this response."""
        return f"{prefix}_{self.id.removeprefix('resp_')}"

    def message(self, status: str, content: list[OutputText]) -> OutputMessage:
        """The message with this content."""
        return OutputMessage.model_validate(
            {"id": self.item_id("msg"), "status": status, "content": content}
        )


@dataclass(frozen=True, slots=True)
class Produced:
    """A finished response. ``results`` are None unless requested."""

    frame: Frame
    completed_at: int
    outcome: AnswerOut | AbstentionOut
    composed: Composed
    usage: ResponseUsage | None
    results: list[FileSearchResult] | None

    @property
    def call(self) -> FileSearchCall:
        """The search behind the outcome."""
        query = self.outcome.standalone_question or self.outcome.question
        return FileSearchCall(id=self.frame.item_id("fs"), queries=[query], results=self.results)

    @property
    def text(self) -> OutputText:
        """The text with all its annotations."""
        annotations = [found for each in self.composed.markers for found in _annotations(each)]
        return OutputText(text=self.composed.content, annotations=annotations)


def _annotations(marker: Marker) -> list[Annotation]:
    cited = marker.citation
    return [
        FileCitation(
            file_id=cited.document_id, filename=_file_name(cited.source), index=marker.start
        ),
        FlatUrlCitation(
            start_index=marker.start, end_index=marker.end, title=cited.title, url=marker.url
        ),
    ]


def _file_name(source: str) -> str:
    return PurePosixPath(source).name or source


def results_of(found: Sequence[Citation]) -> list[FileSearchResult]:
    """The passages as results, best first; the score is 1 / rank."""
    return [
        FileSearchResult(
            file_id=passage.document_id,
            filename=_file_name(passage.source),
            score=round(1 / rank, 4),
            text=passage.shown,
            attributes=_attributes(passage),
        )
        for rank, passage in enumerate(found, start=1)
    ]


def _attributes(passage: Citation) -> dict[str, str]:
    known = {
        "title": passage.title,
        "source": passage.source,
        "date": passage.published,
        "start": str(passage.span.start),
        "end": str(passage.span.end),
        "content_hash": passage.content_hash,
        "encoding_note": passage.encoding_note,
    }
    return {key: value[:_ATTRIBUTE_CHARACTERS] for key, value in known.items() if value}


def response_of(produced: Produced) -> ResponseOut:
    """The response as a whole: the search, then the message."""
    return produced.frame.response(
        completed_at=produced.completed_at,
        status="completed",
        output=[produced.call, produced.frame.message("completed", [produced.text])],
        usage=produced.usage,
        footnote=extension_of(produced.outcome, produced.composed),
    )


def finished_events(produced: Produced) -> Iterator[dict[str, Any]]:
    """The events of a finished response, numbered, in OpenAI's order."""
    whole = response_of(produced).model_dump(mode="json")
    yield from _numbered(
        _opening(produced.frame),
        _call_events(produced.call),
        _message_opening(produced.frame),
        _text_events(produced),
        _message_closing(produced),
        [{"type": "response.completed", "response": whole}],
    )


def failed_events(frame: Frame, failure: ResponseFailure) -> Iterator[dict[str, Any]]:
    """The events of a failed response, numbered."""
    failed = frame.response(status="failed", error=failure).model_dump(mode="json")
    yield from _numbered(_opening(frame), [{"type": "response.failed", "response": failed}])


def _numbered(*stretches: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, event in enumerate(chain(*stretches)):
        yield {**event, "sequence_number": number}


def _opening(frame: Frame) -> Iterator[dict[str, Any]]:
    begun = frame.response(status="in_progress").model_dump(mode="json")
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}


def _text_events(produced: Produced) -> Iterator[dict[str, Any]]:
    part = _part(produced.frame)
    index = 0
    for piece in produced.composed.pieces:
        delta = {"delta": piece.text, "logprobs": []}
        yield {"type": "response.output_text.delta", **part, **delta}
        for found in (each for marker in piece.markers for each in _annotations(marker)):
            yield {
                "type": "response.output_text.annotation.added",
                **part,
                "annotation_index": index,
                "annotation": _json(found),
            }
            index += 1


def _call_events(call: FileSearchCall) -> Iterator[dict[str, Any]]:
    place = {"output_index": 0}
    begun = call.model_copy(update={"status": "in_progress", "queries": [], "results": None})
    yield {"type": "response.output_item.added", **place, "item": _json(begun)}
    for state in ("in_progress", "searching", "completed"):
        yield {"type": f"response.file_search_call.{state}", **place, "item_id": call.id}
    yield {"type": "response.output_item.done", **place, "item": _json(call)}


def _part(frame: Frame) -> dict[str, Any]:
    return {"output_index": 1, "item_id": frame.item_id("msg"), "content_index": 0}


def _message_opening(frame: Frame) -> Iterator[dict[str, Any]]:
    empty = frame.message("in_progress", [])
    yield {"type": "response.output_item.added", "output_index": 1, "item": _json(empty)}
    nothing = OutputText(text="", annotations=[])
    yield {"type": "response.content_part.added", **_part(frame), "part": _json(nothing)}


def _message_closing(produced: Produced) -> Iterator[dict[str, Any]]:
    part, text = _part(produced.frame), produced.text
    yield {"type": "response.output_text.done", **part, "text": text.text, "logprobs": []}
    yield {"type": "response.content_part.done", **part, "part": _json(text)}
    done = produced.frame.message("completed", [text])
    yield {"type": "response.output_item.done", "output_index": 1, "item": _json(done)}


def _json(shape: BaseModel) -> Any:
    return shape.model_dump(mode="json")
