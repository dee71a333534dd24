"""Follow-up questions made to stand alone by a language model, and checked.

A model understands more than the rules of ``rag.question.followup`` do, and invents more: its
wording is taken only where it keeps what was asked and adds nothing that was not said.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence

from prompts.registry import load_prompt
from rag.errors import LanguageModelError
from rag.generate.base import LanguageModel
from rag.generate.reply import on_one_line, read_reply
from rag.question.analysis import QuestionTerms, analyse_question
from rag.text.language import is_chinese
from rag.text.normalise import search_text
from rag.text.words import stem_tokens
from rag.types import Turn, Waiting

_PROMPT = "standalone"
_LAST_TURNS = 6
_TURN_CHARACTERS = 600
_MOST_TOKENS = 120
_LABEL = re.compile(
    r"\s*(?:rewritten(?:\squestion)?|question|standalone(?:\squestion)?|改写|问题)\s*[:：]\s*",
    re.IGNORECASE,
)
# Shares of content words: of the question kept, and of the rewritten one said before.
_KEPT, _SAID = 0.6, 0.7
# Chinese is counted by pairs of characters, and a name put in breaks those around it.
_KEPT_CHINESE, _SAID_CHINESE = 0.4, 0.5


def standalone_with_model(
    question: str,
    history: Sequence[Turn],
    model: LanguageModel,
    *,
    deadline_seconds: float = 20.0,
    limit: int = 1000,
) -> Generator[Waiting, None, str | None]:
    """Yield while the model is at work; return the question as it says it without its
    history, ``limit`` code points at most.

    None where there is no history, the model fails, or its wording drops a name, a number
    or most words of the question, or brings in ones that neither question nor history has:
    use ``rag.question.followup.standalone_question`` then.
    """
    if not history:
        return None
    text = load_prompt(_PROMPT).render(history=_shown(history), question=on_one_line(question))
    try:
        reply = yield from read_reply(
            model, text, max_tokens=_MOST_TOKENS, deadline_seconds=deadline_seconds
        )
    except LanguageModelError:
        return None
    rewritten = _first_line(reply)
    sound = 0 < len(rewritten) <= limit and _is_sound(rewritten, question, history)
    return rewritten if sound else None


def _is_sound(rewritten: str, question: str, history: Sequence[Turn]) -> bool:
    """Whether it asks what the question asks, in what the question and its history say."""
    chinese = is_chinese(question)
    if is_chinese(rewritten) != chinese:
        return False
    kept, known = (_KEPT_CHINESE, _SAID_CHINESE) if chinese else (_KEPT, _SAID)
    asked, new = analyse_question(question), analyse_question(rewritten)
    said = " ".join([question, *(turn.text for turn in history)])
    return _holds(asked, rewritten, kept) and _holds(new, said, known)


def _holds(terms: QuestionTerms, text: str, least: float) -> bool:
    """Whether a text has the names and numbers of a question and this share of its words."""
    stems = frozenset(stem_tokens(search_text(text)))
    numbers = analyse_question(text).numbers
    share = len(terms.content & stems) / len(terms.content) if terms.content else 1.0
    return terms.names <= stems and terms.numbers <= numbers and share >= least


def _shown(history: Sequence[Turn]) -> str:
    speakers = {"user": "User", "assistant": "Assistant"}
    return "\n".join(
        f"{speakers[turn.role]}: {on_one_line(turn.text[:_TURN_CHARACTERS])}"
        for turn in history[-_LAST_TURNS:]
    )


def _first_line(reply: str) -> str:
    line = next((line for line in reply.splitlines() if line.strip()), "")
    bare = line.strip().strip("*`").strip()
    return _LABEL.sub("", bare, count=1).strip().strip('"“”').strip()
