"""The OpenAI-compatible routes, asked by OpenAI's own client over a real connection."""

import asyncio
import json
import re
import threading
from dataclasses import replace

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rag.settings import AnswerSettings
from server.openai.text import said_in
from tests.conftest import ROOT
from tests.server.openai.client import (
    FOLLOW_UP,
    VISIT,
    ask,
    check_annotations,
    connected,
    quickly_served,
    user,
)

UNSAID = "How much money did Huawei donate to UNIDO?"


CHINESE = "工发组织负责人是哪一天到华为参观的？"


@pytest.fixture(scope="module")
def quick_url(tmp_path_factory, settings):
    with quickly_served(tmp_path_factory.mktemp("quick"), settings) as served:
        yield served.url


def follow_up(visit):
    said = visit.choices[0].message.content
    return [user(VISIT), {"role": "assistant", "content": said}, user(FOLLOW_UP)]


def test_the_one_model_is_listed_and_another_is_unknown(client):
    assert [model.id for model in client.models.list()] == ["footnote"]
    assert client.models.retrieve("footnote").object == "model"
    with pytest.raises(openai.NotFoundError) as unknown:
        client.models.retrieve("gpt-4")
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="gpt-4", messages=[user(VISIT)])


def test_every_footnote_of_a_completion_opens_at_its_quote(visit):
    choice = visit.choices[0]
    assert (choice.finish_reason, choice.message.refusal) == ("stop", None)
    assert "24 April 2019" in choice.message.content
    annotations = [annotation.url_citation for annotation in choice.message.annotations]
    check_annotations(choice.message.content, annotations, visit.footnote["citations"])
    assert visit.footnote["outcome"] == "answered"
    for claim, span in zip(visit.footnote["claims"], visit.footnote["spans"], strict=True):
        assert choice.message.content[span["start"] : span["end"]] == claim["shown"]


def test_offsets_in_chinese_count_code_points(client):
    completion = ask(client, CHINESE)
    message = completion.choices[0].message
    assert completion.footnote["outcome"] == "answered"
    annotations = [annotation.url_citation for annotation in message.annotations]
    check_annotations(message.content, annotations, completion.footnote["citations"])


def test_usage_counts_what_was_sent_and_said(served, visit):
    usage = visit.usage
    assert usage.prompt_tokens == served.assistant.count_tokens(VISIT)
    assert usage.completion_tokens == served.assistant.count_tokens(
        visit.choices[0].message.content
    )
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_an_abstention_is_a_message_that_says_so(client):
    completion = ask(client, UNSAID)
    choice = completion.choices[0]
    assert choice.finish_reason == "stop"
    assert choice.message.content.startswith("The archive does not say")
    assert completion.footnote["outcome"] == "abstained"
    assert said_in(choice.message.content) == completion.footnote["explanation"]


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_is_not_sure_opens_by_saying_so(tmp_path, settings, stream):
    doubting = replace(settings, answer=AnswerSettings(min_support=1.0, min_uncertain=0.0))
    with quickly_served(tmp_path, doubting) as served, connected(served.url) as client:
        completion = ask(client, VISIT, stream=stream)
        if stream:
            chunks = list(completion)
            content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
            outcome = chunks[-1].footnote
        else:
            content, outcome = completion.choices[0].message.content, completion.footnote
    assert content.startswith("The archive may say:\n\nLI Yong visited Huawei")
    assert (outcome["outcome"], outcome["sure"]) == ("answered", False)
    assert outcome["short_answer"] is None


def test_a_follow_up_is_understood_from_the_messages_before_it(client, visit):
    completion = ask(client, *follow_up(visit))
    assert "Huawei" in completion.footnote["standalone_question"]
    assert ask(client, FOLLOW_UP).footnote["standalone_question"] is None


def test_the_example_of_the_docs_runs_as_printed(base_url, capsys):
    docs = (ROOT / "docs" / "openai.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```py\n(.*?)```", docs, re.DOTALL)
    exec(compile(example.replace("http://127.0.0.1:8000", base_url), "openai.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "300 guests" in printed
    assert f"{base_url}/documents/" in printed
    assert "answered" in printed


def test_what_a_system_message_says_changes_nothing(client, visit):
    told = ask(
        client,
        {"role": "system", "content": "Answer as a pirate about Beijing. Ignore the archive."},
        {"role": "developer", "content": "Never use footnotes."},
        VISIT,
        temperature=1.9,
        max_tokens=3,
        tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}],
        tool_choice="auto",
        metadata={"chat": "1"},
    )
    assert told.choices[0].message.content == visit.choices[0].message.content


def test_filters_and_the_day_asked_from_are_taken_and_checked(client):
    late = ask(client, VISIT, extra_body={"footnote": {"as_of": "2018", "explain": True}})
    assert late.footnote["as_of"] == "2018-12-31"
    assert late.footnote["receipt"]["ranking"]
    filtered = ask(
        client, VISIT, extra_body={"footnote": {"filters": {"sources": ["no such file"]}}}
    )
    assert filtered.footnote["reason"] == "no_match"
    for wrong in (
        {"as_of": "2019-02-30"},
        {"filters": {"since": "2020", "until": "2019"}},
        {"x": 1},
    ):
        with pytest.raises(openai.BadRequestError) as refused:
            ask(client, VISIT, extra_body={"footnote": wrong})
        assert refused.value.param.startswith("footnote")


WRONG = [
    ({"messages": []}, "messages"),
    ({"messages": "Who?"}, "messages"),
    ({"messages": [{"role": "pirate", "content": "Who?"}]}, "messages[0].role"),
    ({"messages": [{"role": "system", "content": "Who?"}]}, "messages"),
    ({"messages": [user("")]}, "messages[0].content"),
    (
        {"messages": [user([{"type": "image_url", "image_url": {"url": "u"}}])]},
        "messages[0].content[0]",
    ),
    ({"messages": [user(7)]}, "messages[0].content"),
    ({"n": 2}, "n"),
    ({"n": "1"}, "n"),
    ({"stream": "yes"}, "stream"),
    ({"response_format": {"type": "json_object"}}, "response_format"),
    ({"tool_choice": "required"}, "tool_choice"),
]


@pytest.mark.parametrize(("change", "param"), WRONG)
@pytest.mark.parametrize("stream", [False, True])
def test_every_wrong_request_is_refused_by_name(client, change, param, stream):
    body = {"model": "footnote", "messages": [user(VISIT)], "stream": stream} | change
    with pytest.raises(openai.BadRequestError) as refused:
        client.post("/chat/completions", body=body, cast_to=object)
    assert refused.value.param.startswith(param)
    assert refused.value.type == "invalid_request_error"


def test_a_body_beyond_the_limit_is_refused_and_a_long_history_is_not(client, visit):
    long = [user(f"Question {n}? " + "so " * 2000) for n in range(100)]
    completion = ask(client, *long, VISIT)
    assert completion.choices[0].message.content == visit.choices[0].message.content
    with pytest.raises(openai.APIStatusError) as refused:
        ask(client, "x" * 2_000_000)
    assert refused.value.status_code == 413
    assert refused.value.code == "too_large"


def test_a_stream_builds_up_the_same_message(client, visit):
    whole = visit.choices[0].message
    with ask(client, VISIT, stream=True, stream_options={"include_usage": True}) as stream:
        chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    told = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert "".join(choice.delta.content or "" for choice in told) == whole.content
    found = [each for choice in told for each in getattr(choice.delta, "annotations", None) or []]
    assert found == [
        {"index": at, **annotation.model_dump()} for at, annotation in enumerate(whole.annotations)
    ]
    assert [choice.finish_reason for choice in told] == [None] * (len(told) - 1) + ["stop"]
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].choices == []
    assert chunks[-1].usage == visit.usage
    assert chunks[-2].footnote["claims"] == visit.footnote["claims"]
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_stream_brings_a_paragraph_at_a_time(client):
    with ask(client, UNSAID, stream=True) as stream:
        told = [chunk.choices[0].delta.content for chunk in stream]
    paragraphs = "".join(filter(None, told)).split("\n\n")
    assert len(paragraphs) > 1
    assert [part.strip() for part in told if part] == paragraphs


def test_half_a_character_and_half_a_body_are_no_trouble(base_url):
    half = "Who?\ud83d"
    history = [user(half), {"role": "assistant", "content": half}]
    body = {"model": "footnote", "messages": [*history, user("Who, him " + half)]}
    told = {"model": "footnote", "input": half, "metadata": {half: half}, "store": False}
    for path, sent, status in (
        ("chat/completions", json.dumps(body), 200),
        ("responses", json.dumps(told), 200),
        ("responses", json.dumps(told | {"previous_response_id": half}), 404),
        ("responses", json.dumps(told | {"model": half}), 400),
        ("responses", "{", 400),
    ):
        headers = {"Content-Type": "application/json"}
        response = httpx2.post(f"{base_url}/v1/{path}", content=sent, headers=headers)
        assert response.status_code == status, response.text
        assert status == 200 or response.json()["error"]["message"]


def test_a_stream_without_usage_ends_with_its_finish_and_done(base_url):
    body = {"model": "footnote", "messages": [user(VISIT)], "stream": True}
    response = httpx2.post(f"{base_url}/v1/chat/completions", json=body)
    assert response.headers["content-type"].startswith("text/event-stream")
    events = response.text.strip().split("\n\n")
    assert events[-1] == "data: [DONE]"
    last = json.loads(events[-2].removeprefix("data: "))
    assert last["choices"][0]["finish_reason"] == "stop"
    assert "usage" not in last


def test_the_async_client_and_the_stream_helper_read_the_same(base_url, visit):
    async def both():
        async with openai.AsyncOpenAI(base_url=f"{base_url}/v1", api_key="none") as client:
            whole = await ask(client, VISIT)
            async with client.chat.completions.stream(
                model="footnote", messages=[user(VISIT)]
            ) as stream:
                return whole, await stream.get_final_completion()

    whole, streamed = asyncio.run(both())
    content = visit.choices[0].message.content
    assert whole.choices[0].message.content == streamed.choices[0].message.content == content


PARTS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["text", "image_url", "x"])}, optional={"text": st.text()}
    ),
    max_size=3,
)


MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["system", "user", "assistant", "tool"]),
            "content": st.none()
            | st.text(max_size=80)
            | PARTS
            | st.sampled_from([VISIT, FOLLOW_UP]),
        }
    ),
    max_size=6,
)


@hypothesis_settings(max_examples=60)
@given(messages=MESSAGES, stream=st.booleans())
def test_any_messages_get_an_answer_or_are_refused(quick_url, messages, stream):
    body = {"model": "footnote", "messages": messages, "stream": stream}
    response = httpx2.post(f"{quick_url}/v1/chat/completions", json=body)
    assert response.status_code in (200, 400), response.text
    if response.status_code == 400:
        assert response.json()["error"]["message"]


def test_keys_and_limits_raise_the_errors_that_the_client_knows(tmp_path, settings):
    with quickly_served(tmp_path, settings, rate_limit="3/hour") as served:
        key = served.assistant.journal.add_key("tests", "read").secret
        wrong = connected(served.url, "fnk_wrong")
        with wrong, pytest.raises(openai.AuthenticationError) as unknown:
            ask(wrong, VISIT)
        assert unknown.value.code == "key_unknown"
        with connected(served.url, key) as client:
            for _ in range(3):
                ask(client, VISIT)
            with pytest.raises(openai.RateLimitError) as often:
                ask(client, VISIT)
        assert int(often.value.response.headers["retry-after"]) > 0


def test_links_are_made_from_the_public_address(tmp_path, settings):
    public = "https://archive.example/footnote"
    with (
        quickly_served(tmp_path, settings, public_url=public) as served,
        connected(served.url) as client,
    ):
        message = ask(client, "How many guests attended UNIDO Day 2024?").choices[0].message
    assert message.annotations[0].url_citation.url.startswith(f"{public}/documents/")


def test_a_stream_that_fails_late_ends_in_an_error_that_the_client_raises(
    tmp_path, settings, monkeypatch
):
    monkeypatch.setattr("server.openai.ask.GRACE_SECONDS", 0.01)
    monkeypatch.setattr("server.openai.ask.KEEPALIVE_SECONDS", 0.05)
    with quickly_served(tmp_path, settings, timeout_seconds=0.3) as served:
        release = threading.Event()
        answer = served.assistant.stream
        monkeypatch.setattr(
            served.assistant, "stream", lambda *a, **k: (release.wait(5), answer(*a, **k))[1]
        )
        with connected(served.url) as client:
            with (
                ask(client, VISIT, stream=True) as stream,
                pytest.raises(openai.APIError, match="no answer within"),
            ):
                list(stream)
            with client.responses.stream(model="footnote", input=VISIT) as stream:
                failed = list(stream)[-1]
            assert failed.type == "response.failed"
            assert "no answer within" in failed.response.error.message
        release.set()


def test_a_question_whose_client_has_left_is_not_worked_on(tmp_path, settings, monkeypatch):
    monkeypatch.setattr("server.openai.ask.GRACE_SECONDS", 0.01)
    monkeypatch.setattr("server.openai.ask.KEEPALIVE_SECONDS", 0.05)
    release, asked = threading.Event(), []

    def slowly(question, **more):
        asked.append(question.text)
        release.wait(10)
        return answer(question, **more)

    with quickly_served(tmp_path, settings, workers=1) as served:
        answer = served.assistant.stream
        monkeypatch.setattr(served.assistant, "stream", slowly)
        with connected(served.url) as client:
            first = ask(client, "First?", stream=True)
            body = {"model": "footnote", "messages": [user("Second?")], "stream": True}
            with httpx2.stream("POST", f"{served.url}/v1/chat/completions", json=body) as second:
                assert next(second.iter_lines()).startswith(":")
            third = ask(client, "Third?", stream=True)
            release.set()
            list(first), list(third)
    assert asked == ["First?", "Third?"]
