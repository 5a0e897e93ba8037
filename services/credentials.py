"""The one platform account that all projects share, for now."""

from db.queries import platform_credentials
from db.session import Session
from domain import ids

DEFAULT = "default"


async def ensure_default(session: Session) -> str:
    """Return the id of the account whose key is in the environment; its row is made at the first start."""
    return await platform_credentials.ensure_credential(
        session, credential_id=ids.new_id(ids.CREDENTIAL), name=DEFAULT
    )
