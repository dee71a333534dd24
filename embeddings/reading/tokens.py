"""A question and a passage as the tokens that a reading model reads, with their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer

from embeddings.reading.types import ReadingPassage

# A question or passage above its share is cut; passages are far shorter.
MAX_TOKENS = 448
_MOST_QUESTION_TOKENS = 96


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A question and a passage as one sequence.

    ``places`` gives for each token its half-open character range in the passage's text,
    (-1, -1) for tokens of the question, of the lead and for special ones.
    """

    ids: tuple[int, ...]
    types: tuple[int, ...]
    places: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.ids)

    def tokens_of(self, start: int, end: int) -> range:
        """The tokens that lie in a character range of the text, empty where none does."""
        inside = [at for at, (s, e) in enumerate(self.places) if s >= 0 and s < end and e > start]
        return range(inside[0], inside[-1] + 1) if inside else range(0)

    def text_tokens(self) -> list[int]:
        """The positions of the text's tokens."""
        return [at for at, (s, e) in enumerate(self.places) if s >= 0 and e > s]


def tokenise(
    tokenizer: Tokenizer, question: str, passages: Sequence[ReadingPassage], *, prompt: str
) -> list[TokenPair]:
    """Each passage beside the question, ``prompt`` before the latter.

    At most ``MAX_TOKENS`` each: the ends of a long question and of a long passage are cut.
    """
    asked = prompt + _clipped(tokenizer, question)
    leads = [f"{passage.lead}\n" if passage.lead else "" for passage in passages]
    pairs = [(asked, lead + each.text) for lead, each in zip(leads, passages, strict=True)]
    found: list[TokenPair] = []
    for lead, encoding in zip(leads, tokenizer.encode_batch(pairs), strict=True):
        # A token may begin with the white space before its word, which is the lead's.
        places = [
            (max(start - len(lead), 0), end - len(lead))
            if sequence == 1 and end > len(lead)
            else (-1, -1)
            for (start, end), sequence in zip(encoding.offsets, encoding.sequence_ids, strict=True)
        ]
        found.append(
            TokenPair(
                tuple(encoding.ids[:MAX_TOKENS]),
                tuple(encoding.type_ids[:MAX_TOKENS]),
                tuple(places[:MAX_TOKENS]),
            )
        )
    return found


def _clipped(tokenizer: Tokenizer, question: str) -> str:
    encoding = tokenizer.encode(question, add_special_tokens=False)
    if len(encoding.ids) <= _MOST_QUESTION_TOKENS:
        return question
    end: int = encoding.offsets[_MOST_QUESTION_TOKENS - 1][1]
    return question[:end]
