"""What the viewer draws, pixel by pixel: the formula, halved tiles, and where each thing lies."""

import numpy as np
import pytest
from made_container import (
    ADDED,
    GOODS,
    INORGANIC,
    METAL,
    OFFSET,
    OPAQUE,
    ORGANIC,
    PITCH_M,
    REMOVED,
    SCALE,
    THICK,
    THIN,
    TOP_M,
    UNSEEN,
    lay,
    origin_codes,
)
from made_screen import PANE, VIEWER, Screen
from made_views import layer

from scantriage.io.views import read_halved_tile, write_views
from scantriage.scan.views import FineViews
from scantriage.workbench import static_files

pytestmark = pytest.mark.browser


def grey_of(codes, low, high, *, linear=False, invert=False):
    """The formula of docs/viewer.md."""
    attenuation = codes * SCALE + OFFSET
    value = np.exp(-attenuation) if linear else attenuation
    grey = np.rint(255 * np.clip((value - low) / (high - low), 0, 1))
    return grey if linear != invert else 255 - grey


def shown_texels(screen):
    """The origin scan at one texel a pixel: what is drawn and the codes under it."""
    screen.press("h") if screen.ask(f"{VIEWER}.look.blind") else None
    screen.press("7", "9")
    x_m, z_m = screen.ask(f"{VIEWER}.paint(), {PANE}.toMetres(0.5, 0.5)")
    col, row = round(x_m / PITCH_M - 0.5), round((TOP_M - z_m) / PITCH_M - 0.5)
    top = screen.height // 2
    drawn = screen.pixels(0, top, screen.width, 100)
    rows, cols = np.arange(100) + top + row, np.arange(screen.width) + col
    codes = origin_codes()
    inside = (rows[:, None] >= 0) & (rows[:, None] < codes.shape[0]) & (cols >= 0) & (cols < codes.shape[1])
    return drawn[inside], codes[rows.clip(0, codes.shape[0] - 1)[:, None], cols.clip(0, codes.shape[1] - 1)][inside]


@pytest.mark.parametrize(
    ("keys", "linear", "invert"), [("g", False, False), ("d", False, True), ("a", True, False), ("f", True, True)]
)
def test_a_pixel_is_what_the_formula_says(screen, keys, linear, invert):
    screen.press("7", keys, *(["k"] if linear else []), *(["i"] if invert else []))
    drawn, codes = shown_texels(screen)
    low, high = screen.ask(f"[{VIEWER}.look.range.low, {VIEWER}.look.range.high]")

    expected = grey_of(codes, low, high, linear=linear, invert=invert)

    assert np.ptp(expected) == 255  # every level is there to be wrong
    assert np.abs(drawn - expected[:, np.newaxis]).max() <= 1
    assert np.mean(drawn[:, 0] == expected) > 0.99


def test_sixteen_bits_are_told_apart_in_a_narrow_window(screen):
    screen.ask(f"{VIEWER}.look.show([1.0, 1.0 + 400 * {SCALE}])")
    drawn, codes = shown_texels(screen)

    assert np.abs(drawn[:, 0] - grey_of(codes, 1.0, 1.0 + 400 * SCALE)).max() <= 1


# lays codes into a texture and reads back what the halver makes of them
HALVED = """async ([address, codes, [rows, cols], flags]) => {
  const { Halver } = await import(address), gl = document.createElement("canvas").getContext("webgl2");
  const texture = gl.createTexture(), halved = [rows, cols].map((size) => (size + 1) >> 1);
  gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
  gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 4, gl.R16UI, 64, 64, 1);
  gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MIN_FILTER, gl.NEAREST_MIPMAP_NEAREST);
  gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 2);
  gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, 0, cols, rows, 1, gl.RED_INTEGER, gl.UNSIGNED_SHORT,
    new Uint16Array(codes));
  new Halver(gl).halve(texture, { slice: 0, rows, cols, flags, has: 0 });
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTextureLayer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, texture, 1, 0);
  const read = new Uint32Array(4 * halved[0] * halved[1]);
  gl.readPixels(0, 0, halved[1], halved[0], gl.RGBA_INTEGER, gl.UNSIGNED_INT, read);
  return [...read.filter((_, index) => index % 4 === 0)];
}"""


@pytest.mark.parametrize("quantity", ["attenuation", "flags"])
def test_the_server_halves_a_tile_as_the_graphics_card_does(screen, tmp_path, quantity):
    rng = np.random.default_rng(7)
    codes = rng.integers(0, 2**16, (41, 53)) * (rng.random((41, 53)) < 0.6)
    write_views(tmp_path / "kept.tif", FineViews(6.0, 2.6, {"rescan": layer(codes, quantity=quantity)}))

    asked = [f"{static_files.ADDRESS}/viewer/halver.js", codes.ravel().tolist(), codes.shape, quantity == "flags"]
    drawn = screen.tab.evaluate(HALVED, asked)

    assert drawn == read_halved_tile(tmp_path / "kept.tif", "rescan", 0, 0).ravel().tolist()


def test_halved_tiles_are_shown_first_and_never_told_as_values(tab_for, workbench):
    lay(workbench)
    tab, held = tab_for("analyst"), []
    tab.route(lambda url: "rescan/" in url and url.endswith(".bin"), lambda route: held.append(route))
    tab.goto("/work")
    tab.click("form[data-next] button")
    tab.wait_for_selector("[data-state=ready]")
    screen = Screen(tab)
    screen.press("8", "g", "h")
    screen.ask(f"{VIEWER}.view.show({list(ADDED)})")  # several pixels a texel: still of the halved ones
    screen.move(*screen.at(3.2, 1.15))
    assert screen.text("rescan") == "–"
    halved = screen.colour(ADDED)

    for route in held:
        route.continue_()
    tab.unroute_all()
    screen.wait_for_whole_tiles()

    assert screen.text("rescan") == "2.000"
    assert screen.colour(ADDED) == pytest.approx(halved)  # an even block: its mean is what it is


def edges(row, left_side):
    """Where a row of a picture crosses the middle between what it is at its ends and in its midst, pixels."""
    value = np.abs(row.astype(float) - row[0].astype(float)).sum(axis=1)
    half = value.max() / 2
    crossings = np.flatnonzero((value[:-1] < half) != (value[1:] < half))
    at = crossings[0] if left_side else crossings[-1]
    return at + 0.5 + (half - value[at]) / (value[at + 1] - value[at])


@pytest.mark.parametrize(("mode", "box"), [("4", ADDED), ("5", ADDED), ("5", REMOVED), ("6", ADDED)])
def test_what_changed_lies_where_it_is_to_half_a_pixel(screen, mode, box):
    # the origin scan is noise: it is made as even as the rescan so that only the change is to be seen
    lay_even(screen)
    screen.press("h", "g", mode)
    screen.ask(f"{VIEWER}.view.show({list(box)})")
    (x0, y1), (x1, y0) = (
        screen.ask(f"{VIEWER}.paint(), {PANE}.toScreen({x}, {z})") for x, z in ((box[0], box[2]), (box[1], box[3]))
    )
    middle_y, middle_x, margin = round((y0 + y1) / 2), round((x0 + x1) / 2), 30
    left, top = round(x0) - margin, round(y0) - margin
    across = screen.pixels(left, middle_y, round(x1 - x0) + 2 * margin, 1)[0]
    down = screen.pixels(middle_x, top, 1, round(y1 - y0) + 2 * margin)[:, 0]

    # colour is full before the change is: of the coarse layers the crossing of half the colour lies further out
    coarse = 0 if mode == "4" else 0.5 * 0.01 * screen.ask(f"{VIEWER}.view.scale")
    found = [left + edges(across, True), left + edges(across, False), top + edges(down, True), top + edges(down, False)]
    for place, true, sign in zip(found, (x0, x1, y0, y1), (-1, 1, -1, 1), strict=True):
        assert abs(place - true - sign * coarse / 2) <= 0.5 + coarse / 2


def lay_even(screen):
    """Give the origin scan the even grey of the rescan, in the browser's memory."""
    code = round((GOODS - OFFSET) / SCALE)
    screen.ask(
        f"""(() => {{
          const viewer = {VIEWER}, layer = viewer.layers.origin, gl = viewer.surface.getContext("webgl2");
          gl.bindTexture(gl.TEXTURE_2D_ARRAY, viewer.tiles.texture(layer));
          for (const [slice, codes] of layer.codes) {{
            const [rows, cols] = layer.sizeOf(0, slice);
            gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, slice, cols, rows, 1, gl.RED_INTEGER, gl.UNSIGNED_SHORT,
              codes.fill({code}));
          }}
        }})()"""
    )


def test_more_is_red_and_less_is_blue(screen):
    for mode in ("5", "6"):
        screen.press(mode)
        red, _, blue = screen.colour(ADDED)
        assert red > blue + 80
        red, _, blue = screen.colour(REMOVED)
        assert blue > red + 80


def test_an_overlay_shows_the_origin_red_and_the_rescan_cyan(screen):
    lay_even(screen)
    screen.press("g", "4")
    screen.ask(f"{VIEWER}.view.show({list(ADDED)})")

    red, green, blue = screen.colour(ADDED)
    assert green == blue == pytest.approx(red + 255 * 1.5 / 2.5, abs=2)  # only in the rescan: 1.5 more of 2.5
    grey = screen.colour((2.8, 2.9, 1.0, 1.2))
    assert np.ptp(grey) <= 1  # in both


def test_a_swipe_has_the_origin_on_its_left_and_the_rescan_on_its_right(screen):
    screen.press("h", "2")
    split = screen.ask(f"{VIEWER}.look.split")
    assert split == 0.5
    middle = screen.height // 2
    screen.drag((screen.width // 2, middle), (screen.width // 4, middle))
    assert screen.ask(f"{VIEWER}.look.split") == pytest.approx(0.25, abs=0.01)
    whole = screen.pixels(0, middle, screen.width, 20)
    screen.press("7")
    origin = screen.pixels(0, middle, screen.width, 20)
    screen.press("8")
    rescan = screen.pixels(0, middle, screen.width, 20)
    line = screen.width // 4
    assert np.array_equal(whole[:, : line - 3], origin[:, : line - 3])
    assert np.array_equal(whole[:, line + 3 :], rescan[:, line + 3 :])
    screen.press("2", ".", ".")
    assert screen.ask(f"{VIEWER}.look.split") == pytest.approx(0.35, abs=0.01)


def test_blinking_shows_both_in_turn_at_the_pace_that_is_set(screen):
    screen.press("3")
    screen.tab.wait_for_selector("[data-label=rescan]:visible")
    screen.tab.wait_for_selector("[data-label=origin]:visible")
    screen.press(".", ".", ".", ".", ".", ".", ".")
    assert screen.ask(f"{VIEWER}.look.blinksPerSecond") == 6  # three flashes a second, and no more
    screen.press(" ")
    assert screen.ask(f"{VIEWER}.look.blinksPerSecond") == 0
    before = screen.ask(f"{VIEWER}.flipped")
    screen.press(" ")
    assert screen.ask(f"{VIEWER}.flipped") is not before


def test_blind_areas_are_hatched_each_in_its_way(screen):
    def stripes(box):
        (x0, y0), (x1, y1) = screen.at(box[0] + 0.1, box[3] - 0.1), screen.at(box[1] - 0.1, box[2] + 0.1)
        return screen.pixels(x0, y0, min(x1 - x0, y1 - y0), min(x1 - x0, y1 - y0)).astype(int)

    screen.press("8")
    assert screen.ask(f"{VIEWER}.look.blind")
    opaque, unseen = stripes(OPAQUE), stripes(UNSEEN)
    for area in (opaque, unseen):
        differs = np.abs(area - np.median(area, axis=(0, 1))).sum(axis=2) > 60
        assert 0.08 < differs.mean() < 0.35
    # along its own diagonal a stripe goes on; across it does not
    for area, turned in ((opaque, opaque[:, ::-1]), (unseen[:, ::-1], unseen)):
        along, across = (np.abs(one[:-1, :-1] - one[1:, 1:]).mean() for one in (turned, area))
        assert along < 0.2 * across
    assert screen.tab.is_visible("[data-legend=blind]")
    screen.press("h")
    assert np.ptp(stripes(OPAQUE)) <= 1
    assert not screen.tab.is_visible("[data-legend=blind]")


def test_materials_have_their_colours_and_grey_where_nothing_can_be_told(screen):
    screen.press("8", "g", "u")
    screen.wait_for("rescan_low", 2)
    red, green, blue = screen.colour(ORGANIC)
    assert red > green > blue
    red, green, blue = screen.colour(INORGANIC)
    assert green > max(red, blue)
    red, green, blue = screen.colour(METAL)
    assert blue > max(red, green)
    for box in (THIN, THICK):
        assert np.ptp(screen.colour(box)) < 1
    assert screen.tab.is_visible("[data-legend=dual]")


def test_pseudo_colour_inversion_and_edges(screen):
    screen.press("8", "g")
    plain = screen.colour(ADDED)
    screen.press("i")
    assert screen.colour(ADDED) == pytest.approx(255 - plain, abs=1)
    screen.press("i", "y")
    assert np.ptp(screen.colour(ADDED)) > 40
    screen.press("y")
    x, y = screen.ask(f"{VIEWER}.view.show({list(ADDED)}), {VIEWER}.paint(), {PANE}.toScreen({ADDED[0]}, 1.15)")
    row = screen.pixels(int(x) - 20, int(y), 40, 1)[0, :, 0].astype(int)
    screen.press("e")
    sharp = screen.pixels(int(x) - 20, int(y), 40, 1)[0, :, 0].astype(int)
    assert np.ptp(sharp) > np.ptp(row) + 10
