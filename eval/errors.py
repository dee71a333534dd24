"""Errors of measuring, part of the one tree of rag.errors.

FootnoteError
└── EvalError              measuring cannot go on as asked
    ├── QuestionSetError   a question file or suite folder is malformed
    └── RunError           a run folder is missing, incomplete, damaged or of another set
"""

from __future__ import annotations

from rag.errors import FootnoteError


class EvalError(FootnoteError):
    """Measuring cannot go on as asked."""


class QuestionSetError(EvalError):
    """A question file or suite folder is malformed."""


class RunError(EvalError):
    """A run folder is missing, incomplete, damaged or of another question set."""
