import pytest

from rag.text.language import is_chinese
from server.wire.notes import reads_chinese


@pytest.mark.parametrize(
    "question", ["Who is 李勇?", "谁是 LI Yong？", "李勇是谁？", "Who?", "ab中"]
)
def test_notes_are_in_the_language_that_explanations_are_in(question):
    assert reads_chinese(question) == is_chinese(question)
