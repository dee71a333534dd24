"""/documents: list, read and remove documents."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials

from rag.errors import UnknownDocumentError
from rag.store.records import FormerDocument
from rag.types import Block, Document
from server.http.context import Context
from server.http.pages import document_page, wants_page
from server.http.problems import ProblemError, problem_responses
from server.http.security import Reader, WriterCaller, allowed, bearer
from server.routes.parameters import QueryFilters
from server.wire.permalink import parse_span, permalink
from server.wire.shapes import (
    BlockOut,
    DateOut,
    DocumentListed,
    DocumentOut,
    DocumentsOut,
    SpanOut,
)

router = APIRouter(tags=["documents"])
_ERRORS = problem_responses(400, 401, 403, 404, 422, 429, 503)


@router.get("/documents", response_model=DocumentsOut, responses=_ERRORS)
def list_documents(
    context: Context,
    caller: Reader,
    filters: QueryFilters,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=2**40)] = 0,
    q: Annotated[
        str,
        Query(
            max_length=200,
            description="words of the title or a source, ignoring case",
        ),
    ] = "",
) -> DocumentsOut:
    """List documents that match the filters, in the order they were added."""
    assistant = context.assistant
    found = assistant.documents(filters, words=q, limit=limit, offset=offset)
    return DocumentsOut(
        total=assistant.count_documents(filters, words=q),
        limit=limit,
        offset=offset,
        documents=[DocumentListed.model_validate(summary) for summary in found],
    )


def _reader_of_json(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None,
) -> None:
    # The page itself contains nothing of the archive and asks for the key.
    if not wants_page(request):
        allowed("read")(request, credentials)


@router.get(
    "/documents/{document_id}",
    response_model=DocumentOut,
    dependencies=[Security(_reader_of_json)],
    responses={
        200: {
            "description": "The document; for browsers the web page, opened at the span.",
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
        **_ERRORS,
    },
)
def show_document(
    document_id: str,
    request: Request,
    context: Context,
    cited_hash: Annotated[
        str | None,
        Query(alias="hash", max_length=128, description="content hash of the text that was cited"),
    ] = None,
    span: Annotated[
        str | None,
        Query(pattern="^[0-9]{1,9}-[0-9]{1,9}$", description="START-END in code points"),
    ] = None,
) -> Any:
    """Get a document exactly as stored, with the quote at a span."""
    if wants_page(request):
        return document_page()
    try:
        document = context.assistant.document_by_id(document_id)
    except UnknownDocumentError as error:
        former = context.assistant.former_document(document_id)
        if former is None:
            raise
        raise _gone(former) from error
    return Response(
        _document(document, cited_hash, span).model_dump_json(),
        media_type="application/json",
        headers={"Vary": "Accept"},
    )


@router.delete("/documents/{document_id}", status_code=204, responses=_ERRORS)
def remove_document(document_id: str, context: Context, caller: WriterCaller) -> None:
    """Remove a document with all its sources, passages and vectors."""
    # ``remove`` also takes the first characters of an id; a URL names one document.
    context.assistant.document_by_id(document_id)
    context.assistant.remove(document_id)


def _gone(former: FormerDocument) -> ProblemError:
    happened, remedy = (
        ("replaced", "open the new version")
        if former.replaced_by
        else ("removed", "ask the maintainer of the archive")
    )
    return ProblemError(
        404,
        "document_gone",
        f"the document {former.title!r} was {happened} on {former.gone_at[:10]}",
        remedy,
        removed_at=former.gone_at,
        replaced_by=former.replaced_by,
    )


def _document(document: Document, wanted_hash: str | None, span: str | None) -> DocumentOut:
    published = document.published
    return DocumentOut(
        id=document.id,
        title=document.title,
        sources=list(document.sources),
        text=document.text,
        blocks=[_block(block) for block in document.blocks],
        content_hash=document.content_hash,
        language=document.language,
        published=published.isoformat() if published else None,
        dates=[
            DateOut(
                date=found.isoformat(),
                kind=found.kind,
                origin=found.origin,
                start=found.span.start if found.span else None,
                end=found.span.end if found.span else None,
            )
            for found in document.dates
        ],
        metadata=dict(document.metadata),
        permalink=permalink(document.id, document.content_hash),
        changed=wanted_hash is not None and wanted_hash != document.content_hash,
        span=_span(document, span) if span else None,
    )


def _block(block: Block) -> BlockOut:
    return BlockOut(
        start=block.span.start,
        end=block.span.end,
        kind=block.kind,
        level=block.level,
        cells=[(span.start, span.end) for span in block.cells],
        hidden=[(span.start, span.end) for span in block.hidden],
    )


def _span(document: Document, text: str) -> SpanOut | None:
    try:
        span = parse_span(text)
    except ValueError:
        return None
    if span.end > len(document.text):
        return None
    return SpanOut(start=span.start, end=span.end, quote=span.of(document.text))
