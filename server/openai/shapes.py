"""The responses to OpenAI's clients, as the vendor's SDK types them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from server.openai.requests import MODEL
from server.wire.outcome import AbstentionOut, AnswerOut


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


class OpenAIErrorBody(_Out):
    """What is wrong, with which part of the request, and what to do."""

    message: str
    type: str = Field(examples=["invalid_request_error"])
    param: str | None
    code: str | None = Field(examples=["model_not_found"])


class OpenAIError(_Out):
    """The error of every route under /v1."""

    error: OpenAIErrorBody


class ModelCard(_Out):
    """The one model: the archive."""

    id: str = MODEL
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "footnote"


class ModelList(_Out):
    """All models."""

    object: Literal["list"] = "list"
    data: list[ModelCard]


class ContentSpan(_Out):
    """The position of a claim in the content, in code points, end exclusive."""

    start: int
    end: int


class AnswerExtension(AnswerOut):
    """The answer of ``POST /ask``; ``spans[i]`` is the position of ``claims[i]`` in the
    message's content, before its footnotes."""

    spans: list[ContentSpan]


Extension = Annotated[AnswerExtension | AbstentionOut, Field(discriminator="outcome")]


class UrlCitation(_Out):
    """A footnote: the position of its marker in the content, and its link."""

    start_index: int
    end_index: int
    title: str
    url: str


class AnnotationOut(_Out):
    """An annotation in the nested form of chat completions."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class MessageOut(_Out):
    """The answer: one paragraph per sentence, with markers that link to its sources."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[AnnotationOut]


class ChoiceOut(_Out):
    """The one choice."""

    index: int = 0
    message: MessageOut
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class Usage(_Out):
    """Tokens of the messages sent and of the content, in cl100k_base."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatOut(_Out):
    """A chat completion, with the outcome of ``POST /ask`` in ``footnote``."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int = Field(description="Unix time in seconds")
    model: str = MODEL
    choices: list[ChoiceOut]
    usage: Usage
    footnote: Extension


class FileSearchResult(_Out):
    """A passage that was found. ``score`` is 1 / rank: the stages' scores do not compare."""

    file_id: str
    filename: str
    score: float
    text: str
    attributes: dict[str, str]


class FileSearchCall(_Out):
    """The search behind an answer; with results only if ``include`` requests them."""

    type: Literal["file_search_call"] = "file_search_call"
    id: str
    status: Literal["in_progress", "completed"] = "completed"
    queries: list[str]
    results: list[FileSearchResult] | None = None


class FileCitation(_Out):
    """The document of a footnote; ``index`` is where its marker starts in the text."""

    type: Literal["file_citation"] = "file_citation"
    file_id: str
    filename: str
    index: int


class FlatUrlCitation(UrlCitation):
    """A footnote in the flat form of the Responses API."""

    type: Literal["url_citation"] = "url_citation"


Annotation = FileCitation | FlatUrlCitation


class OutputText(_Out):
    """The text of a response."""

    type: Literal["output_text"] = "output_text"
    text: str
    annotations: list[Annotation]
    logprobs: list[Any] = []


class OutputMessage(_Out):
    """The message of a response."""

    type: Literal["message"] = "message"
    id: str
    role: Literal["assistant"] = "assistant"
    status: Literal["in_progress", "completed"] = "completed"
    content: list[OutputText]


class InputTokensDetails(_Out):
    """Always zero."""

    cached_tokens: int = 0
    cache_write_tokens: int = 0


class OutputTokensDetails(_Out):
    """Always zero."""

    reasoning_tokens: int = 0


class ResponseUsage(_Out):
    """Tokens of the input and of the text, in cl100k_base."""

    input_tokens: int
    input_tokens_details: InputTokensDetails = InputTokensDetails()
    output_tokens: int
    output_tokens_details: OutputTokensDetails = OutputTokensDetails()
    total_tokens: int


class ResponseFailure(_Out):
    """Why a response failed after it started."""

    code: Literal["server_error"] = "server_error"
    message: str


class ResponseOut(_Out):
    """A response: the search, then the message, with the outcome of ``POST /ask``."""

    id: str
    object: Literal["response"] = "response"
    created_at: int = Field(description="Unix time in seconds")
    completed_at: int | None = None
    status: Literal["in_progress", "completed", "failed"]
    error: ResponseFailure | None = None
    incomplete_details: None = None
    instructions: None = None
    metadata: dict[str, str] = {}
    model: str = MODEL
    output: list[FileSearchCall | OutputMessage] = []
    parallel_tool_calls: bool = False
    previous_response_id: str | None = None
    store: bool = True
    temperature: None = None
    top_p: None = None
    tool_choice: Literal["auto"] = "auto"
    tools: list[Any] = []
    usage: ResponseUsage | None = None
    footnote: Extension | None = None
