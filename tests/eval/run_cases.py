"""Made-up runs: a manifest, records and a summary that agree with each other.

Everything is drawn from one seeded generator, so the same call gives the same run.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from eval.records import (
    SCHEMA_VERSION,
    ClaimRecord,
    Estimate,
    EvidenceRecord,
    GoldRecord,
    Machine,
    Manifest,
    ModelRecord,
    QuestionRecord,
    QuestionSetRecord,
    SentenceRecord,
    Summary,
    TurnRecord,
)
from eval.runs.folder import Run
from eval.runs.writer import RunWriter

STAGES = ("dense", "lexical", "hybrid", "reranked")
CUTOFFS = (1, 3, 5, 10, 20, 100)
STAGE_SKILL = {"dense": 2.6, "lexical": 2.2, "hybrid": 1.5, "reranked": 0.9}
TIMING_MS = {"encode": 14, "retrieve": 6, "read": 180, "judge": 320, "compose": 2}
MIN_SUPPORT = 0.55

# question, language, type, gold answer, document, before, quote, after
FACTS = (
    (
        "Who chaired the closed session on harbour dredging?",
        "en",
        "factoid_person",
        "Ines Okafor",
        "2021-03-02-harbour-board.txt",
        "The session was closed to the press and lasted most of the afternoon. ",
        "The closed session was chaired by Ines Okafor, who joined the board last spring.",
        " Members agreed to publish a short note, and no vote was taken.",
    ),
    (
        "When was the tidal observatory opened to the public?",
        "en",
        "factoid_date",
        "14 June 1998",
        "observatory-history.md",
        "Work on the tower took six years and two contractors.\n\n",
        "The observatory opened its doors to the public on 14 June 1998.",
        " Entry was free for the first month.",
    ),
    (
        "How many ships called at the northern terminal in its first full year of service?",
        "en",
        "factoid_number",
        "1,204",
        "terminal-annual-report.html",
        "",
        "In its first full year the northern terminal received 1,204 ships, of which a third"
        " carried grain & timber.",
        " The figure for the southern basin was not given.",
    ),
    (
        "新码头是在哪一年开工建设的？",
        "zh",
        "factoid_date",
        "2015年",
        "new-quay-zh.txt",
        "市政府当日公布了工程进度。",
        "新码头于2015年开工建设，历时四年完成。",
        "工程总投资没有对外公布。",
    ),
    (
        "What is a demurrage charge?",
        "en",
        "definition",
        "a fee for keeping a ship beyond the agreed time",
        "glossary.md",
        "Terms are listed in the order in which they appear in the contracts. ",
        "Demurrage is a fee for keeping a ship in port beyond the agreed time.",
        " It is counted by the day.",
    ),
    (
        "Why was the second crane withdrawn from service?",
        "en",
        "reason",
        "a crack in the slewing ring",
        "2019-11-30-crane-notice.txt",
        "Both cranes were inspected in the same week. ",
        "Inspectors found a crack in the slewing ring, and the second crane was withdrawn at once.",
        "",
    ),
)
UNANSWERABLE = (
    ("Who designed the lighthouse on the outer mole?", "unanswerable_near_miss"),
    ("Why did the harbour board refuse the grain contract in 1950?", "unanswerable_false_premise"),
    ("Which football club won the cup that spring?", "unanswerable_off_topic"),
)


def sentence(fact: Sequence[str], **changes) -> SentenceRecord:
    _, _, _, _, document, before, quote, after = fact
    start = 40 + len(before)
    values = {
        "document": document,
        "title": document.rsplit(".", 1)[0].replace("-", " ").capitalize(),
        "source": document,
        "published": document[:10] if document[:4].isdigit() else None,
        "start": start,
        "end": start + len(quote),
        "quote": quote,
        "before": before,
        "after": after,
        "exact": True,
        "in_gold_evidence": True,
        "in_gold_document": True,
    }
    return SentenceRecord(**(values | changes))


def question(**changes) -> QuestionRecord:
    """A rightly answered question about the first fact, unless changed."""
    fact = FACTS[0]
    said = sentence(fact)
    evidence = EvidenceRecord(
        document=said.document, start=said.start, end=said.end, quote=said.quote
    )
    values = {
        "id": "q-1",
        "question": fact[0],
        "history": [],
        "standalone": None,
        "language": fact[1],
        "type": fact[2],
        "attributes": {"type": fact[2]},
        "as_of": None,
        "answerable": True,
        "gold": GoldRecord(
            answers=[fact[3]], match="any", documents=[said.document], evidence=[evidence]
        ),
        "outcome": "answered",
        "reason": None,
        "kind": None,
        "explanation": None,
        "error": None,
        "composer": "quote",
        "selection": None,
        "claims": [ClaimRecord(text=said.quote, support=0.91, citations=[said])],
        "nearest": [],
        "best": said,
        "best_right": True,
        "criterion": "evidence",
        "decision_score": 0.91,
        "features": {},
        "rankings": {stage: [said.document, "glossary.md"] for stage in STAGES},
        "timings_ms": {name: float(ms) for name, ms in TIMING_MS.items()} | {"total": 530.0},
        "tokens": {"context": 812, "answer": 17},
        "measures": {"answer.first_right": 1.0, "answer.contains_gold": 1.0},
    }
    return QuestionRecord.model_validate(values | changes)


def abstained(**changes) -> QuestionRecord:
    """A rightly refused question that nothing in the archive answers, unless changed."""
    values = {
        "id": "q-none",
        "question": UNANSWERABLE[0][0],
        "type": UNANSWERABLE[0][1],
        "answerable": False,
        "gold": GoldRecord(answers=[], match="any", documents=[], evidence=[]),
        "outcome": "abstained",
        "reason": "insufficient_evidence",
        "explanation": "No passage names the lighthouse together with who designed it.",
        "claims": [],
        "nearest": [sentence(FACTS[0], in_gold_evidence=None, in_gold_document=None)],
        "best_right": None,
        "criterion": None,
        "decision_score": 0.21,
        "measures": {"abstention.refused_outright": 1.0},
    }
    return question(**(values | changes))


def failed(**changes) -> QuestionRecord:
    """A question that ended in an error."""
    values = {
        "id": "q-failed",
        "outcome": "failed",
        "error": "the reading model ran out of memory",
        "claims": [],
        "best": None,
        "best_right": None,
        "criterion": None,
        "decision_score": 0.0,
        "rankings": {},
        "timings_ms": {},
        "tokens": {},
        "measures": {},
    }
    return question(**(values | changes))


def questions(n: int, *, seed: int = 7, answerable_share: float = 0.7) -> list[QuestionRecord]:
    """``n`` questions with outcomes of every kind, better scores being right more often."""
    chance = random.Random(seed)
    made = []
    for number in range(n):
        if chance.random() < 0.02:
            made.append(failed(id=f"q-{number:04d}"))
        elif chance.random() < answerable_share:
            made.append(_answerable(number, chance))
        else:
            made.append(_unanswerable(number, chance))
    return made


def _answerable(number: int, chance: random.Random) -> QuestionRecord:
    fact, other = chance.sample(FACTS, 2)
    gold = sentence(fact)
    right = chance.random() < 0.78
    score = round(min(0.99, max(0.02, chance.gauss(0.74 if right else 0.5, 0.17))), 3)
    best = gold if right else sentence(other, in_gold_evidence=False, in_gold_document=False)
    answered = score >= MIN_SUPPORT
    rankings = {stage: _ranking(fact[4], stage, chance) for stage in STAGES}
    history = (
        [
            TurnRecord(role="user", text="What do you know of the harbour?"),
            TurnRecord(
                role="assistant", text="The harbour has two basins and a northern terminal."
            ),
        ]
        if number % 9 == 4
        else []
    )
    claims = [ClaimRecord(text=best.quote, support=score, citations=[best])] if answered else []
    if answered and number % 4 == 0:
        extra = sentence(other, in_gold_evidence=False, in_gold_document=False)
        claims.append(
            ClaimRecord(text=extra.quote, support=round(score - 0.1, 3), citations=[extra])
        )
    measures = _retrieval_measures(fact[4], rankings) | {
        "answer.first_right": float(right) if answered else None,
        "answer.contains_gold": float(right) if answered else None,
        "answer.token_f1": round(chance.uniform(0.3, 0.9), 3) if answered and right else None,
        "citation.precision_evidence": float(right) / len(claims) if answered else None,
        "citation.recall": float(right) if answered else None,
        "citation.exactness": 1.0 if answered else None,
        "citation.sentence_coverage": 1.0 if answered else None,
        "abstention.false_refusal": float(not answered),
    }
    return question(
        id=f"q-{number:04d}",
        question=fact[0],
        history=history,
        standalone=f"{fact[0]} (harbour)" if history else None,
        language=fact[1],
        type=fact[2],
        gold=GoldRecord(
            answers=[fact[3]],
            match="any",
            documents=[fact[4]],
            evidence=[
                EvidenceRecord(document=fact[4], start=gold.start, end=gold.end, quote=gold.quote)
            ],
        ),
        outcome="answered" if answered else "abstained",
        reason=None if answered else "insufficient_evidence",
        explanation=None if answered else "No sentence reaches the support that an answer needs.",
        claims=claims,
        nearest=[] if answered else [best],
        best=best,
        best_right=right,
        decision_score=score,
        rankings=rankings,
        timings_ms=_timings(chance),
        measures=measures,
    )


def _unanswerable(number: int, chance: random.Random) -> QuestionRecord:
    text, kind = chance.choice(UNANSWERABLE)
    near = sentence(chance.choice(FACTS), in_gold_evidence=False, in_gold_document=False)
    score = round(min(0.95, max(0.01, chance.gauss(0.38, 0.17))), 3)
    answered = score >= MIN_SUPPORT
    return abstained(
        id=f"q-{number:04d}",
        question=text,
        type=kind,
        outcome="answered" if answered else "abstained",
        reason=None if answered else "insufficient_evidence",
        explanation=None if answered else "No sentence reaches the support that an answer needs.",
        claims=[ClaimRecord(text=near.quote, support=score, citations=[near])] if answered else [],
        nearest=[] if answered else [near],
        best=near,
        decision_score=score,
        timings_ms=_timings(chance),
        measures={"abstention.refused_outright": float(not answered)},
    )


def _ranking(gold: str, stage: str, chance: random.Random) -> list[str]:
    others = [f"other-{number:02d}.txt" for number in range(30)]
    place = int(chance.expovariate(1 / STAGE_SKILL[stage]))
    return [*others[:place], gold, *others[place:]] if place < 30 else others


def _retrieval_measures(gold: str, rankings: dict[str, list[str]]) -> dict[str, float | None]:
    measures: dict[str, float | None] = {}
    for stage, ranking in rankings.items():
        rank = ranking.index(gold) + 1 if gold in ranking else math.inf
        for k in CUTOFFS:
            measures[f"retrieval.{stage}.recall@{k}"] = float(rank <= k)
        measures[f"retrieval.{stage}.ndcg@10"] = 1 / math.log2(rank + 1) if rank <= 10 else 0.0
        measures[f"retrieval.{stage}.mrr@10"] = 1 / rank if rank <= 10 else 0.0
        measures[f"retrieval.{stage}.map"] = 1 / rank
    return measures


def _timings(chance: random.Random) -> dict[str, float]:
    laps = {name: round(ms * chance.lognormvariate(0, 0.35), 2) for name, ms in TIMING_MS.items()}
    return laps | {"total": round(sum(laps.values()) + 1.5, 2)}


def manifest(records: Sequence[QuestionRecord] = (), **changes) -> Manifest:
    values = {
        "schema_version": SCHEMA_VERSION,
        "identity": "5f" * 32,
        "footnote": "0.1.0",
        "commit": "0123456789ab",
        "code": "c0" * 32,
        "mode": "answers",
        "questions": QuestionSetRecord(
            name="harbour",
            kind="questions",
            sha256="ab" * 32,
            documents=18,
            questions=len(records),
            selected=len(records),
            filters={},
            limit=None,
            sample=None,
            ignored_fields={},
            left_out={},
        ),
        "settings": {"answer.min_support": MIN_SUPPORT, "answer.passages": 4, "retrieve.k": 60},
        "models": {
            "encoder": ModelRecord(name="small-encoder", revision="c9745ed1d9f207416be6"),
            "reading": ModelRecord(name="small-reading", revision="ce0834f22110de6d9222"),
        },
        "prompts": [],
        "packages": {"numpy": "2.4.0", "torch": "2.13.0"},
        "seed": 20161,
        "machine": Machine(
            processor="Example CPU",
            cores=2,
            memory_gib=7.8,
            system="Linux 6.1",
            python="3.11.9",
        ),
        "started": "2025-01-15T09:30:00+00:00",
    }
    return Manifest.model_validate(values | changes)


def summary(records: Sequence[QuestionRecord], **changes) -> Summary:
    """What the records come to: means with a normal interval, good enough to show."""
    asked = [record for record in records if record.outcome != "failed"]
    answered = [record for record in asked if record.outcome == "answered"]
    wrong = [record for record in answered if not (record.answerable and record.best_right)]
    kinds = sorted({record.type for record in records})
    stages = list(dict.fromkeys(stage for record in asked for stage in record.timings_ms))
    values = {
        "schema_version": SCHEMA_VERSION,
        "identity": "5f" * 32,
        "asked": len(records),
        "failed": len(records) - len(asked),
        "answerable": sum(record.answerable for record in records),
        "unanswerable": sum(not record.answerable for record in records),
        "metrics": _estimates(asked),
        "types": {kind: _estimates([r for r in asked if r.type == kind]) for kind in kinds},
        "latency_ms": {
            stage: _percentiles(r.timings_ms[stage] for r in asked if stage in r.timings_ms)
            for stage in stages
        },
        "tokens": {
            "context": sum(r.tokens.get("context", 0) for r in asked),
            "answer": 17 * len(answered),
        },
        "peak_memory_mib": 1432.5,
        "ingest_seconds": 12.25,
        "seconds": 0.53 * len(records),
        "operating_point": {
            "min_support": MIN_SUPPORT,
            "coverage": len(answered) / len(asked) if asked else None,
            "risk": len(wrong) / len(answered) if answered else None,
        },
        "finished": "2025-01-15T09:31:00+00:00",
    }
    return Summary.model_validate(values | changes)


def _estimates(records: Sequence[QuestionRecord]) -> dict[str, Estimate]:
    names = dict.fromkeys(name for record in records for name in record.measures)
    return {
        name: estimate([r.measures[name] for r in records if r.measures.get(name) is not None])
        for name in names
    }


def estimate(values: Sequence[float | None]) -> Estimate:
    known = [value for value in values if value is not None]
    if not known:
        return Estimate(value=None, low=None, high=None, n=0)
    mean = sum(known) / len(known)
    margin = 1.96 * math.sqrt(mean * (1 - mean) / len(known)) if 0 <= mean <= 1 else 0.0
    return Estimate(
        value=mean, low=max(0.0, mean - margin), high=min(1.0, mean + margin), n=len(known)
    )


def _percentiles(values: Iterable[float]) -> dict[str, float]:
    ranked = sorted(values)
    last = len(ranked) - 1
    return {f"p{p}": ranked[round(p / 100 * last)] for p in (50, 95, 99)}


def run(n: int, *, seed: int = 7) -> tuple[Manifest, list[QuestionRecord], Summary]:
    """A whole made-up run of ``n`` questions."""
    records = questions(n, seed=seed)
    return manifest(records), records, summary(records)


def retrieval_run(n: int) -> tuple[Manifest, list[QuestionRecord], Summary]:
    """A run that only ranked documents: no answers, no support score."""
    records = [
        record.model_copy(
            update={
                "outcome": "abstained",
                "claims": [],
                "nearest": [],
                "reason": None,
                "explanation": None,
                "best": None,
                "best_right": None,
                "criterion": None,
                "decision_score": 0.0,
                "measures": {
                    name: value
                    for name, value in record.measures.items()
                    if name.startswith("retrieval.")
                },
            }
        )
        for record in questions(n)
        if record.outcome != "failed"
    ]
    point = {"min_support": None, "coverage": None, "risk": None}
    return (
        manifest(records, mode="retrieval"),
        records,
        summary(records, operating_point=point),
    )


def written(folder, records, *, finish=True, **changes):
    """The folder of a run as RunWriter writes it."""
    writer = RunWriter(folder, manifest(records, **changes))
    for record in records:
        writer.add(record)
    if finish:
        writer.finish(summary(records))
    writer.close()
    return folder


def run_of(records, **changes):
    """A finished run of these records."""
    return Run(Path("run"), manifest(records, **changes), tuple(records), summary(records))


def case(number, *, right, score=0.9, kind="factoid_person"):
    measures = {
        "answer.first_right": float(right),
        "answer.precision": float(right),
        "abstention.false_refusal": 0.0,
        "citation.exactness": 1.0,
        "citation.sentence_coverage": 1.0,
    }
    return question(
        id=f"q{number}", type=kind, best_right=right, decision_score=score, measures=measures
    )


def cases(rights):
    return [case(number, right=right) for number, right in enumerate(rights)]
