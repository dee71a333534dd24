"""Whether a question asks how things are, not how they were."""

from __future__ import annotations

import re

__all__ = ["asks_of_the_present"]

_PRESENT = re.compile(
    r"^\W*(?:(?:and|so|but)\s)?(?:who|what|which(?:\s[\w\-]+){1,3}?)"
    r"(?:['’]s|\s(?:is|are|heads?|leads?|runs|holds|chairs|directs|manages))\b"
    r"|现任|目前|^\W*[一-鿿]{2,12}(?:是谁|是哪位)",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d")


def asks_of_the_present(question: str) -> bool:
    """Whether the question is in the present tense and names no year or day itself."""
    return bool(_PRESENT.search(question)) and not _FIGURE.search(question)
