"""The stages of work; a bell rings for one of them."""

from enum import StrEnum


class Stage(StrEnum):
    """What a worker's drains are named after."""

    ADVANCE = "advance"
    """Jobs on their way to the platform, or being collected after their end."""

    TRACK = "track"
    """Jobs the platform is working on."""

    CANCEL = "cancel"
    """Jobs the platform is to cancel, while those it works on take all the room there is."""

    DELIVER = "deliver"
    """Webhooks that are due."""

    EXAMINE = "examine"
    """Training files whose tokens, quality and personal data are to be looked at."""

    DUPLICATES = "duplicates"
    """Create calls that are looked at again, in case the platform ran one twice."""
