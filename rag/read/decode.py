"""Bytes to text: which encoding, and whether it is text at all."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from rag.errors import ReadError

# The longest first: UTF-32's mark begins with UTF-16's.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "a SQLite database"),
)
_SHOWN = re.compile("[^\\s\ufeff\u200b]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MAX_CONTROL_SHARE = 0.02
# Declared names that in practice mean their superset.
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030", "iso8859-1": "cp1252", "ascii": "cp1252"}
# What a page may declare: the encodings of the WHATWG's Encoding Standard, by Python's
# names. Python has codecs besides that are none (hex, zlib) or that nobody writes pages
# in and that would read any (unicode_escape, idna).
_DECLARABLE = frozenset(
    {"utf-8", "utf-8-sig", "gb18030", "big5", "big5hkscs", "euc_jp", "iso2022_jp", "shift_jis"}
    | {"cp932", "euc_kr", "cp949", "cp866", "cp874", "koi8-r", "koi8-u", "mac-roman"}
    | {"mac-cyrillic", "tis-620"}
    | {f"cp{number}" for number in range(1250, 1259)}
    | {f"iso8859-{part}" for part in (*range(2, 12), *range(13, 17))}
)
_SAMPLE = 20_000
_HAN = re.compile("[\u4e00-\u9fff]")
_HAN_INSIDE_WORD = re.compile("(?<=[A-Za-z])[\u4e00-\u9fff](?=[A-Za-z])")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text without its byte order mark, and the encoding in words."""

    text: str
    encoding: str


def decode(data: bytes, source: str, *, declared: str | None = None) -> Decoded:
    """The text of ``data``, characters exactly as encoded, line ends untouched.

    Tried in order: byte order mark, ``declared`` (what the content says of itself),
    UTF-8, GB18030 where that gives common Chinese characters, and last a Western one-byte
    encoding, which is then named a fallback.

    Raises:
        ReadError: it is no text, there is none, or the byte order mark promises what does not
            follow.
    """
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            raise ReadError(f"{source} is {kind}, not text", remedy="convert it to text first")
    decoded = _by_mark(data, source) or _by_declaration(data, declared) or _by_content(data)
    if not _SHOWN.search(decoded.text):
        raise ReadError(f"{source} holds no text")
    controls = len(_CONTROLS.findall(decoded.text))
    if controls > _MAX_CONTROL_SHARE * len(decoded.text):
        raise ReadError(
            f"{source} is not text: {controls} of its {len(decoded.text)} characters "
            "are control characters"
        )
    return decoded


def _by_mark(data: bytes, source: str) -> Decoded | None:
    mark = next(filter(data.startswith, _MARKS), None)
    if mark is None:
        return None
    codec = _MARKS[mark]
    try:
        return Decoded(data[len(mark) :].decode(codec), f"{codec} (byte order mark)")
    except UnicodeDecodeError as error:
        # "\xff\xfe" may also begin a Western text, but none seen in practice.
        raise ReadError(
            f"{source} begins with the mark of {codec} but is not valid {codec} "
            f"at byte {len(mark) + error.start}",
            remedy="save it again in UTF-8",
        ) from error


def _by_declaration(data: bytes, declared: str | None) -> Decoded | None:
    if declared is None:
        return None
    try:
        codec = codecs.lookup(declared).name
        codec = _SUPERSETS.get(codec, codec)
        # A declaration that could be read cannot be of a two-byte encoding.
        if codec.startswith(("utf-16", "utf-32")):
            codec = "utf-8"
        return Decoded(data.decode(codec), codec) if codec in _DECLARABLE else None
    except (LookupError, UnicodeError):
        return None


def _by_content(data: bytes) -> Decoded:
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _damaged_utf8(data) or _chinese(data) or _western(data)


def _damaged_utf8(data: bytes) -> Decoded | None:
    """UTF-8 with a few bytes lost: better one mark of loss than a page of wrong letters."""
    text = data.decode("utf-8", errors="replace")
    lost = text.count("\ufffd") - data.count("\ufffd".encode())
    whole = sum(character > "\x7f" for character in text) - lost
    if whole < 20 * lost:
        return None
    return Decoded(text, f"utf-8 ({lost} unreadable)")


def _chinese(data: bytes) -> Decoded | None:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return None
    beyond_ascii = [character for character in text if character > "\x7f"][:_SAMPLE]
    common = sum(_is_common_chinese(character) for character in beyond_ascii)
    if common < 0.7 * len(beyond_ascii):
        return None
    # Two accented capitals (NAÇÕES) read as one common character.
    if 2 * len(_HAN_INSIDE_WORD.findall(text)) > len(_HAN.findall(text)):
        return None
    return Decoded(text, "gb18030")


def _is_common_chinese(character: str) -> bool:
    """Whether it is punctuation or one of the 3,755 characters of GB 2312's first level.

    Western and Cyrillic bytes read as GB18030 give the rare ones.
    """
    encoded = character.encode("gb2312", errors="ignore")
    return len(encoded) == 2 and (encoded[0] <= 0xA3 or 0xB0 <= encoded[0] <= 0xD7)


def _western(data: bytes) -> Decoded:
    latin = data.decode("latin-1")
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        text = latin
    return Decoded(text, f"{'latin-1' if text == latin else 'cp1252'} (fallback)")
