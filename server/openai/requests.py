"""The requests of OpenAI's clients, as the vendor's SDK types them.

They have many fields that mean nothing to an archive (temperature, tools, ...): unknown
fields are ignored. Known fields must have their type; nothing is converted.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rag.settings import Composer
from server.wire.shapes import DateText, FiltersIn

MODEL = "footnote"


class _In(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


def _whole(text: str) -> str:
    """The text without lone surrogates: web clients sometimes cut an emoji in half."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


Text = Annotated[str, AfterValidator(_whole)]


class ContentPart(_In):
    """A part of a message; only text is supported."""

    type: Text = Field(examples=["text"])
    text: Text | None = None


class InputMessage(_In):
    """A message of the conversation; only those of user and assistant are read."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Text | list[ContentPart] | None = None


class ResponseItem(_In):
    """An item of the Responses API's input: a message, or an item that is ignored."""

    type: Text | None = None
    role: Literal["system", "developer", "user", "assistant"] | None = None
    content: Text | list[ContentPart] | None = None


class FootnoteIn(_In):
    """Footnote's own options: pass them as ``extra_body={"footnote": {...}}``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    filters: FiltersIn = FiltersIn()
    as_of: DateText | None = Field(
        default=None,
        description="answer as of the end of that day, month or year",
    )
    top_k: int | None = Field(
        default=None, ge=1, le=50, description="number of passages to read for the answer"
    )
    composer: Composer | None = Field(
        default=None, description="how the answer is composed: 'quote'; without it, as settings say"
    )
    explain: bool = Field(
        default=False, description="include the receipt: every rank, score and verdict"
    )


Metadata = Annotated[dict[Text, Text], Field(max_length=16)]


class _RequestIn(_In):
    model: Text = Field(max_length=200, examples=[MODEL])
    stream: bool | None = False
    metadata: Metadata | None = None
    tool_choice: str | dict[str, Any] | None = Field(
        default=None, description="tools are never called; requiring one is an error"
    )
    footnote: FootnoteIn | None = None


class StreamOptions(_In):
    """Options of a stream."""

    include_usage: bool | None = False


class ResponseFormat(_In):
    """The format of the answer; only text is supported."""

    type: Text = "text"


class ChatIn(_RequestIn):
    """A request for a chat completion. The last user message is the question."""

    messages: list[InputMessage] = Field(
        min_length=1,
        examples=[[{"role": "user", "content": "When did LI Yong visit Huawei?"}]],
    )
    stream_options: StreamOptions | None = None
    n: int | None = 1
    response_format: ResponseFormat | None = None


class TextOptions(_In):
    """Options of the answer's text."""

    format: ResponseFormat | None = None


class ResponseIn(_RequestIn):
    """A request for a response. With ``store`` a later request can continue from it."""

    input: Text | list[ResponseItem] = Field(examples=["When did LI Yong visit Huawei?"])
    previous_response_id: Text | None = None
    store: bool | None = True
    include: list[str] | None = Field(default=None, examples=[["file_search_call.results"]])
    text: TextOptions | None = None
