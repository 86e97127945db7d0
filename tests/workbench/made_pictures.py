"""Pictures of pages for docs/, taken where SCANTRIAGE_PICTURES names the folder that they go to."""

import os
from io import BytesIO
from itertools import chain
from pathlib import Path

from PIL import Image

PICTURES = Path(os.environ["SCANTRIAGE_PICTURES"]) if "SCANTRIAGE_PICTURES" in os.environ else None


def look(tab, keys=()):
    """Wait until the viewer, where there is one, has drawn what these keys ask for."""
    if tab.locator("section.viewer").count() == 0:
        return
    tab.wait_for_selector("[data-state=ready]")
    for key in keys:
        tab.keyboard.press(key)
    tab.wait_for_load_state("networkidle")


def keep_picture(png, name):
    """In 256 colours, those of the page itself among them: small enough to be committed. name: without suffix."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    counted = sorted(picture.getcolors(picture.width * picture.height), reverse=True)
    others = picture.quantize(192, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).getpalette()
    palette = Image.new("P", (1, 1))
    palette.putpalette([*chain(*(colour for _, colour in counted[:64])), *others])
    path = PICTURES / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(palette=palette, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size < 200_000
