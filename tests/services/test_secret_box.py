"""Secrets at rest and the rotation of the keys that seal them."""

import pytest
from cryptography.fernet import Fernet

from domain.errors import SecretUnreadable
from services.secret_box import SecretBox

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
SECRET = "whsec_c2VjcmV0"


def test_what_is_sealed_is_opened_and_cannot_be_read() -> None:
    box = SecretBox([OLD])
    sealed = box.seal(SECRET)
    assert box.open(sealed) == SECRET
    assert b"c2VjcmV0" not in sealed
    assert box.seal(SECRET) != sealed


def test_after_a_rotation_old_secrets_are_read_and_new_ones_need_the_new_key() -> None:
    sealed_before = SecretBox([OLD]).seal(SECRET)
    rotated = SecretBox([NEW, OLD])
    assert rotated.open(sealed_before) == SECRET
    sealed_after = rotated.seal(SECRET)
    assert SecretBox([NEW]).open(sealed_after) == SECRET
    with pytest.raises(SecretUnreadable):
        SecretBox([OLD]).open(sealed_after)


@pytest.mark.parametrize(
    "sealed", [SecretBox([OTHER]).seal(SECRET), b"", b"plain"], ids=["another-key", "empty", "plain"]
)
def test_what_no_key_fits_is_an_error_that_names_the_setting(sealed: bytes) -> None:
    with pytest.raises(SecretUnreadable, match="TUNEWARD_SECRET_KEYS"):
        SecretBox([NEW, OLD]).open(sealed)


def test_the_secrets_that_are_there_are_opened_in_their_order() -> None:
    box = SecretBox([NEW])
    first, second = box.seal("whsec_one"), box.seal("whsec_two")
    assert box.open_each(first, second) == ("whsec_one", "whsec_two")
    assert box.open_each(first, None) == ("whsec_one",)


@pytest.mark.parametrize("keys", [[], ["short"]])
def test_without_a_good_key_there_is_no_box(keys: list[str]) -> None:
    with pytest.raises(ValueError, match=r"empty|32"):
        SecretBox(keys)
