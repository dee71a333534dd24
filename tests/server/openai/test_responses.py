import openai
import pytest

from tests.server.openai.client import (
    FOLLOW_UP,
    VISIT,
    check_annotations,
    connected,
    quickly_served,
    user,
)


def test_a_response_holds_the_look_up_and_a_message_with_flat_annotations(client, visit):
    response = client.responses.create(
        model="footnote",
        input=VISIT,
        instructions="Answer as a pirate.",
        include=["file_search_call.results"],
        metadata={"case": "7"},
    )
    call, message = response.output
    assert call.queries == [VISIT]
    assert [result.score for result in call.results] == sorted(
        (result.score for result in call.results), reverse=True
    )
    for result in call.results:
        assert len(result.attributes) <= 16
        assert all(len(value) <= 512 for value in result.attributes.values())
    assert call.results[0].attributes["date"] == "2019-04-24"
    assert response.output_text == visit.choices[0].message.content
    annotations = message.content[0].annotations
    urls = [each for each in annotations if each.type == "url_citation"]
    check_annotations(response.output_text, urls, response.footnote["citations"])
    files = [each for each in annotations if each.type == "file_citation"]
    assert [each.index for each in files] == [each.start_index for each in urls]
    assert "huawei" in files[0].filename
    assert response.usage.output_tokens == visit.usage.completion_tokens
    assert (response.status, response.metadata) == ("completed", {"case": "7"})


def test_results_are_only_told_when_asked_for(client):
    call, _ = client.responses.create(model="footnote", input=VISIT, store=False).output
    assert call.results is None


def test_a_response_is_gone_on_from_by_its_id(client):
    first = client.responses.create(model="footnote", input=VISIT)
    then = client.responses.create(model="footnote", input=FOLLOW_UP, previous_response_id=first.id)
    assert "Huawei" in then.footnote["standalone_question"]
    assert then.footnote["conversation_id"] == first.footnote["conversation_id"]
    assert then.output[0].queries == [then.footnote["standalone_question"]]
    # From the first again: what the other said is not before this one.
    beside = client.responses.create(
        model="footnote", input=FOLLOW_UP, previous_response_id=first.id
    )
    assert beside.footnote["standalone_question"] == then.footnote["standalone_question"]
    assert beside.footnote["conversation_id"] != first.footnote["conversation_id"]


def test_a_stored_response_is_read_again_and_another_is_not_found(client):
    made = client.responses.create(model="footnote", input=VISIT)
    read = client.responses.retrieve(made.id)
    assert read.output_text == made.output_text
    assert read.output[1] == made.output[1]
    kept = client.responses.create(model="footnote", input=VISIT, store=False)
    assert kept.output_text == made.output_text
    for missing in (kept.id, "resp_x"):
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(missing)
        with pytest.raises(openai.NotFoundError):
            client.responses.create(model="footnote", input=FOLLOW_UP, previous_response_id=missing)


def test_the_output_of_a_response_can_be_sent_back_as_input(client):
    first = client.responses.create(model="footnote", input=VISIT, store=False)
    sent = [user(VISIT), *(item.model_dump() for item in first.output), user(FOLLOW_UP)]
    then = client.responses.create(model="footnote", input=sent, store=False)
    assert "Huawei" in then.footnote["standalone_question"]


def test_the_events_of_a_response_build_up_the_same_response(client):
    whole = client.responses.create(model="footnote", input=VISIT, store=False)
    with client.responses.stream(model="footnote", input=VISIT, store=False) as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    deltas = [event for event in events if event.type == "response.output_text.delta"]
    assert "".join(event.delta for event in deltas) == deltas[-1].snapshot == whole.output_text
    added = [
        event.annotation
        for event in events
        if event.type == "response.output_text.annotation.added"
    ]
    told = [each.model_dump() for each in whole.output[1].content[0].annotations]
    assert [each if isinstance(each, dict) else each.model_dump() for each in added] == told
    assert final.output_text == whole.output_text


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": []}, "input"),
        ({"input": [{"content": "Who?"}]}, "input[0]"),
        ({"input": [user([{"type": "input_image", "image_url": "u"}])]}, "input[0].content[0]"),
        ({"input": 7}, "input"),
        ({"store": "no"}, "store"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format"),
        ({"metadata": {"a": 1}}, "metadata"),
    ],
)
def test_every_wrong_response_request_is_refused_by_name(client, change, param):
    body = {"model": "footnote", "input": VISIT} | change
    with pytest.raises(openai.BadRequestError) as refused:
        client.post("/responses", body=body, cast_to=object)
    assert refused.value.param.startswith(param)


def test_a_key_does_not_read_what_another_key_asked(tmp_path, settings):
    with quickly_served(tmp_path, settings) as served:
        keys = [served.assistant.journal.add_key(name, "read").secret for name in ("a", "b")]
        mine, other = (connected(served.url, key) for key in keys)
        with mine, other:
            made = mine.responses.create(model="footnote", input="When was LI Yong at Huawei?")
            assert mine.responses.retrieve(made.id).id == made.id
            with pytest.raises(openai.NotFoundError):
                other.responses.retrieve(made.id)
