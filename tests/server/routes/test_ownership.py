import pytest

from rag.errors import UnknownConversationError, UnknownTurnError
from rag.types import Question
from server.http.security import Caller
from server.routes.ownership import conversation_of, turn_of

OTHER = Caller("another", "read")


def test_another_keys_conversation_looks_like_one_that_does_not_exist(quick, tmp_path):
    (tmp_path / "heron.txt").write_text("The heron nests in March.", encoding="utf-8")
    with quick() as assistant:
        assistant.ingest(tmp_path / "heron.txt")
        turn = assistant.converse(Question("When?"), conversation_id=None, owner="owner")
        for look, known, error in (
            (conversation_of, turn.conversation_id, UnknownConversationError),
            (turn_of, turn.id, UnknownTurnError),
        ):
            said = []
            for wanted in (known, "x" * len(known)):
                with pytest.raises(error) as raised:
                    look(assistant.journal, wanted, OTHER)
                said.append((raised.value.detail.replace(wanted, "ID"), raised.value.remedy))
            assert said[0] == said[1]
        assert turn_of(assistant.journal, turn.id, Caller("owner", "read")).id == turn.id
        assert turn_of(assistant.journal, turn.id, Caller("boss", "admin")).id == turn.id
