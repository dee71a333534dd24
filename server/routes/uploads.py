"""POST /documents and /jobs: uploads and their progress."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from server.http.context import Context
from server.http.problems import ProblemError, problem_responses
from server.http.security import Reader, WriterCaller
from server.wire.shapes import DocumentIn, JobOut

router = APIRouter(tags=["documents"])

# How long the response waits for an upload; after that the client polls its job.
_WAIT_SECONDS = 5.0
_POLL_SECONDS = 0.05
_MAX_FILES = 100

# Not declared as a parameter, since FastAPI takes a body of one media type only.
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": DocumentIn.model_json_schema()},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": _MAX_FILES,
                        "items": {"type": "string", "format": "binary"},
                    },
                    "replace": {"type": "string", "enum": ["true", "false"], "default": "false"},
                },
            }
        },
    },
}


@router.post(
    "/documents",
    response_model=JobOut,
    status_code=201,
    responses={
        202: {"model": JobOut, "description": "In progress; poll the URL in Location."},
        **problem_responses(400, 401, 403, 409, 413, 415, 422, 429, 503),
    },
    openapi_extra={"requestBody": _BODY},
)
async def add_documents(
    request: Request, response: Response, context: Context, caller: WriterCaller
) -> JobOut:
    """Upload documents: done within seconds, or a job to poll. Accepted uploads are durable."""
    files, replace = await _received(request)
    assistant = context.assistant
    job = await run_in_threadpool(
        lambda: assistant.add_uploads(files, owner=caller.owner, replace=replace)
    )
    context.uploads.wake()
    for _ in range(round(_WAIT_SECONDS / _POLL_SECONDS)):
        if job.finished_at is not None:
            break
        await asyncio.sleep(_POLL_SECONDS)
        job = await run_in_threadpool(assistant.journal.job, job.id)
    response.headers["Location"] = f"/jobs/{job.id}"
    if job.finished_at is None:
        response.status_code = 202
    elif len(job.files) == 1 and job.files[0].outcome == "failed":
        raise ProblemError(
            422,
            "unreadable_document",
            job.files[0].reason or "the file cannot be read",
            "fix the file and upload it again",
        )
    return JobOut.model_validate(job)


@router.get(
    "/jobs/{job_id}", response_model=JobOut, responses=problem_responses(401, 403, 404, 422, 429)
)
def show_job(job_id: str, context: Context, caller: Reader) -> JobOut:
    """Get the progress of an upload, file by file."""
    return JobOut.model_validate(context.assistant.journal.job(job_id))


async def _received(request: Request) -> tuple[list[tuple[str, bytes]], bool]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        async with request.form(max_files=_MAX_FILES, max_fields=10) as form:
            return await _from_form(form)
    if media_type == "application/json":
        document = _from_json(await request.body())
        return [(document.name, document.text.encode("utf-8"))], document.replace
    raise ProblemError(
        415,
        "media_type",
        f"the media type {media_type or '(none)'} is not supported",
        "send multipart/form-data with 'file', or application/json with 'name' and 'text'",
    )


async def _from_form(form: FormData) -> tuple[list[tuple[str, bytes]], bool]:
    files = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
    if not files:
        raise _invalid("the form has no file", "send at least one part 'file' with a file name")
    replace = form.get("replace", "false")
    if replace not in ("true", "false"):
        raise _invalid(f"replace is {replace!r}", "use true or false")
    return [(part.filename or "", await part.read()) for part in files], replace == "true"


def _from_json(body: bytes) -> DocumentIn:
    try:
        parsed: Any = json.loads(body)
        return DocumentIn.model_validate(parsed)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        raise _invalid(f"{where}: {first['msg']}", "see '/docs' for the shape") from error
    except (ValueError, RecursionError) as error:
        raise _invalid(
            "the body is not valid JSON", "send an object with 'name' and 'text'"
        ) from error


def _invalid(detail: str, remedy: str) -> ProblemError:
    return ProblemError(422, "invalid_request", detail, remedy)
