import io
import json

import pytest
from rich.console import Console

from eval.errors import EvalError, QuestionSetError
from eval.propose.proposals import Evidence, Proposal
from eval.propose.review import review
from rag.types import Span

QUOTE = "Per Lunde, Mayor of Halden, cut the ribbon."


def proposal(number=1, **changes):
    fields = {
        "id": f"person-{number}",
        "question": f"Who is mayor number {number}?",
        "language": "en",
        "type": "factoid_person",
        "answerable": True,
        "gold_evidence": (Evidence("a.txt", 7, 7 + len(QUOTE), QUOTE),),
        "answers": ("Per Lunde",),
        "derived": (),
        "document": "a.txt",
        "title": "A fair",
        "shown": f"Before {QUOTE} After",
        "evidence": Span(7, 7 + len(QUOTE)),
        "answer": Span(7, 16),
    }
    return Proposal(**(fields | changes))


def near_miss(number=9):
    return proposal(
        number,
        type="unanswerable_near_miss",
        answerable=False,
        gold_evidence=(),
        answers=(),
        evidence=Span(0, 0),
        answer=Span(0, 0),
    )


class Reviewer:
    """Types the given lines, then ends the input; keeps what is on the screen."""

    def __init__(self, *lines):
        self._lines = iter(lines)
        self._screen = io.StringIO()
        self.console = Console(file=self._screen, width=200, color_system=None)

    def ask(self, prompt):
        line = next(self._lines, None)
        if line is None:
            raise EOFError
        if isinstance(line, type):
            raise line
        return line

    @property
    def screen(self):
        return self._screen.getvalue()


def judge(out, proposals, *lines, **options):
    reviewer = Reviewer(*lines)
    report = review(proposals, out, console=reviewer.console, ask=reviewer.ask, **options)
    return report, reviewer.screen


def rows(out):
    return [json.loads(line) for line in out.read_text("utf-8").split("\n") if line]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "sets" / "mine.jsonl"


def test_accepted_questions_are_written_and_skipped_ones_are_not(out):
    report, _ = judge(out, [proposal(1), proposal(2), proposal(3)], "a", "s", "a")
    assert [row["id"] for row in rows(out)] == ["person-1", "person-3"]
    assert rows(out)[0] == proposal(1).row()
    assert (report.accepted, report.skipped) == (2, 1)


def test_what_was_judged_before_is_not_shown_again(out):
    judge(out, [proposal(1), proposal(2), proposal(3)], "a", "s", "q")
    report, screen = judge(out, [proposal(1), proposal(2), proposal(3)], "a")
    assert "number 3?" in screen
    assert "number 1?" not in screen
    assert "number 2?" not in screen
    assert (report.known, report.accepted) == (2, 1)


def test_a_question_already_in_the_file_under_another_id_is_not_shown(out):
    out.parent.mkdir()
    out.write_text('{"id": "mine", "question": "who is  mayor number 1?"}')
    report, _ = judge(out, [proposal(1), proposal(2)], "a")
    assert report.known == 1
    assert [row["id"] for row in rows(out)] == ["mine", "person-2"]


@pytest.mark.parametrize("stop", ["q", EOFError, KeyboardInterrupt])
def test_stopping_keeps_all_that_was_accepted_and_judges_nothing_else(out, stop):
    judge(out, [proposal(1), proposal(2)], "a", stop)
    assert [row["id"] for row in rows(out)] == ["person-1"]
    assert not out.with_name("mine.jsonl.skipped").exists()


def test_each_accepted_question_is_on_disk_before_the_next_is_asked(out):
    seen = []

    def ask(prompt):
        seen.append(len(rows(out)) if out.exists() else 0)
        return "a"

    review([proposal(1), proposal(2), proposal(3)], out, console=Reviewer().console, ask=ask)
    assert seen == [0, 1, 2]


def test_an_edited_question_is_written_as_edited_under_the_same_id(out):
    judge(out, [proposal(1)], "e", "  Who governs\tHalden? ", "a")
    assert rows(out)[0]["question"] == "Who governs Halden?"
    assert rows(out)[0]["id"] == "person-1"


def test_an_answer_that_the_evidence_does_not_quote_becomes_derived(out):
    _, screen = judge(out, [proposal(1)], "w", "per lunde | Mayor Lunde", "a")
    assert rows(out)[0]["answers"] == ["per lunde", "Mayor Lunde"]
    assert rows(out)[0]["derived"] == ["Mayor Lunde"]
    assert "none of these answers" not in screen


def test_it_is_said_when_the_evidence_quotes_no_answer(out):
    _, screen = judge(out, [proposal(1)], "w", "Ida Moe", "s")
    assert "None of these answers is in the evidence" in screen


def test_an_empty_edit_changes_nothing(out):
    judge(out, [proposal(1)], "e", "", "w", " | ", "a")
    assert rows(out) == [proposal(1).row()]


def test_an_unknown_key_asks_again(out):
    report, screen = judge(out, [proposal(1)], "x", "", "a")
    assert "Not a key: x" in screen
    assert report.accepted == 1


def test_a_question_without_answer_is_flagged_and_stays_without(out):
    _, screen = judge(out, [near_miss()], "w", "a")
    assert "check the archive yourself before you accept" in screen
    assert rows(out)[0]["answers"] == []
    assert rows(out)[0]["answerable"] is False


def test_at_most_the_limit_is_shown_and_known_ones_do_not_count(out):
    proposals = [proposal(n) for n in range(1, 5)]
    first, _ = judge(out, proposals, "a", "s", "a", limit=2)
    assert (first.accepted, first.skipped) == (1, 1)
    second, _ = judge(out, proposals, "a", "a", limit=2)
    assert (second.accepted, second.known) == (2, 2)


def test_accepting_all_asks_nothing(out):
    _, screen = judge(out, [proposal(1), near_miss(2)], accept_all=True)
    assert [row["id"] for row in rows(out)] == ["person-1", "person-2"]
    assert screen == ""


def test_evidence_is_shown_with_document_context_and_further_documents(out):
    pieces = tuple(Evidence(f"{name}.txt", 0, len(QUOTE), QUOTE) for name in "abcdefg")
    _, screen = judge(out, [proposal(1, gold_evidence=pieces)], "s")
    assert "A fair (a.txt)" in screen
    assert f"… Before {QUOTE} After …" in screen
    assert "also in b.txt, c.txt, d.txt, e.txt and 2 more" in screen
    assert "= Per Lunde" in screen


def test_text_of_documents_is_neither_markup_nor_control_characters(out):
    evil = "\x1b[31m[bold]Per Lunde[/bold]\x07"
    _, screen = judge(
        out,
        [proposal(1, title=evil, shown=evil, evidence=Span(0, 5), answer=Span(0, 5))],
        "s",
    )
    assert "\x1b" not in screen
    assert "\x07" not in screen
    assert "[bold]Per Lunde[/bold]" in screen


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0c", "\x1c"])
def test_every_question_is_one_line_however_lines_are_counted(out, mark):
    odd = f"Per{mark}Lunde"
    piece = Evidence("a.txt", 0, len(odd), odd)
    judge(out, [proposal(1, gold_evidence=(piece,), answers=(odd,))], "a")
    (line,) = out.read_text("utf-8").splitlines()
    assert json.loads(line)["answers"] == [odd]


@pytest.mark.parametrize("line", ["{", "[]", "3", '{"question": "?"}'])
def test_a_file_that_holds_no_questions_is_refused_by_name_and_line(out, line):
    out.parent.mkdir()
    out.write_text(f'{{"id": "a", "question": "b"}}\n{line}\n')
    with pytest.raises(QuestionSetError, match=r"mine\.jsonl, question 2 is not a JSON object"):
        judge(out, [proposal(1)], "a")


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EvalError, match="cannot be"):
        judge(tmp_path / "file" / "mine.jsonl", [proposal(1)], "a")
