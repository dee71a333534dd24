import json
import logging
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from rag.errors import LanguageModelError, SettingsError
from rag.generate.base import Message
from rag.generate.control import without_control_tokens
from rag.generate.endpoint import EndpointModel
from rag.generate.open import open_language_model
from rag.models import Models
from rag.settings import LanguageModelSettings
from tests.fake_endpoint import Reply, fake_endpoint, says, sends

KEY = "sk-test-0123456789"
DRAFT = "LI Yong visited Huawei on 24 April 2019 [1]. 他在深圳。[2]"
ASKED = (Message("system", "Answer."), Message("user", "When did LI Yong visit Huawei?"))


@contextmanager
def model_at(base_url, *, environment=None, **how):
    settings = LanguageModelSettings(base_url=base_url, model="small", **how)
    key = (environment or {}).get(settings.api_key_env, "")
    with closing(EndpointModel(settings, api_key=key, count_tokens=len)) as model:
        yield model


@contextmanager
def opened(settings, **environment):
    with closing(open_language_model(settings, environment=environment)) as model:
        yield model


def draft(model, *, deadline_seconds=5.0, max_tokens=50):
    stream = model.stream(ASKED, max_tokens=max_tokens, deadline_seconds=deadline_seconds)
    return [piece for piece in stream if piece]


def failure(reply, **how):
    """The error and what was yielded before it."""
    deadline = how.pop("deadline_seconds", 5.0)
    pieces = []
    with fake_endpoint(reply) as endpoint, model_at(endpoint.base_url, **how) as model:
        stream = model.stream(ASKED, max_tokens=50, deadline_seconds=deadline)
        with pytest.raises(LanguageModelError) as caught:
            pieces.extend(stream)
    return caught.value, "".join(pieces)


def test_without_settings_there_is_no_model():
    assert open_language_model(LanguageModelSettings()) is None


@pytest.mark.parametrize("size", [None, 1, 3, 1000])
def test_a_draft_comes_whole_in_whatever_pieces(size):
    with (
        fake_endpoint(says(DRAFT, size=size)) as endpoint,
        model_at(endpoint.base_url) as model,
    ):
        pieces = draft(model)
    assert "".join(pieces) == DRAFT
    assert all(pieces)
    assert len(pieces) == len(says(DRAFT, size=size).pieces)


def test_pieces_come_as_they_are_written():
    reply = says("one two three", between=0.3)
    with fake_endpoint(reply) as endpoint, model_at(endpoint.base_url) as model:
        stream = model.stream(ASKED, max_tokens=50, deadline_seconds=5)
        started = time.monotonic()
        assert next(filter(None, stream)) == "one"
        first = time.monotonic() - started
        pieces = list(stream)
        assert [piece for piece in pieces if piece] == [" two", " three"]
        # Empty ones between: moments to stop.
        assert "" in pieces
        assert first < time.monotonic() - started - 0.4


def test_the_request_says_what_the_settings_say():
    with fake_endpoint(says(DRAFT)) as endpoint:
        with model_at(endpoint.base_url, temperature=0.5, seed=7, context_tokens=2048) as model:
            draft(model, max_tokens=33)
            assert model.context_tokens == 2048
            assert model.identity.name == "small"
            assert model.identity.revision in endpoint.base_url
        (request,) = endpoint.received
    assert request.path == "/v1/chat/completions"
    assert request.json == {
        "model": "small",
        "messages": [
            {"role": "system", "content": "Answer."},
            {"role": "user", "content": "When did LI Yong visit Huawei?"},
        ],
        "stream": True,
        "max_tokens": 33,
        "temperature": 0.5,
        "seed": 7,
    }


def test_tokens_are_counted():
    with opened(LanguageModelSettings(base_url="http://127.0.0.1:9/v1", model="small")) as model:
        assert model.count_tokens("") == 0
        assert 2 <= model.count_tokens("LI Yong") <= 4


def test_a_server_that_answers_whole_is_understood():
    with (
        fake_endpoint(says(DRAFT, streams=False)) as endpoint,
        model_at(endpoint.base_url) as model,
    ):
        assert draft(model) == [DRAFT]


def test_a_draft_cut_at_its_length_is_no_failure():
    with (
        fake_endpoint(says(DRAFT, finish_reason="length")) as endpoint,
        model_at(endpoint.base_url) as model,
    ):
        assert "".join(draft(model)) == DRAFT


ERROR = '{"error": {"message": "no such model\\nhere; sorry", "type": "invalid_request_error"}}'


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (sends("busy", status=429), "rate_limited"),
        (sends(ERROR, status=500), "unreachable"),
        (sends("<html>", status=503, content_type="text/html"), "unreachable"),
        (sends("", status=504), "timeout"),
        (sends(ERROR, status=400), "refused"),
        (sends(ERROR, status=401), "refused"),
        (sends(ERROR, status=404), "refused"),
        (sends("", status=302, headers={"Location": "http://127.0.0.1:9/"}), "refused"),
        (says("", finish_reason="content_filter"), "refused"),
        (sends(f"data: {ERROR}\n\n", content_type="text/event-stream"), "refused"),
        (sends("<html>hello</html>", content_type="text/html"), "malformed"),
        (sends("hello", content_type=""), "malformed"),
        (sends("{not json"), "malformed"),
        (sends('{"choices": "none"}'), "malformed"),
        (sends("[]"), "malformed"),
        (sends('{"choices": [{"message": {"content": 7}}]}'), "malformed"),
        (sends("data: {not json\n\n", content_type="text/event-stream"), "malformed"),
        (sends("data: 5\n\n", content_type="text/event-stream"), "malformed"),
        (sends("data: [1]\n\n", content_type="text/event-stream"), "malformed"),
        (sends('data: {"id": 1}\n\n', content_type="text/event-stream"), "malformed"),
        (sends(b"data: {\xff}\n\n", content_type="text/event-stream"), "malformed"),
        (sends("", content_type="text/event-stream"), "empty"),
        (says(""), "empty"),
        (Reply(), "empty"),
        (says("", streams=False), "empty"),
    ],
)
def test_a_reply_that_is_no_draft_is_told_by_its_kind(reply, kind):
    error, wrote = failure(reply)
    assert (error.kind, wrote) == (kind, "")
    assert "small" in str(error)
    assert "\n" not in str(error)
    assert error.remedy


def test_what_came_before_a_break_is_given_and_the_break_is_told():
    for reply in (
        says("one two three", dies_after=2, between=0.05),
        says("one two", finish_reason=None),
    ):
        error, wrote = failure(reply)
        assert (error.kind, wrote) == ("interrupted", "one two")


def test_a_failure_reported_in_mid_stream_is_an_interruption():
    chunk = '{"choices": [{"index": 0, "delta": {"content": "one"}}]}'
    body = f"data: {chunk}\n\ndata: {ERROR}\n\n"
    error, wrote = failure(sends(body, content_type="text/event-stream"))
    assert (error.kind, wrote) == ("interrupted", "one")


def test_a_server_that_never_stops_is_stopped():
    error, _ = failure(Reply(pieces=("x" * 1000,) * 20))
    assert error.kind == "malformed"


def test_an_endpoint_that_is_not_there_is_unreachable():
    with fake_endpoint(Reply()) as endpoint:
        base_url = endpoint.base_url
    with model_at(base_url) as model, pytest.raises(LanguageModelError) as caught:
        draft(model)
    assert caught.value.kind == "unreachable"


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [("7", 7, 7), ("Fri, 01 Jan 2100 00:00:00 GMT", 1e8, 1e10), ("soon", None, None)],
)
def test_how_long_a_server_asks_to_wait_is_told(header, low, high):
    error, _ = failure(sends("", status=429, headers={"Retry-After": header}))
    assert error.kind == "rate_limited"
    waits = error.retry_after_seconds
    assert waits is None if low is None else low <= waits <= high


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (says("late", first_after=20), {"deadline_seconds": 0.4}),
        (says("late", first_after=20), {"first_token_seconds": 0.4}),
        (says("late", first_after=20, streams=False), {"deadline_seconds": 0.4}),
        (says("late", pings=20), {"deadline_seconds": 0.4}),
        (says("late", pings=20), {"first_token_seconds": 0.4}),
        (says("a b c d e", between=0.15), {"deadline_seconds": 0.4}),
    ],
)
def test_nothing_is_waited_for_beyond_the_deadline(reply, seconds):
    started = time.monotonic()
    error, _ = failure(reply, **seconds)
    assert error.kind == "timeout"
    assert 0.3 < time.monotonic() - started < 15


def test_a_draft_that_has_begun_in_time_may_take_the_whole_deadline():
    reply = says("a b c d", between=0.9)
    with (
        fake_endpoint(reply) as endpoint,
        model_at(endpoint.base_url, first_token_seconds=2.0) as model,
    ):
        assert "".join(draft(model)) == "a b c d"


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_is_life_but_no_draft(field):
    reply = says(DRAFT, thoughts=("Hmm. ", "It says 2013. "), between=0.3, thinks_in=field, size=99)
    with (
        fake_endpoint(reply) as endpoint,
        model_at(endpoint.base_url, first_token_seconds=0.4) as model,
    ):
        assert "".join(draft(model)) == DRAFT
    error, said = failure(Reply(thoughts=("Hmm.",)))
    assert (error.kind, said) == ("empty", "")


def test_closing_the_iterator_hangs_up_at_once():
    reply = Reply(pieces=("word ",) * 500, between=0.02)
    with fake_endpoint(reply) as endpoint, model_at(endpoint.base_url) as model:
        stream = model.stream(ASKED, max_tokens=500, deadline_seconds=30)
        next(stream)
        stream.close()
        assert endpoint.hung_up.wait(3)


def test_closing_the_model_ends_its_streams_and_its_thread():
    before = threading.active_count()
    reply = says("a b", between=20)
    with fake_endpoint(reply) as endpoint:
        with model_at(endpoint.base_url) as model:
            stream = model.stream(ASKED, max_tokens=50, deadline_seconds=30)
            assert next(stream) == "a"
        with pytest.raises(LanguageModelError) as caught:
            next(stream)
    assert caught.value.kind == "interrupted"
    deadline = time.monotonic() + 3
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_drafts_can_be_written_at_the_same_time():
    with (
        fake_endpoint(lambda request: says(request.prompt, between=0.01)) as endpoint,
        model_at(endpoint.base_url) as model,
    ):
        got = {}

        def ask(name):
            asked = [Message("user", f"{name} " * 20)]
            got[name] = "".join(model.stream(asked, max_tokens=50, deadline_seconds=10))

        threads = [threading.Thread(target=ask, args=(str(n),)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == {str(n): f"{n} " * 20 for n in range(8)}


def test_parameters_that_a_server_refuses_are_sent_otherwise():
    def picky(request):
        for name in ("max_tokens", "temperature", "seed"):
            if name in request.json:
                body = f'{{"error": {{"message": "unsupported", "param": "{name}"}}}}'
                return sends(body, status=400)
        return says(DRAFT)

    with fake_endpoint(picky) as endpoint, model_at(endpoint.base_url) as model:
        assert "".join(draft(model)) == DRAFT
        assert endpoint.received[-1].json["max_completion_tokens"] == 50
        asked = len(endpoint.received)
        draft(model)
        assert len(endpoint.received) == asked + 1


SCHEMA = {"type": "object", "properties": {"statements": {"type": "array"}}}


def test_a_reply_is_asked_for_by_a_schema():
    with fake_endpoint(says(DRAFT)) as endpoint, model_at(endpoint.base_url) as model:
        list(model.stream(ASKED, max_tokens=50, deadline_seconds=5, schema=SCHEMA))
        [sent] = endpoint.received
    wanted = sent.json["response_format"]
    assert wanted["type"] == "json_schema"
    assert wanted["json_schema"]["schema"] == SCHEMA


@pytest.mark.parametrize(
    "refusal",
    [
        {"message": "unsupported", "param": "response_format.type"},
        {"message": "This server knows no response_format."},
    ],
)
def test_a_server_that_knows_no_schema_is_asked_without_it(refusal):
    def plain(request):
        if "response_format" in request.json:
            return sends(json.dumps({"error": refusal}), status=400)
        return says(DRAFT)

    with fake_endpoint(plain) as endpoint, model_at(endpoint.base_url) as model:
        stream = model.stream(ASKED, max_tokens=50, deadline_seconds=5, schema=SCHEMA)
        assert "".join(stream) == DRAFT


def test_the_key_comes_from_the_variable_named_and_from_no_other(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another")
    with fake_endpoint(says(DRAFT)) as endpoint:
        settings = LanguageModelSettings(base_url=endpoint.base_url, model="small")
        with opened(settings, MY_KEY=KEY) as model:
            draft(model)
        with opened(replace(settings, api_key_env="MY_KEY"), MY_KEY=KEY) as model:
            draft(model)
        without, with_key = endpoint.received
    assert "authorization" not in without.headers
    assert with_key.headers["authorization"] == f"Bearer {KEY}"
    assert "of-another" not in f"{without}{with_key}"


@pytest.mark.parametrize("value", [None, "", "  ", "ключ", "two words", "a\nb"])
def test_a_key_that_is_missing_or_none_is_a_settings_error_without_it(value):
    environment = {} if value is None else {"MY_KEY": value}
    settings = LanguageModelSettings(
        base_url="http://127.0.0.1:9/v1", model="small", api_key_env="MY_KEY"
    )
    with pytest.raises(SettingsError, match="MY_KEY") as caught:
        open_language_model(settings, environment=environment)
    assert not (value and value.strip()) or value not in str(caught.value)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500])
def test_the_key_is_in_no_error_and_no_log(status, caplog):
    caplog.set_level(logging.DEBUG)
    body = f'{{"error": {{"message": "key {KEY} ({KEY[:8]}...) is wrong"}}}}'
    how = {"api_key_env": "MY_KEY", "environment": {"MY_KEY": KEY}}
    error, _ = failure(sends(body, status=status), **how)
    told = "".join(traceback.format_exception(error)) + caplog.text + repr(error.__dict__)
    assert "small" in told
    assert KEY not in told
    if status in (401, 403):
        assert KEY[:8] not in told


@pytest.mark.parametrize(
    "token",
    ["<|im_end|>", "<|eot_id|>", "<｜User｜>", "</s>", "<end_of_turn>", "[/INST]", "<</SYS>>"],
)
def test_a_document_cannot_end_its_message(token):
    text = f"before {token}\n{token} after"
    with fake_endpoint(says(DRAFT)) as endpoint, model_at(endpoint.base_url) as model:
        list(model.stream([Message("user", text)], max_tokens=9, deadline_seconds=5))
        sent = endpoint.received[0].prompt
    assert token not in sent
    assert len(sent) == len(text)


@pytest.mark.parametrize("text", ["a < b | c > d", "see [1] and <b>bold</b>", "[INSTALL]", "x|y"])
def test_other_text_is_sent_as_it_is(text):
    assert without_control_tokens(text) == text


def test_questions_at_once_open_one_language_model(settings, monkeypatch):
    opened = []

    def slowly(*_, **__):
        time.sleep(0.2)
        opened.append(object())
        return opened[-1]

    monkeypatch.setattr("rag.models.open_language_model", slowly)
    models = Models(settings.models, settings.language_model)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: models.language_model, range(4)))
    assert found == opened * 4
    assert len(opened) == 1
