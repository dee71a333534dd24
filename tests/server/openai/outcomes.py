from server.wire.outcome import AnswerOut, CitationOut, ClaimOut

BASE = "http://archive.example:8000"


def cited(quote, number=1, published="2019-04-24", title="A visit"):
    return CitationOut(
        document_id=f"doc{number}",
        title=title,
        source=f"/archive/{number}.txt",
        published=published,
        start=10,
        end=10 + max(1, len(quote)),
        quote=quote or "x",
        shown=quote or "x",
        permalink=f"/documents/doc{number}?hash=ab&span=10-{10 + max(1, len(quote))}",
    )


COMMON = {
    "question": "When?",
    "standalone_question": None,
    "as_of": None,
    "generation": "1",
    "models": {},
    "timings_ms": {},
}


def answered(*texts, sure=True, conflict=False, short=None, context=(), question="When?"):
    return AnswerOut(
        **COMMON | {"question": question},
        sure=sure,
        short_answer=cited(short) if short else None,
        counted=None,
        conflict=conflict,
        claims=[
            ClaimOut(
                text=text,
                shown=text,
                support=0.9,
                footnotes=[n],
                context=[cited(c) for c in context],
            )
            for n, text in enumerate(texts, start=1)
        ],
        citations=[cited(text, n) for n, text in enumerate(texts, start=1)],
    )
