"""What a reader is, and those that are installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from rag.errors import SettingsError
from rag.plugins import load_plugins
from rag.types import Block, DocumentDate

# A longer title is none: the text begins without one.
MAX_TITLE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Content:
    """What a reader makes of a file.

    ``blocks`` say what the parts of the text are; what none of them covers becomes
    paragraphs. ``title`` is empty where the file gives none; ``page_date`` is a publication date as
    its metadata wrote it; ``dates`` are those that the reader has already read.
    """

    text: str
    title: str
    blocks: tuple[Block, ...] = ()
    page_date: str | None = None
    dates: tuple[DocumentDate, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """How files of one media type are read.

    An entry point of footnote.readers names one. ``suffixes`` are the endings of their
    names, in lower case, each with its dot. ``read`` takes the bytes and the source that
    they came from; it raises ReadError and nothing else. ``recognises`` is whether bytes
    that come without a known suffix are of this type.
    """

    media_type: str
    suffixes: tuple[str, ...]
    read: Callable[[bytes, str], Content]
    recognises: Callable[[bytes], bool] = lambda data: False


@cache
def installed_readers() -> Mapping[str, Reader]:
    """The readers of all installed packages, by suffix.

    Raises:
        SettingsError: one cannot be imported, or two take files of the same suffix.
    """
    found: dict[str, Reader] = {}
    for name, reader in load_plugins("footnote.readers").items():
        for suffix in reader.suffixes:
            if suffix in found:
                raise SettingsError(
                    f"the readers of {found[suffix].media_type} and {reader.media_type} "
                    f"('{name}') both take {suffix} files",
                    remedy="uninstall the package of one of them",
                )
            found[suffix] = reader
    return found
