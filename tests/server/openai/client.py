"""Questions and a client for the tests of OpenAI's routes."""

import json
from contextlib import contextmanager
from dataclasses import replace
from urllib.request import Request, urlopen

import openai

from rag.assistant import Assistant
from rag.settings import ServerSettings
from rag.store.local.store import LocalStore
from tests.fakes import HashingEncoder, OverlapReading
from tests.serving import serving

VISIT = "When did UNIDO's LI Yong use a stop in Shenzhen to see Huawei?"


FOLLOW_UP = "Who welcomed him there?"


@contextmanager
def quickly_served(folder, settings, **server):
    """One document behind a real server, read by models that need no weights."""
    (folder / "visit.txt").write_text("LI Yong visited Huawei in Shenzhen on 24 April 2019.\n")
    data = folder / "data"
    with Assistant(
        LocalStore.open(data),
        replace(settings, data=data, server=ServerSettings(**server)),
        encoder=HashingEncoder(),
        reading=OverlapReading(),
    ) as assistant:
        assistant.ingest(folder / "visit.txt")
        with serving(assistant) as served:
            yield served


def connected(url, key="none"):
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)


def user(text):
    return {"role": "user", "content": text}


def ask(client, *messages, **more):
    sent = [user(message) if isinstance(message, str) else message for message in messages]
    return client.chat.completions.create(model="footnote", messages=sent, **more)


def quoted_at(url):
    """What stands in the document at a permalink, as the server itself reads it."""
    with urlopen(Request(url, headers={"Accept": "application/json"})) as response:
        return json.load(response)["span"]["quote"]


def check_annotations(content, annotations, citations):
    assert annotations
    for annotation in annotations:
        marker = content[annotation.start_index : annotation.end_index]
        number = int(marker[2 : marker.index("]")])
        assert marker == f"[[{number}]]({annotation.url})"
        cited = citations[number - 1]
        assert annotation.title == cited["title"]
        assert quoted_at(annotation.url) == cited["quote"]
