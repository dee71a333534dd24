"""Questions that ask for several things, or for one thing by way of another."""

from __future__ import annotations

import re

from rag.question.analysis import is_chinese

__all__ = ["is_compound"]

_ASKS = r"(?i:who|whom|whose|what|which|when|where|why|how)"
_VERB = r"(?:did|does|do|has|have|had|is|are|was|were|will|can)"
_NAME = r"(?:[Tt]he\s)?[A-Z][\w'’.-]*(?:\s[A-Z][\w'’.-]*){0,4}"

# White space in the patterns is for reading only; a space of the question is written \s.
_ENGLISH_WORDINGS = (
    # Two questions: "When did it open, and who ran it?", "Who came? And why?"
    rf"\b{_ASKS}\b .* \b(?:and|but|or)\s (?:in\s|at\s|by\s|for\s|to\s|from\s|with\s)?"
    rf"(?:who(?!se\b)|whom|what|when|why|how|which|where)\b (?!\s?,)",
    rf"[;?]\s* (?:[Aa]nd\s|[Bb]ut\s|[Oo]r\s)? (?:{_ASKS}|(?i:{_VERB}))\b .* \?",
    rf"\b(?:{_ASKS}|(?i:{_VERB}))\b .* ,?\s (?:and|but)\s {_VERB}"
    r"\s (?:the|an?|it|they|he|she|there|any|[A-Z]\w*)\s",
    # Things compared: "differ from", "versus", "between the ... and the ...", "Gulf or Shell?"
    r"\b(?i:differ|differs|differences?|compared?|compares|comparison|contrasts?|contrasted"
    r"|similarit(?:y|ies)|versus|vs)\b .* \b(?:and|from|to|with|than|versus|vs)\b",
    r",\s(?:while|whereas)\s",
    r"\bchanged?\b .* \bbetween\b .* \band\b",
    r"\b(?:agrees?|disagrees?|aligns?|consistent|consistency)\s (?:\w+\s){0,2}"
    r"(?:with|between|from|after)\b",
    r"\b(?:before\sor\safter | earlier\sor\slater)\b",
    r"\b(?:both|either)\s [^,;?]{1,80} \b(?:and|or)\b",
    r"\band\b .* \bboth\b",
    r"^\W* (?i:between)\s .* \band\b .* ,",
    rf"[,:]\s {_NAME} (?:,\s{_NAME})* ,?\sor\s {_NAME} \W*$",
    # Each of several: "Ohrid, Prespa and Skadar", "respectively"
    r"\b(?i:respectively | (?<=\w\s)each\sof | which\s(?:one\s)?of\sthe)\b",
    rf"\b{_NAME} (?:,\s{_NAME})+ ,?\sand\s {_NAME}",
    # By several who tell of it: "as reported by the Gazette and the Echo"
    rf"\b(?:articles?|reports?|reported|covered|discussed|according\sto)\b [^?]{{0,40}}? {_NAME}"
    rf"(?:,\s{_NAME})* ,?\sand\s {_NAME}",
    r"\b(?:article|report)\b .* \band\s (?:another|an?|the)\s [^?]{0,60} \b(?:article|report)\b",
    # One thing by way of another: "the mayor of the town that", "is ..., has ... and was ..."
    r"\bthe\s (?!(?:names?|title|year|number|date|end|time|percentage)\b)\w+\s"
    r"(?:of|in|at|by|for|from)\s (?:the|an?)\s (?:[\w'’-]+\s){1,4}? (?:that|who|which|whose)\b",
    rf"(?: (?:,|\sand)\s (?:and\s)?(?:\w+ly\s|also\s)?{_VERB}\s .*){{2}}",
)
_CHINESE_ASKS = (
    "(?:什么|何时|何地|何人|为何|因何|哪|谁|多少|怎么|怎样|如何|是否"
    "|几(?=[个位家名人次份项所年月天种]))"
)
_CHINESE_WORDINGS = (
    rf"{_CHINESE_ASKS} .* (?:[，,；;？?] | 以及 | 并且? | 和 | 及 | 又 | 、) .*? {_CHINESE_ASKS}",
    r"分别 | 各自 | 相比 | 比较 | 对比 | 区别 | 差异 | 异同 | 共同点 | 其中哪 | 以下 .* 哪",
    r"(?:和|与|跟|同|、) .* (?:不同 | 相同 | 同一)",
    r"(?:和|与|跟|还是|[、，,]) .* (?:哪|谁) [^，,]{0,6} (?:更|先|早|晚)",
    r"这(?:些|两|几|三)(?:个|件|次|起|项)?(?:事|新闻|情况)",
    # The day is told by what else happened on it.
    rf"[^日号\d]当天[，,] .* {_CHINESE_ASKS}",
)
_ENGLISH = tuple(re.compile(wording, re.VERBOSE | re.DOTALL) for wording in _ENGLISH_WORDINGS)
_CHINESE = tuple(re.compile(wording, re.VERBOSE | re.DOTALL) for wording in _CHINESE_WORDINGS)


def is_compound(question: str) -> bool:
    """Whether its wording asks for more than one sentence is likely to say.

    Two questions in one, a comparison, the same of each of several names, or a thing told
    only by way of another. Pure; where in doubt False, for a language model is asked next.
    """
    wordings = _CHINESE if is_chinese(question) else _ENGLISH
    return any(wording.search(question) for wording in wordings)
