"""`/chat/completions`."""

import asyncio

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from simulator.bodies import Chat
from simulator.chat import base_answer, tuned_answer
from simulator.completions import complete
from simulator.errors import JsonResponse, missing_model
from simulator.routes.jobs import BASE_MODELS
from simulator.stand_in import Here, StandIn

router = APIRouter()


@router.post("/chat/completions")
async def create_completion(chat: Chat, here: Here) -> Response:
    """Answer a chat, at once or as a stream."""
    text = await _answer(chat, here)
    completion = complete(chat, text, id_=here.store.mint("chatcmpl-"), created=int(here.clock()))
    if chat.stream:
        return StreamingResponse(completion.stream(), media_type="text/event-stream")
    return JsonResponse(completion.whole())


async def _answer(chat: Chat, here: StandIn) -> str:
    if chat.model in BASE_MODELS:
        return base_answer(chat, here.options.seed if chat.seed is None else chat.seed)
    job = here.store.tuned(chat.model, here.clock())
    if job is None:
        raise missing_model(chat.model)
    return await asyncio.to_thread(tuned_answer, chat, here.store.blob(job.training_file))
