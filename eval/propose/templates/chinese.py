"""Templates for Chinese: offices, dates, numbers, definitions.

A Chinese question keeps the order of its statement, so most templates put the question
word in place of the answer. A sentence whose subject is left out or refers back (该, 其,
"the office") is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from eval.propose.templates.sentence import DATE, Sentence, SentenceQuestion

_HAN = "\u3400-\u9fff"
_ROLE = re.compile(
    "(?:常务|执行|联合)?副?(?:总干事|总经理|总裁|主席|会长|理事长|秘书长|主任|院长|校长|部长|局长|市长|省长|县长"
    "|区长|董事长|行长|首席执行官|总理|总统|首相|外长|大使|馆长|所长|社长|司长|厅长|创始人|书记|CEO|特使)"
)
_OFFICE = re.compile(rf"(?P<former>原|前)?(?P<role>{_ROLE.pattern})(?=[\u4e00-\u9fff]{{2}})")
# Words that begin like a name: their first character is a surname, too.
_NO_NAME = (
    "宣布",
    "管理",
    "计划",
    "经理",
    "经济",
    "支持",
    "高级",
    "全面",
    "安全",
    "方面",
    "任期",
    "任命",
    "和",
)
_SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦"
    "马苗凤花方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵"
    "汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高"
    "夏蔡田樊胡凌霍虞万支柯管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸左石崔吉龚程嵇邢裴陆荣翁荀羊惠甄曲封芮"
    "储靳段焦巴牧山谷车侯宓蓬全班仰秋仲伊宫宁仇栾甘厉戎祖武符刘景詹束龙叶幸司黎薄印宿白怀蒲邰从鄂索咸籍赖"
    "卓蔺屠蒙池乔阴闻党翟谭贡劳姬申扶堵冉宰雍桑桂牛寿通边扈燕冀温庄晏柴瞿阎充慕连茹习艾鱼容向古易慎戈廖庾"
    "终暨居衡步都耿满弘匡国文寇广禄阙东欧利师巩聂关荆游权盖益桓公肖覃闫"
)
# What follows a name. Whole words where one character may belong to the name (李克强).
_AFTER_NAME = re.compile(
    '[在说与和及等对就于为是的以曾也则还将率同向称、，。；：（）“”"！？\\s]|强调|表示|指出|介绍|参加|参与|出席|会见'
    "|宣布|认为|致|发表|主持|获|带领|批准|代表|接受|透露|共同|一行|分别|到|$"
)
_LEADS = re.compile(
    "^(?:其中包括|包括|揭露|以及|会见了?|邀请|来自|据|经|由|时任|现任|随后|当天|当日|近日|日前|今天|昨天|对|与|和|同|向|在|是|让|被)"
)
_NOT_IN_NAME = re.compile(
    f"[了说是被把将为让使给{DATE}]|表示|认为|会见|批准|宣布|获得|担任|来自|他|她|它|其|该|此|本|这|那"
)

_SPACED = re.compile(rf"(?<=[{_HAN}”》]) +(?=[{_HAN}“《])|^ +")
_CLAUSE = re.compile("[^，。；：！？\n]+")
_ASIDES = re.compile("（[^（）]*）|\\([^()]*\\)")
_NO_SUBJECT = re.compile(
    "^(?:据|在|对|从|为|由|当|经|随|目前|其|此|同|下午|上午|双方|会谈|除|通过|一|如|因|虽|但|而|且|并|也|还|已|将|可|不"
    "|有|是|来自|年底|他|她|它|这|那|该|本|我|你|主办|办公室|公司|会议|活动|大会|与会|代表|项目|企业|产品|中心|网络"
    "|内容|今年|去年|以来|截至|至今|最|更|共|约|超过|近|只|都|就|才|又|再|后|前|之|于|以|按|根据|不过|然而|另|每|各|两"
    "|三|四|五|双|全|总|用|让|使|把|被|给|向|到|所|与|和|及|或|期间|届时|专家|记者|官方|研究|用户|消费者|最终|比赛)"
)
_POINTS_BACK = re.compile(
    "[他她它其该此这那]|我们|你们|双方|本次|本届|本报|上述|前者|后者|同一|当天|当日|当年|今年|去年|明年"
)
_NUMBER = re.compile(
    r"(?<![第\d.\-])(?<!现代)(?P<answer>\d[\d,.]*[万亿千百]*[多余]?|[二三四五六七八九十百千万两][一二三四五六七八九十百千万]*[多余]?)"
    r"(?P<measure>个(?!月|百分点)|位|名|家|项|所|座|种|人次|人(?!民|工|才|员|类|们|物|口)|件|辆|台|套|份|部|万?美元|万?欧元|亿?元)"
)
_OPEN_END = re.compile("(?:后|时|中|前|期间|之际|宣布|公布|表示|决定|要求|称|指出|报道|只|的)$")
_FOUNDED = re.compile(
    f"^(?P<subject>(?:[^，。；：（]|（[^）]*）){{2,40}}?)(?:正式)?(?P<verb>成立|创立|创办|始建|创建|建立|诞生|出生)于(?P<date>{DATE}+)"
)
_ON_DATE = re.compile(
    f'^(?:[^，。]{{1,4}}，)?(?P<date>{DATE}+)，?(?P<clause>[{_HAN}A-Z“《"][^，。；：！？]{{7,60}})(?P<end>[，。；！？]|$)'
)
_HELD = re.compile(
    "^(?:以[^，。]{2,40}为主题的)?(?P<subject>[^，。；：]{3,36}?)(?:将|已)?在(?P<place>[\u4e00-\u9fff]{2,7}?)"
    "(?:正式|顺利|成功|隆重)?(?P<verb>举行|召开|开幕|举办|落幕|闭幕|成立)(?=[，。；！？]|$)"
)
_DEFINED = re.compile(
    "(?:^|[，。；：])(?P<subject>[^，。；：的自]{2,8}?)(?:就是|是指|指的是)(?P<answer>[^。；！？]{8,80})"
)
_SHORT_NAME = re.compile(
    rf"(?:^|[，。；：、“\s—])(?P<long>[{_HAN}]{{4,25}})（(?:英文)?(?:简称|缩写)?(?:为)?(?P<short>[A-Z][A-Za-z]*[A-Z])[，）、]"
)


def ask_chinese(sentence: Sentence, text: str) -> Iterator[SentenceQuestion]:
    """Questions that a Chinese sentence of the document ``text`` answers."""
    yield from _offices(sentence, text)
    yield from _dates(sentence)
    yield from _numbers(sentence)
    yield from _definitions(sentence)


def _ask(
    sentence: Sentence, span: tuple[int, int], question: str, kind: str, quality: float
) -> SentenceQuestion:
    start, end = span
    return SentenceQuestion(
        question=_SPACED.sub("", question),
        type=kind,
        answer_text=sentence.text[start:end],
        answer=sentence.source(start, end),
        evidence=sentence.evidence(0, len(sentence.text)),
        quality=quality,
    )


def _is_whole(clause: str) -> bool:
    """Whether a clause has a subject that stands for itself."""
    if _NO_SUBJECT.match(clause) or _POINTS_BACK.search(clause) or clause[:1] in "的—-":
        return False
    marks = (("“", "”"), ("《", "》"), ("（", "）"))
    if any(clause.count(one) != clause.count(other) for one, other in marks):
        return False
    return 6 <= len(clause) <= 60


# --- Offices -----------------------------------------------------------------------


def _offices(sentence: Sentence, text: str) -> Iterator[SentenceQuestion]:
    for match in _OFFICE.finditer(sentence.masked):
        name = _name(sentence.text[match.end() : match.end() + 6], text)
        body = _body_before(sentence.masked[: match.start()])
        if name is None or body is None:
            continue
        start = match.end()
        office = f"{body}{match['former'] or ''}{match['role']}"
        yield SentenceQuestion(
            question=f"{office}是谁？",
            type="factoid_person",
            answer_text=name,
            answer=sentence.source(start, start + len(name)),
            evidence=sentence.evidence(0, len(sentence.text)),
            quality=1.0 - 0.005 * len(office),
            dated="" if match["former"] else f"{DATE}年，{office}是谁？",
            role="" if match["former"] else match["role"],
            entity=body,
        )


def _name(following: str, text: str) -> str | None:
    """The name at the beginning of what follows an office; None where it is unclear."""
    # A dot parts the names of foreigners, which may be of any length.
    if following[:1] not in _SURNAMES or following.startswith(_NO_NAME) or "·" in following:
        return None
    short, long = following[:2], following[:3]
    if _AFTER_NAME.match(following, 2):
        return short
    if text.count(short) > text.count(long):
        # Elsewhere other characters follow: the third is no part of the name.
        return short
    return long if text.count(long) > 1 or _AFTER_NAME.match(following, 3) else None


def _body_before(before: str) -> str | None:
    """The body whose office it is: the run of characters before it, brackets left out."""
    run = re.search(rf"[{_HAN}A-Za-z·]*$", _ASIDES.sub("", before))
    # "Among those present were": a lead of any length.
    body = re.split("的还?有|的是|还有", run[0])[-1] if run else ""
    while lead := _LEADS.match(body):
        body = body[lead.end() :]
    # "The party secretary and mayor": whose offices these are is said further back.
    if _ROLE.search(body) or body.endswith(("在", "的", "和", "与", "及", "兼", "代", "新任")):
        return None
    if not 2 <= len(body) <= 28 or _NOT_IN_NAME.search(body):
        return None
    return body


# --- Dates and numbers -------------------------------------------------------------


def _dates(sentence: Sentence) -> Iterator[SentenceQuestion]:
    for match in _FOUNDED.finditer(sentence.masked):
        subject = _ASIDES.sub("", match["subject"])
        when = _when(sentence.text[slice(*match.span("date"))])
        if _is_whole(f"{subject}{match['verb']}于某年"):
            question = f"{subject}{match['verb']}于{when}？"
            yield _ask(sentence, match.span("date"), question, "factoid_date", 0.95)
    for match in _ON_DATE.finditer(sentence.masked):
        clause = match["clause"]
        when = _when(sentence.text[slice(*match.span("date"))])
        held = _HELD.match(clause)
        # Cut at a comma, a clause is whole only where it says that something was done.
        cut = match["end"] == "，" and "了" not in clause
        if DATE in clause or (held is None and (cut or _OPEN_END.search(clause))):
            continue
        if held is not None and _is_whole(held["subject"] + "举行了活动"):
            subject = _ASIDES.sub("", held["subject"])
            question = f"{subject}是{when}在{held['place']}{held['verb']}的？"
            yield _ask(sentence, match.span("date"), question, "factoid_date", 0.9)
        elif _is_whole(clause):
            # "推出了一款音箱是在哪一天": without 了 it is what is asked about.
            event = re.sub("了(?![解])", "", _ASIDES.sub("", clause), count=1)
            question = f"{event}是在{when}？"
            yield _ask(sentence, match.span("date"), question, "factoid_date", 0.8)


def _when(date: str) -> str:
    if date.endswith("年"):
        return "哪一年"
    return "哪一天" if "日" in date or "号" in date else "什么时候"


def _numbers(sentence: Sentence) -> Iterator[SentenceQuestion]:
    clause = _CLAUSE.match(sentence.masked)
    if clause is None or sentence.text[clause.end() : clause.end() + 1] not in ("。", "：", ""):
        return
    if DATE in clause[0] or not _is_whole(_ASIDES.sub("", clause[0])):
        return
    found = list(_NUMBER.finditer(clause[0]))
    if len(found) != 1 or found[0].start() < 3:
        return
    number = found[0]
    how_many = "几" if number["answer"] in "二三四五六七八九十两" else "多少"
    before, after = clause[0][: number.start()], clause[0][number.end("answer") :]
    question = _ASIDES.sub("", f"{before}{how_many}{after}").rstrip() + "？"
    # With its measure: a lone 三 stands in too many sentences to tell a right answer.
    span = (number.start(), number.end("measure"))
    yield _ask(sentence, span, question, "factoid_number", 0.8)


# --- Definitions -------------------------------------------------------------------


def _definitions(sentence: Sentence) -> Iterator[SentenceQuestion]:
    for match in _DEFINED.finditer(sentence.text):
        if not _NO_SUBJECT.match(match["subject"]) and not _POINTS_BACK.search(match["subject"]):
            question = f"什么是{match['subject'].strip('“”')}？"
            yield _ask(sentence, match.span("answer"), question, "definition", 0.8)
    for match in _SHORT_NAME.finditer(sentence.text):
        start, end = match.span("long")
        while lead := _LEADS.match(sentence.text[start:end]):
            start += lead.end()
        long = sentence.text[start:end]
        if len(long) >= 4 and not _NOT_IN_NAME.search(long):
            found = _ask(
                sentence, (start, end), f"{match['short']}的中文全称是什么？", "definition", 0.7
            )
            yield replace(found, entity=long, alias=match["short"])
