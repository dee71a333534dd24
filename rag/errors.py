"""One tree of errors. Each says what is wrong, with which thing, and what to do about it.

FootnoteError
├── SettingsError          a setting is unknown, malformed or out of range
├── ReadError              a file could not be turned into a Document
│   └── UnreadableTypeError    no reader takes files of its ending
├── ModelError             model weights are missing, altered or failed to run
├── LanguageModelError     a language model gave no reply, or only part of one
├── RequestCancelledError  whoever asked has gone
├── StoreError             the data directory cannot be used as asked
│   ├── StoreLockedError   another process is writing to it
│   ├── StoreVersionError  it was written by a newer Footnote
│   └── StoreDamagedError  what is stored contradicts itself; run `footnote doctor`
├── IndexMismatchError     the index was built with other models or splitter settings
├── QuestionError          a question is empty or too long
├── FilterError            a date is not valid, or filters contradict each other
├── UnknownDocumentError   no document, or more than one, answers to that name
├── UnknownConversationError  there is no such conversation
├── UnknownTurnError       there is no such turn of any conversation
├── UnknownJobError        there is no such upload, or its bytes are gone
├── NameTakenError         something else has that name already
└── CitationError          a citation's quote is not what its span says
"""

from __future__ import annotations

from typing import Literal


class FootnoteError(Exception):
    """Root of all errors that Footnote raises on purpose.

    ``detail`` says what is wrong and names the thing; ``remedy`` what to do about it, None
    where the detail says that too. As text it is "detail; remedy".
    """

    def __init__(self, detail: str, *, remedy: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.detail}; {self.remedy}" if self.remedy else self.detail


class SettingsError(FootnoteError):
    """A setting is unknown, malformed or out of range."""


class ReadError(FootnoteError):
    """A file could not be turned into a Document."""


class UnreadableTypeError(ReadError):
    """No reader takes files of its ending."""


class ModelError(FootnoteError):
    """Model weights are missing, altered or failed to run."""


LanguageModelFailure = Literal[
    "unreachable", "timeout", "rate_limited", "malformed", "empty", "interrupted", "refused"
]


class LanguageModelError(FootnoteError):
    """A language model gave no reply, or only part of one.

    ``kind`` is "unreachable" (no connection, or the server is failing), "timeout" (nothing
    in time, or not the end of it), "rate_limited", "malformed" (not a chat completion),
    "empty", "interrupted" (it broke off) or "refused" (the server declines the request).
    ``retry_after_seconds`` is how long the server asked to wait, None where it did not.
    """

    def __init__(
        self,
        detail: str,
        *,
        kind: LanguageModelFailure,
        remedy: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(detail, remedy=remedy)
        self.kind = kind
        self.retry_after_seconds = retry_after_seconds


class RequestCancelledError(FootnoteError):
    """Whoever asked has gone, so the question was not answered."""


class StoreError(FootnoteError):
    """The data directory cannot be used as asked."""


class StoreLockedError(StoreError):
    """Another process is writing to the data directory."""


class StoreVersionError(StoreError):
    """The data directory was written by a newer Footnote."""


class StoreDamagedError(StoreError):
    """What is stored contradicts itself."""


class IndexMismatchError(FootnoteError):
    """The index was built with other models or splitter settings than these."""


class QuestionError(FootnoteError):
    """A question is empty or too long."""


class FilterError(FootnoteError):
    """A date is not valid, or filters contradict each other."""


class UnknownDocumentError(FootnoteError):
    """No document, or more than one, answers to that name."""


class UnknownConversationError(FootnoteError):
    """There is no such conversation."""


class UnknownTurnError(FootnoteError):
    """There is no such turn of any conversation."""


class UnknownJobError(FootnoteError):
    """There is no such upload, or its bytes are gone."""


class NameTakenError(FootnoteError):
    """Something else has that name already."""


class CitationError(FootnoteError):
    """A citation's quote is not what its span says."""
