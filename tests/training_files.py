"""Training files as the check of an upload finds them."""

from domain.training_data.structure import Structure, StructureCheck

GOOD = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'


def checked(content: bytes) -> Structure:
    check = StructureCheck(1024 * 1024)
    check.feed(content)
    return check.finish()


def structure_of(*, examples: int = 1, faulty: int = 0) -> Structure:
    return checked(GOOD * examples + b"{}\n" * faulty)
