"""The made documents, drawn from a seed.

The words are those of words.toml. Shapes and languages take turns, so that each shape comes
in each language about as often as any other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random

from eval.structure.made.body import Reading, Words
from eval.structure.made.lists import LISTS
from eval.structure.made.tables import TABLES

MADE_CASES = 400
SEED = 14

_SHAPES = {**LISTS, **TABLES}


@dataclass(frozen=True, slots=True)
class MadeCase:
    """A document and the row or item that is looked for in it.

    ``shape`` begins with the suffix of its file, ``source`` is the file's name and ``data``
    its bytes, in UTF-8. ``readings`` and ``others`` are those of its Body.
    """

    id: str
    shape: str
    language: str
    source: str
    data: bytes
    readings: tuple[Reading, ...]
    others: tuple[str, ...]

    @property
    def format(self) -> str:
        """The suffix of its file, without the dot."""
        return self.source.rpartition(".")[2]


def made_cases(n: int = MADE_CASES, seed: int = SEED) -> Iterator[MadeCase]:
    """``n`` cases; the same seed gives the same ones."""
    languages = list(_words())
    shapes = list(_SHAPES)
    for number in range(n):
        random = Random(f"{seed} {number}")
        shape = shapes[number % len(shapes)]
        language = languages[(number + number // len(shapes)) % len(languages)]
        words = _words()[language]
        body = _SHAPES[shape](words, random)
        suffix = shape.partition(" ")[0]
        page = _PAGES[suffix](
            random.choice(words["titles"]), random.sample(words["prose"], 2), body.source, language
        )
        yield MadeCase(
            id=f"made-{number:03d}",
            shape=shape,
            language=language,
            source=f"made-{number:03d}.{suffix}",
            data=page.encode(),
            readings=body.readings,
            others=body.others,
        )


@cache
def _words() -> Mapping[str, Words]:
    return tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))


def _markdown_page(title: str, prose: Sequence[str], body: str, _: str) -> str:
    return f"# {title}\n\n{prose[0]}\n\n{body}\n\n{prose[1]}\n"


def _plain_page(title: str, prose: Sequence[str], body: str, _: str) -> str:
    return f"{title}\n\n{prose[0]}\n\n{body}\n\n{prose[1]}\n"


def _html_page(title: str, prose: Sequence[str], body: str, language: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{title}</title></head>\n<body><h1>{title}</h1>\n<p>{prose[0]}</p>\n"
        f"{body}\n<p>{prose[1]}</p></body></html>\n"
    )


_PAGES = {"md": _markdown_page, "html": _html_page, "txt": _plain_page}
