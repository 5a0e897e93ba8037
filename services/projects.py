"""Projects by the name that operators know them by."""

from db.queries import projects
from db.session import Session
from domain.errors import NotFound


async def id_of_name(session: Session, *, name: str) -> str:
    """Return the id of the project with this name.

    Raises:
        NotFound: there is none.
    """
    project_id = await projects.project_id_of_name(session, name=name)
    if project_id is None:
        raise NotFound(f"There is no project {name!r:.200}. 'tuneward keys list' shows those that have keys.")
    return project_id
