"""Bytes to text: which encoding, and whether it is text at all."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import regex
import webencodings

from rag.errors import ReadError
from rag.types import ENCODING_NOTE

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
_LAST_LATIN = "\u036f"
_SHOWN = re.compile("[^\\s\ufeff\u200b]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MAX_CONTROL_SHARE = 0.02
# What texts without a mark are in, by the Web's names (of most of DOS it has none), and the
# codecs that read them: the superset where one means another in practice.
_CODECS = {
    **{f"windows-{number}": f"cp{number}" for number in (1252, 1250, 1251, *range(1253, 1259))},
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (2, 5, 6, 7, 8, 15)},
    "windows-874": "cp874",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc-jp": "euc_jis_2004",
    "euc-kr": "cp949",
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "ibm866": "cp866",
    **{f"ibm{number}": f"cp{number}" for number in (850, 852, 857, 862, 737)},
}
_NAMES = {codec: name for name, codec in _CODECS.items()}
_SUPERSETS = {
    "gbk": "gb18030",
    "euc_jp": "euc_jis_2004",
    "iso2022_jp": "iso2022_jp_ext",
    "x-user-defined": "cp1252",
}
# Seven-bit encodings, by the escape that begins their characters.
_ESCAPED = {
    b"\x1b$)C": ("iso-2022-kr", "iso2022_kr"),
    b"\x1b$": ("iso-2022-jp", "iso2022_jp_ext"),
}
_UNASSIGNED = regex.compile(r"\p{Cn}")
_CONTROL_BYTES = bytes((*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)))
_TWO_BYTE_BYTES = 16
_EAST_ASIAN = re.compile(
    "[ -~\\s\u2010-\u2027\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]"
)
_LEAST_USUAL = 0.8
_ALPHABET = 0.4
# What beyond ASCII must be whole for each character that is lost.
_WHOLE_FOR_LOST = 20
_PAIR = re.compile(rb"[\x80-\xff]{2}")
_INSIDE_WORD = re.compile("(?<=[A-Za-z])[^\x00-\x7f](?=[A-Za-z])")
# What no text has: a control character, a letter of another alphabet or a capital inside a
# word, or a piece of a drawn table there.
_NEVER_WRITTEN = regex.compile(
    r"[\x80-\x84\x86-\x9f]|(?<=[A-Za-z])[\p{L}--\p{Latin}]|[\p{L}--\p{Latin}](?=[A-Za-z])"
    r"|(?<=\p{Ll})[\p{Lu}--A-Z]|(?<=[\p{Ll}--a-z])[A-Z]"
    r"|(?<=\p{L})[\u2500-\u259f--│║](?=\p{L})",
    regex.V1,
)
_PAIRED = frozenset({"gb18030", "big5hkscs", "cp949"})
_ASCII = frozenset(range(0x80))
_DAMAGED = 0.9
_EVIDENCE_BYTES = 64 * 1024
# Of 1,900 texts that were read with this lead over the next reading, 3 were read wrongly.
_LEAST_LEAD = 0.005
# Fewer bytes beyond ASCII say little, one next to nothing: it is in what most texts are in.
_LEAST_BYTES = 3
_COMMON, _COMMON_LEAD = "cp1252", 0.02


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text without its byte order mark, and the encoding in words.

    ``note`` is what a reader of the text should know: that its encoding was guessed, how
    many characters are lost. Empty where there is nothing to say.
    """

    text: str
    encoding: str
    note: str = ""

    @property
    def metadata(self) -> Mapping[str, str]:
        """What a document records: "encoding", and "encoding_note" where there is a note."""
        return {"encoding": self.encoding, **({ENCODING_NOTE: self.note} if self.note else {})}


def decode(data: bytes, source: str, *, declared: str | None = None) -> Decoded:
    """The text of ``data``, characters exactly as encoded, line ends untouched.

    Tried in order: byte order mark, ``declared`` (a label by which the content names its
    encoding, as browsers know it), UTF-8, and last a guess, line by line where some lines
    are UTF-8.

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
    label = webencodings.lookup(declared) if declared else None
    # A declaration that could be read cannot be of a two-byte encoding.
    if label is None or label.name == "replacement" or label.name.startswith("utf-"):
        return None
    codec = _SUPERSETS.get(label.codec_info.name, label.codec_info.name)
    # A page saved anew in UTF-8 may have kept the declaration of what it was before.
    if not data.isascii() and _is_valid(data, "utf-8") and not _by_accident([data], codec):
        return None
    if not _is_valid(data, codec, damaged=True):
        return None
    return _decoded(data, codec, _NAMES.get(codec, label.name))


def _by_content(data: bytes) -> Decoded:
    codec = _two_byte(data)
    if codec is not None:
        return _decoded(data, codec, codec, "guessed")
    for escape, (name, codec) in _ESCAPED.items():
        if escape in data and data.isascii() and _is_valid(data, codec, damaged=True):
            return _decoded(data, codec, name, "guessed")
    if _is_valid(data, "utf-8"):
        return Decoded(data.decode("utf-8"), "utf-8")
    return _by_lines(data)


def _two_byte(data: bytes) -> str | None:
    """The codec of UTF-16 without a mark, which has control bytes as no other text has.

    Most of its characters are of one alphabet and its signs, or of Chinese, Japanese or Korean.
    """
    controls = len(data) - len(data.translate(None, _CONTROL_BYTES))
    if len(data) % 2 or len(data) < _TWO_BYTE_BYTES or controls <= _MAX_CONTROL_SHARE * len(data):
        return None
    # An alphabet's upper bytes are control bytes, and then the whole may be valid UTF-8.
    if _is_valid(data, "utf-8") and controls < _ALPHABET * len(data):
        return None
    # The upper bytes of its characters vary less than the lower ones.
    upper = {"utf-16-le": len({*data[1::2]}), "utf-16-be": len({*data[::2]})}
    share, _, best = max((_usual(data, codec), -upper[codec], codec) for codec in upper)
    return best if share >= _LEAST_USUAL else None


def _usual(data: bytes, codec: str) -> float:
    """The share of characters that are of one alphabet and its signs, or East Asian."""
    if not _is_valid(data, codec):
        return 0.0
    text = data[:_EVIDENCE_BYTES].decode(codec, "ignore")
    usual = len(_EAST_ASIAN.findall(text))
    rows = Counter(ord(character) >> 8 for character in text).most_common(2)
    if len(text.split()) > 1 or len(rows) == 1:  # words of an alphabet
        usual = max(usual, sum(count for _, count in rows))
    return usual / len(text)


def _by_lines(data: bytes) -> Decoded:
    """Text that is not UTF-8, or not all of it: some lines may be in another encoding.

    A line that is UTF-8 for the most part is damaged UTF-8. In a text that is nearly all
    UTF-8 another line must tell its encoding: a lost character is better than a wrong one.
    """
    lines = data.splitlines(keepends=True)
    mostly_utf8 = [_mostly_utf8(line) for line in lines]
    told = [
        (line, kind) for line, kind in zip(lines, mostly_utf8, strict=True) if not line.isascii()
    ]
    utf8 = [line for line, kind in told if kind]
    other = [line for line, kind in told if not kind]
    codec, sure = _guess(b"".join(other) if utf8 and other else data)
    if not utf8 or _by_accident(utf8, codec, among=len(told)):
        if utf8 and other:
            codec, sure = _guess(data)
        return _decoded(data, codec, _NAMES[codec], _said(sure))
    if not other or (not sure and _is_valid(data, "utf-8", damaged=True)):
        return _decoded(data, "utf-8", "utf-8")
    text = "".join(
        line.decode("utf-8" if kind else codec, "replace")
        for line, kind in zip(lines, mostly_utf8, strict=True)
    )
    encoding = f"utf-8 and {_NAMES[codec]} ({_said(sure)})"
    return Decoded(text, encoding, f"two encodings, line by line: {encoding}")


def _mostly_utf8(line: bytes) -> bool:
    if line.isascii():
        return True
    whole, lost = _counted(line, "utf-8")
    if not lost or whole < 2 * lost:
        return not lost
    unassigned = len(_UNASSIGNED.findall(line.decode("utf-8", "ignore")))
    return whole - unassigned >= 2 * (lost + unassigned)


def _said(sure: bool) -> str:
    return "guessed" if sure else "guessed, unsure"


def _by_accident(utf8: Sequence[bytes], codec: str, *, among: int = 1) -> bool:
    """Whether lines may be valid UTF-8 by accident and letters of ``codec`` in truth.

    Pairs of Chinese, Thai or Cyrillic letters may be, in short lines; longer ones only
    when they are few ``among`` lines.
    """
    most = 4 if 10 * len(utf8) <= among else 2
    for line in utf8:
        threes = sum(byte >= 0xE0 for byte in line)
        if threes > 1 or _counted(line, "utf-8")[0] > most or not _is_valid(line, codec):
            return False
    text = b"".join(utf8).decode(codec)
    return all(c.isalpha() and c > _LAST_LATIN for c in text if not c.isascii())


def _guess(data: bytes) -> tuple[str, bool]:
    """The codec that lines are in, and whether that is plain."""
    if len(data) > _EVIDENCE_BYTES:
        told = (line for line in data.splitlines(keepends=True) if not line.isascii())
        data = b"".join(told)[:_EVIDENCE_BYTES]
    scores = _scores(data)
    for codec in _NAMES:
        # A byte that an encoding lacks rules it out for chardet.
        if not _is_valid(data, codec) and _is_valid(data, codec, damaged=True):
            whole = data.decode(codec, "ignore").encode(codec)
            scores[codec] = _DAMAGED * _scores(whole).get(codec, 0.0)
    scores = {codec: score * _likely(data, codec) for codec, score in scores.items()}
    scores = {codec: score for codec, score in scores.items() if score}
    best = max(scores, key=scores.__getitem__, default=_COMMON)
    beyond = len({*data} - _ASCII)
    if beyond == 1 and scores.get(best, 0.0) - scores.get(_COMMON, 0.0) < _COMMON_LEAD:
        best = _COMMON
    text = data.decode(best, "replace")
    others = [scores[codec] for codec in scores if data.decode(codec, "replace") != text]
    sure = scores.get(best, 0.0) - max(others, default=0.0) >= _LEAST_LEAD
    # Where several read the same, the one that reads most.
    best = next(codec for codec in _NAMES if data.decode(codec, "replace") == text)
    return best, sure and beyond >= _LEAST_BYTES


def _likely(data: bytes, codec: str) -> float:
    """What part of a codec's score the text that it reads deserves, by how its words look.

    Nothing where the bytes are pairs of a two-byte encoding only as "6 °C" and "NAÇÕES" are.
    """
    text = data.decode(codec, "replace")
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    if codec in _PAIRED:
        return (
            0.0 if not _PAIR.search(data) or 2 * len(_INSIDE_WORD.findall(text)) > beyond else 1.0
        )
    odd = len(_NEVER_WRITTEN.findall(text))
    return (1 - odd / beyond) ** 2 if 2 * odd < beyond else 0.0


def _scores(data: bytes) -> dict[str, float]:
    """How well each codec fits that can read all of the bytes, in [0, 1]."""
    import chardet  # half as long to load as all of this package

    # A line end before it keeps chardet from taking "BM" or "ID3" for the mark of a file type.
    found = chardet.detect_all(
        b"\n" + data, ignore_threshold=True, compat_names=False, include_encodings=_NAMES
    )
    return {
        result["encoding"]: result["confidence"]
        for result in found
        if result["encoding"] is not None
    }


def _is_valid(data: bytes, codec: str, *, damaged: bool = False) -> bool:
    """Whether the bytes are this encoding; ``damaged``: or would be but for a few."""
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        whole, lost = _counted(data, codec)
        return damaged and whole >= _WHOLE_FOR_LOST * lost
    return True


def _counted(data: bytes, codec: str) -> tuple[int, int]:
    """How many characters beyond ASCII can be read, and how many are lost."""
    text = data.decode(codec, "replace")
    lost = text.count("\ufffd") - data.count("\ufffd".encode()) * (codec == "utf-8")
    return len(text) - len(text.encode("ascii", "ignore")) - lost, lost


def _decoded(data: bytes, codec: str, name: str, said: str = "") -> Decoded:
    """What the codec makes of it; ``said`` is how it was found, nothing where it is known."""
    _, lost = _counted(data, codec)
    notes = [f"encoding {said}: {name}"] if said else []
    if lost:
        notes.append(f"{lost} character{'s' if lost > 1 else ''} unreadable")
    named = ", ".join([*([said] if said else []), *([f"{lost} unreadable"] if lost else [])])
    text = data.decode(codec, "replace")
    return Decoded(text, f"{name} ({named})" if named else name, "; ".join(notes))
