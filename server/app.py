"""The HTTP application: routes, middleware, and what runs as long as the server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.routing import Route

from rag.assistant import Assistant
from rag.settings import Settings
from rag.types import Outcome
from server.http.context import ServerContext
from server.http.middleware import (
    BodyLimit,
    OriginCheck,
    RequestIds,
    SecurityHeaders,
    UnexpectedErrors,
)
from server.http.pages import PAGE_FOLDER, PageFiles
from server.http.problems import add_problem_handlers
from server.http.security import Guard
from server.http.upload_worker import UploadWorker
from server.http.work import WorkPool
from server.mcp.endpoint import MCP_PATH, McpEndpoint
from server.observe.metrics import Metrics
from server.observe.requests import ObserveRequests
from server.observe.tracing import stage_spans, telemetry_of
from server.openai import chat, responses
from server.routes import ask, conversations, documents, reference, system, uploads

if TYPE_CHECKING:
    from server.observe.spans import TracerProvider

# An unreachable collector must not keep the server from shutting down.
_FLUSH_MILLISECONDS = 3000

_DESCRIPTION = """\
Answers questions over a document archive. Every sentence of an answer has footnotes that
point to the exact characters supporting it; when the archive may say, `sure` is false; when
it does not say, `outcome` is `abstained` and the status is 200. Spans count Unicode code
points, end exclusive.
"""


def create_app(assistant: Assistant, *, tracer_provider: TracerProvider | None = None) -> FastAPI:
    """The application that serves one archive; spans go to ``tracer_provider``.

    The caller closes the assistant and the provider.

    Raises:
        SettingsError: a server setting is invalid.
    """
    settings = assistant.settings.server
    guard = Guard(settings, assistant.journal)
    metrics = Metrics()
    observers: tuple[Callable[[Outcome], None], ...] = (metrics.count_outcome,)
    if tracer_provider is not None:
        observers += (stage_spans(tracer_provider),)
    context = ServerContext(
        assistant=assistant,
        settings=settings,
        guard=guard,
        work=WorkPool(
            workers=settings.workers,
            queue=settings.queue,
            timeout_seconds=settings.timeout_seconds + model_seconds(assistant.settings),
        ),
        uploads=UploadWorker(assistant),
        metrics=metrics,
        observers=observers,
    )
    _watch(context)

    mcp = McpEndpoint(context)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if tracer_provider is not None:
                stack.callback(tracer_provider.force_flush, _FLUSH_MILLISECONDS)
            await stack.enter_async_context(mcp.running())
            context.uploads.start()
            yield
        context.uploads.close()
        context.work.close()

    app = FastAPI(
        title="Footnote",
        version=version("footnote"),
        description=_DESCRIPTION,
        lifespan=lifespan,
        telemetry=telemetry_of(tracer_provider),
        # FastAPI's own pages load scripts from other origins.
        docs_url=None,
        redoc_url=None,
    )
    app.state.context = context
    add_problem_handlers(app)
    openai = (chat, responses)
    for module in (ask, documents, uploads, conversations, *openai, system, reference):
        app.include_router(module.router)
    app.router.routes.append(Route(MCP_PATH, mcp))
    app.mount("/static", PageFiles(directory=PAGE_FOLDER), name="static")
    # The middleware added last is the first to see a request.
    app.add_middleware(
        BodyLimit,
        max_body_bytes=settings.max_body_bytes,
        max_upload_bytes=settings.max_upload_bytes,
    )
    app.add_middleware(OriginCheck, guard=guard)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "DELETE"],
            # OpenAI and MCP clients send headers of their own. A page still needs the key,
            # which no browser sends by itself.
            allow_headers=["*"],
            expose_headers=["Retry-After", "X-Request-ID"],
        )
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(ObserveRequests, metrics=context.metrics)
    app.add_middleware(RequestIds)
    return app


def model_seconds(settings: Settings) -> float:
    """How long a language model may take for one question: its own deadlines come first, so
    that where it does not reply in time the sentences are chosen without it."""
    model = settings.language_model
    # A follow-up is reworded, then answered.
    return 2 * model.timeout_seconds if model.configured else 0.0


def _watch(context: ServerContext) -> None:
    """Add gauges that are read whenever the metrics are."""
    metrics, work = context.metrics, context.work
    metrics.watch_archive(context.assistant.status)
    metrics.watch("footnote_work_running", "Questions being answered.", lambda: work.running)
    metrics.watch("footnote_work_waiting", "Questions waiting for a worker.", lambda: work.waiting)
    metrics.watch(
        "footnote_uploads_waiting",
        "Upload jobs that are not finished.",
        context.assistant.journal.waiting_jobs,
    )
