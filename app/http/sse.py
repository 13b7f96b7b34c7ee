"""Answers that come over time: GraphQL over server-sent events, distinct connections mode
(https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverSSE.md)."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
from graphql import FormattedExecutionResult
from litestar.response.streaming import ASGIStreamingResponse

from .parameters import EVENT_STREAM

Results = AsyncGenerator[FormattedExecutionResult, None]

OPENING = 0.05  # seconds: the head goes out with the first bytes, so that the client knows that it is connected
HEARTBEAT = 12.0  # seconds: less than what proxies keep a silent connection for


def streamed(results: Results) -> ASGIStreamingResponse:
    return ASGIStreamingResponse(
        iterator=events(results),
        media_type=EVENT_STREAM,
        status_code=200,
        headers={"X-Accel-Buffering": "no"},  # nginx would hold the events back
    )


async def once(result: FormattedExecutionResult) -> Results:
    yield result


async def events(results: Results) -> AsyncGenerator[bytes, None]:
    """The events of the results, a comment where there are none for a while, and that they are complete."""
    upcoming = asyncio.create_task(following(results))
    silence = OPENING
    try:
        while True:
            done, _ = await asyncio.wait({upcoming}, timeout=silence)
            silence = HEARTBEAT
            if not done:
                yield b":\n\n"
                continue
            result = upcoming.result()
            if result is None:
                break
            upcoming = asyncio.create_task(following(results))
            yield b"event: next\ndata: " + msgspec.json.encode(result) + b"\n\n"
        yield b"event: complete\ndata:\n\n"
    finally:
        upcoming.cancel()  # a reader that is gone; the results end with what they wait for


async def following(results: Results) -> FormattedExecutionResult | None:
    return await anext(results, None)
