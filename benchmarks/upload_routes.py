"""The references for uploads: FastAPI's usual route, which holds the file, and one that only counts."""

from typing import Annotated

from fastapi import FastAPI, Form, Request, UploadFile

app = FastAPI()


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that it runs."""
    return {"status": "ok"}


@app.post("/buffered")
async def buffered(file: UploadFile, purpose: Annotated[str, Form()]) -> dict[str, object]:
    """Take a file as FastAPI's documentation does."""
    content = await file.read()
    return {"purpose": purpose, "bytes": len(content)}


@app.post("/counted")
async def counted(request: Request) -> dict[str, int]:
    """Let the body stream by: neither parsed nor checked nor stored."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return {"bytes": size}
