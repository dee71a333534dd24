"""Documents of a few sentences, and what is proposed about them."""

from eval.propose.proposals import propose_questions
from rag.read.reader import read_document

# Enough text that one more sentence is recognised as English.
FILLER = "\n\nThis is what they said of it, and that was the end of the matter for all of us.\n"


def document(text, name="note.txt"):
    return read_document(name, (text + FILLER).encode())


def asked(*texts):
    """Question to answers, of documents that hold a text each."""
    documents = [document(text, f"{n}.txt") for n, text in enumerate(texts)]
    return {p.question: p.answers for p in propose_questions(documents) if p.answerable}
