"""litellm, whose own types crash on whatever is not quite OpenAI's."""

from .conftest import Converse


async def test_its_files_fine_tuning_and_completion_work_by_naming_an_api_base(converse: Converse) -> None:
    assert await converse("litellm", "litellm_conversation.py") == {
        "file": "processed",
        "created": ["queued", 2],
        "cancelled": "cancelled",
        "async": ["cancelled", True],
        "ended": "succeeded",
        "chat": [True, True, True],
        "async_chat": True,
        "refused": {"no_model": 404, "no_job": 404},
    }
