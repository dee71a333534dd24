from eval.records import ClaimRecord
from eval.report.questions import group_questions
from tests.eval import run_cases


def test_the_surest_mistakes_come_first():
    records = [
        run_cases.question(
            id=str(score), decision_score=score, measures={"answer.first_right": 0.0}
        )
        for score in (0.6, 0.9, 0.7)
    ]
    [group] = group_questions(records, mode="answers")
    assert [view.record.decision_score for view in group.questions] == [0.9, 0.7, 0.6]
    assert [view.number for view in group.questions] == [2, 3, 1]


def test_each_stage_says_where_the_first_gold_document_stood():
    record = run_cases.question(
        rankings={
            "dense": ["a", "b", "2021-03-02-harbour-board.txt"],
            "lexical": ["a", "b"],
            "reranked": ["2021-03-02-harbour-board.txt"],
        }
    )
    [group] = group_questions([record], mode="answers")
    stages = {stage.stage: stage.rank for stage in group.questions[0].stages}
    assert stages == {"dense": 3, "lexical": None, "reranked": 1}


def test_notes_are_numbered_through_the_answer():
    one, other = (run_cases.sentence(fact) for fact in run_cases.FACTS[:2])
    record = run_cases.question(
        claims=[
            ClaimRecord(text="First.", support=0.9, citations=[one, other]),
            ClaimRecord(text="Second.", support=0.8, citations=[other]),
        ]
    )
    [group] = group_questions([record], mode="answers")
    view = group.questions[0]
    assert [numbers for _, numbers in view.claims] == [(1, 2), (3,)]
    assert [note.document for note in view.notes] == [one.document, other.document, other.document]
