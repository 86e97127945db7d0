import io

import pytest
from PIL import Image, PngImagePlugin

from scantriage.errors import UnreadablePhoto
from scantriage.io.photos import MAX_PHOTO_BYTES, MAX_SIDE, cleaned_photo


def photo(size=(60, 40), form="JPEG", mode="RGB", **options):
    image = Image.new(mode, size, 0)
    image.paste(255, (0, 0, size[0] // 2, size[1])) if mode == "L" else None
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def opened(content):
    return Image.open(io.BytesIO(content))


def test_what_is_kept_tells_nothing_beside_the_picture():
    tags = Image.Exif()
    tags[0x010F], tags[0x8825] = "SecretCamera", {1: "N", 2: (51.0, 55.0, 0.0)}
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "SecretInspector")
    for content in (photo(exif=tags), photo(form="PNG", pnginfo=text), photo(comment=b"SecretComment")):
        kept = cleaned_photo(content)
        assert b"Secret" not in kept
        assert not opened(kept).getexif()
        assert b"Exif" not in kept


def test_a_photo_taken_sideways_stands_upright():
    tags = Image.Exif()
    tags[0x0112] = 6  # turn by a quarter
    assert opened(cleaned_photo(photo((60, 40), exif=tags))).size == (40, 60)


def test_a_large_photo_is_made_small():
    assert max(opened(cleaned_photo(photo((5000, 1000)))).size) == MAX_SIDE


def test_transparent_places_are_white():
    kept = opened(cleaned_photo(photo(form="PNG", mode="RGBA")))
    assert kept.getpixel((5, 5)) == (255, 255, 255)


def test_the_same_photo_is_kept_as_the_same_bytes():
    assert cleaned_photo(photo()) == cleaned_photo(photo())


def claims_to_be_huge():
    png = bytearray(photo(form="PNG"))
    png[16:24] = (60_000).to_bytes(4, "big") * 2
    return bytes(png)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        photo()[:200],
        photo(form="PNG")[:60],
        photo(form="BMP"),
        photo(form="TIFF"),
        claims_to_be_huge(),
        bytes(MAX_PHOTO_BYTES + 1),
    ],
    ids=["empty", "gif", "svg", "half_jpeg", "half_png", "bmp", "tiff", "huge", "too_long"],
)
def test_what_is_no_photo_is_refused_in_one_sentence(content):
    with pytest.raises(UnreadablePhoto) as refused:
        cleaned_photo(content)
    assert refused.value.sentence.startswith("The photo")
