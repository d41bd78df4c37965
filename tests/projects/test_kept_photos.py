"""What is kept of a photo: no more pixels than the largest picture has (decision 0047)."""

from __future__ import annotations

from io import BytesIO

from django.core.files.storage import default_storage
from PIL import Image

from projects import services
from projects.services import IncomingImage
from tests.factories import Studio


def kept(studio: Studio, width: int, height: int) -> tuple[int, int]:
    """The size of what is kept of a photo of this one, as the row and the file say."""
    sent = BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(sent, "JPEG")
    image = IncomingImage(content=sent.getvalue())
    photo = services.add_photo(organization=studio.organization, image=image, by_user=studio.owner)
    with default_storage.open(photo.image) as file, Image.open(file) as picture:
        assert picture.size == (photo.width, photo.height)
        size: tuple[int, int] = picture.size
    return size


def test_a_phones_photo_is_kept_at_half_its_sides(studio: Studio) -> None:
    assert kept(studio, 4032, 3024) == (2016, 1512)


def test_what_is_larger_than_any_picture_is_scaled_down(studio: Studio) -> None:
    assert max(kept(studio, 3000, 2000)) == 2048


def test_what_is_not_is_left_as_it_is(studio: Studio) -> None:
    assert kept(studio, 2048, 1536) == (2048, 1536)
