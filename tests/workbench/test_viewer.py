"""The viewer in a browser: its pixels against the formula, where it puts things, and how it is worked."""

import numpy as np
import pytest
from made_container import (
    ADDED,
    AIR,
    DARK,
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
    known_views,
    lay,
    origin_codes,
)
from made_views import layer

from scantriage.io.views import read_halved_tile, write_views
from scantriage.scan.views import FineViews
from scantriage.workbench import static_files

pytestmark = pytest.mark.browser

VIEWER = "document.querySelector('[data-views]').viewer"
PANE = f"{VIEWER}.panes[0]"


class Screen:
    """The viewer on a page; coordinates are pixels of the canvas, from its upper left corner."""

    def __init__(self, tab) -> None:
        self.tab = tab
        box = tab.locator("canvas").bounding_box()
        self.left, self.top, self.width, self.height = (round(box[key]) for key in ("x", "y", "width", "height"))

    def ask(self, script):
        return self.tab.evaluate(script)

    def press(self, *keys):
        for key in keys:
            self.tab.keyboard.press(key)

    def pixels(self, x=0, y=0, width=None, height=None):
        """(rows, cols, 3) uint8 of what is drawn."""
        width, height = width or self.width, height or self.height
        flat = self.ask(f"{VIEWER}.paint(), {VIEWER}.pixels({x}, {y}, {width}, {height})")
        return np.array(flat, dtype=np.uint8).reshape(height, width, 4)[:, :, :3]

    def at(self, x_m, z_m, pane=0):
        """The whole pixel that shows a place."""
        x, y = self.ask(f"{VIEWER}.paint(), {VIEWER}.panes[{pane}].toScreen({x_m}, {z_m})")
        return int(x), int(y)

    def colour(self, box, pane=0):
        """Mean colour of the middle of a box in metres."""
        x, y = self.at((box[0] + box[1]) / 2, (box[2] + box[3]) / 2, pane)
        return self.pixels(x - 1, y - 1, 3, 3).reshape(-1, 3).mean(axis=0)

    def wait_for_whole_tiles(self):
        """Until what was shown first from halved tiles is here whole."""
        for _ in range(200):
            if self.ask(f"Object.values({VIEWER}.layers).every(one => one.finest === 0)"):
                return self
            self.tab.wait_for_timeout(50)
        raise AssertionError("the whole tiles did not arrive")

    def wait_for(self, layer, n_tiles):
        """Until a layer is here; the page's policy forbids the browser to wait for an expression."""
        for _ in range(200):
            if self.ask(f"{VIEWER}.layers.{layer}.codes.size") == n_tiles:
                return
            self.tab.wait_for_timeout(50)
        raise AssertionError(f"{layer} did not arrive")

    def move(self, x, y):
        self.tab.mouse.move(self.left + x, self.top + y)

    def drag(self, start, end, button="left"):
        self.move(*start)
        self.tab.mouse.down(button=button)
        self.move(*end)
        self.tab.mouse.up(button=button)

    def text(self, name):
        self.ask(f"{VIEWER}.paint()")
        return self.tab.inner_text(f"[data-readout='{name}']")


def open_next(tab):
    """Have the next container laid before who is signed in, and wait until it is drawn."""
    tab.goto("/work")
    tab.click("form[data-next] button")
    tab.wait_for_selector("[data-state=ready]")
    return Screen(tab).wait_for_whole_tiles()


@pytest.fixture
def screen(tab_for, workbench):
    """The first container before an analyst; whatever the page says on its console must be harmless."""
    lay(workbench)
    tab = tab_for("analyst")
    said = []
    tab.on("console", lambda message: message.type == "error" and said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    yield open_next(tab)
    assert said == []


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


def test_the_originals_are_one_key_away_and_untouched(screen):
    screen.press("o")
    screen.wait_for("rescan_file", 1)
    assert screen.tab.is_visible("[data-label=origin_file]")
    assert screen.tab.is_visible("[data-label=rescan_file]")
    pane_x, pane_y = screen.ask(f"{VIEWER}.paint(), {PANE}.toScreen(7.0, 1.5)")
    screen.move(pane_x, pane_y)
    assert float(screen.text("origin")) == pytest.approx(-np.log(round((AIR - DARK) / 10) / (AIR - DARK)), abs=2e-3)
    # the finding's box lies where the file shows it: rows 100 to 150, columns 300 to 400 of 2 cm
    x0, y0 = screen.ask(f"{PANE}.toScreen(6.0, 2.0)")
    drawn = screen.ask("(() => { const one = document.querySelector('rect.mark.finding'); "
                       "return [one.x.baseVal.value, one.y.baseVal.value]; })()")  # fmt: skip
    assert drawn == pytest.approx([x0, y0], abs=0.5)
    screen.press("o")
    screen.tab.wait_for_selector("[data-label=origin]:visible")


def test_values_under_the_cursor_and_the_ruler_are_in_metres_and_grams(screen):
    screen.press("8", "x")
    screen.move(*screen.at(3.2, 1.15))
    assert float(screen.text("x")) == pytest.approx(3.2, abs=0.03)
    assert float(screen.text("z")) == pytest.approx(1.15, abs=0.03)
    assert float(screen.text("rescan")) == pytest.approx(2.0, abs=1e-3)
    assert float(screen.text("rescan-mass")) == pytest.approx(2.0 * (1 + 0.027 * 2.0) / 0.0519, abs=0.05)
    assert float(screen.text("difference")) == pytest.approx(0.8, abs=1e-3)
    assert float(screen.text("significance")) == pytest.approx(9.0, abs=0.05)
    screen.move(*screen.at(8.5, 1.5))
    assert screen.tab.is_visible("[data-readout=blind-2]")
    assert not screen.tab.is_visible("[data-readout=blind-1]")

    screen.press("m")
    screen.drag(screen.at(2.0, 1.0), screen.at(5.0, 1.0))
    label = screen.tab.text_content("text.draft")
    assert float(label.removesuffix(" m")) == pytest.approx(3.0, abs=0.03)


def test_window_and_level_are_dragged_with_the_right_button_or_w(screen):
    screen.press("g")
    low, high = screen.ask(f"[{VIEWER}.look.range.low, {VIEWER}.look.range.high]")
    screen.drag((300, 200), (400, 200), button="right")
    wider = screen.ask(f"{VIEWER}.look.range.high - {VIEWER}.look.range.low")
    assert wider > 1.3 * (high - low)
    screen.tab.keyboard.down("w")
    screen.drag((300, 200), (300, 150))
    screen.tab.keyboard.up("w")
    centre = screen.ask(f"({VIEWER}.look.range.high + {VIEWER}.look.range.low) / 2")
    assert centre > (low + high) / 2  # brighter
    screen.press("[")
    assert screen.ask(f"{VIEWER}.look.range.high - {VIEWER}.look.range.low") < wider
    screen.press("{")
    assert screen.ask(f"({VIEWER}.look.range.high + {VIEWER}.look.range.low) / 2") < centre


def test_both_panes_move_and_zoom_as_one(screen):
    before = screen.ask(f"{VIEWER}.view.scale")
    screen.move(*screen.at(3.0, 1.5))
    screen.tab.mouse.wheel(0, -600)
    screen.ask(f"{VIEWER}.paint()")
    assert screen.ask(f"{VIEWER}.view.scale") > 2 * before
    assert [round(one, 3) for one in screen.ask(f"{VIEWER}.panes.map(one => one.toMetres(one.x, one.y)[0])")] == [
        round(screen.ask(f"{PANE}.toMetres({PANE}.x, 0)[0]"), 3)
    ] * 2
    x = screen.ask(f"{VIEWER}.view.x")
    screen.drag((300, 100), (200, 100))
    assert screen.ask(f"{VIEWER}.view.x") > x
    screen.press("ArrowLeft", "ArrowLeft")
    assert screen.ask(f"{VIEWER}.view.x") == pytest.approx(x - 20 / screen.ask(f"{VIEWER}.view.scale"))
    screen.press("+")
    screen.press("-")
    screen.press("0")
    assert screen.ask(f"{VIEWER}.view.whole")


def test_findings_are_stepped_through_with_one_key(screen):
    screen.press("n")
    assert screen.tab.inner_text("[aria-current=true][data-box]").startswith("1 added")
    assert "about that" in screen.tab.inner_text("[data-part=spoken]")
    x, z = screen.ask(f"[{VIEWER}.view.x, {VIEWER}.view.z]")
    assert (x, z) == pytest.approx((3.2, 1.15))
    screen.press("n")
    assert screen.tab.inner_text("[aria-current=true][data-box]").startswith("2 removed")
    screen.press("n", "p")
    assert screen.tab.inner_text("[aria-current=true][data-box]").startswith("2 removed")
    screen.tab.click("[data-box] >> nth=0")
    assert screen.ask(f"{VIEWER}.findings.current") == 0


def test_the_magnifier_shows_thrice_as_large_what_is_under_the_pointer(screen):
    screen.press("h", "8", "g", "z")
    x, y = screen.at(*ADDED[:1], 1.15)
    screen.move(x, y)
    scale = screen.ask(f"{VIEWER}.view.scale")
    width = (ADDED[1] - ADDED[0]) * scale
    row = screen.pixels(x, y, round(4 * width), 1)[0, :, 0].astype(int)
    # from its left edge under the pointer the block goes on thrice as far
    assert 3 + np.flatnonzero(np.abs(row[3:] - row[3]) > 30)[0] == pytest.approx(
        min(3 * width, screen.ask(f"Math.min(130, 0.42 * {PANE}.height)")), abs=3
    )


def test_annotations_are_kept_at_once_and_shown_again(screen):
    tab = screen.tab
    screen.press("b")
    screen.drag(screen.at(2.0, 2.0), screen.at(4.0, 1.0))
    tab.wait_for_selector(".annotations li >> nth=0")
    screen.press("v")
    for x, z in ((5.0, 1.0), (6.0, 1.0), (6.0, 2.0)):
        tab.mouse.click(screen.left + screen.at(x, z)[0], screen.top + screen.at(x, z)[1])
    tab.mouse.dblclick(screen.left + screen.at(5.0, 2.0)[0], screen.top + screen.at(5.0, 2.0)[1])
    tab.wait_for_selector(".annotations li >> nth=1")
    screen.press("q")
    tab.mouse.click(screen.left + screen.at(7.0, 1.0)[0], screen.top + screen.at(7.0, 1.0)[1])
    tab.wait_for_selector(".annotations li >> nth=2")
    screen.press("t")
    tab.mouse.click(screen.left + screen.at(8.0, 1.0)[0], screen.top + screen.at(8.0, 1.0)[1])
    tab.keyboard.type("<b>two bags</b> n")
    screen.press("Enter")
    tab.wait_for_selector(".annotations li >> nth=3")
    assert tab.locator("text.annotation >> nth=3").text_content() == "<b>two bags</b> n"

    tab.reload()
    tab.wait_for_selector(".annotations li >> nth=3")
    items = {item["shape"]: item["points_m"] for item in screen.ask(f"{VIEWER}.annotations.items")}
    assert items.keys() == {"box", "polygon", "point", "text"}
    assert np.ravel(items["box"]) == pytest.approx([2, 2, 4, 1], abs=0.03)
    assert len(items["polygon"]) == 4
    tab.click(".annotations li:has-text('Box') button")
    tab.wait_for_selector(".annotations li >> nth=3", state="detached")
    tab.reload()
    tab.wait_for_selector(".annotations li >> nth=2")
    assert {item["shape"] for item in screen.ask(f"{VIEWER}.annotations.items")} == {"polygon", "point", "text"}


def test_shapes_are_drawn_without_a_mouse(screen):
    screen.press("b", "Shift+ArrowLeft", "Enter")
    screen.press(*["Shift+ArrowRight"] * 10, *["ArrowUp"] * 30, "Enter")
    screen.tab.wait_for_selector(".annotations li")
    (x0, z0), (x1, z1) = screen.ask(f"{VIEWER}.annotations.items[0].points_m")
    scale = screen.ask(f"{VIEWER}.view.scale")
    assert (x1 - x0, z1 - z0) == pytest.approx((100 / scale, 30 / scale), abs=1e-3)
    screen.press("Escape")
    assert screen.ask(f"{VIEWER}.tools.name") is None


def test_every_key_and_every_button_does_something(screen):
    commands = screen.ask("Object.keys(document.querySelector('[data-views]').commands)")
    buttons = screen.ask("[...document.querySelectorAll('[data-command]')].map(one => one.dataset.command)")
    assert set(buttons) == set(commands)
    keys = screen.ask("[...document.querySelectorAll('[data-keys]')].flatMap(one => one.dataset.keys.split(' '))")
    assert len(keys) == len(set(keys))
    assert not {"r", "l", "c"} & set(keys)  # they decide
    toggles = screen.tab.locator(".toolbar [aria-pressed]")
    for index in range(toggles.count()):
        one = toggles.nth(index)
        before = one.get_attribute("aria-pressed")
        one.click()
        screen.ask(f"{VIEWER}.paint()")
        now = one.get_attribute("aria-pressed")
        assert now != before or one.get_attribute("data-command") == "mode-both"


def test_the_help_lists_all_keys_and_can_turn_them_off(screen):
    tab = screen.tab
    screen.press("?")
    listed = tab.locator("dialog dt kbd").all_inner_texts()
    assert {"1", "o", "n", "p", "?", "Esc", "r"} <= set(listed)
    tab.click("[data-part=keys]")
    screen.press("Escape", "5")
    assert screen.ask(f"{VIEWER}.mode") == "both"
    screen.tab.click("[data-command=help]")
    tab.click("[data-part=keys]")
    screen.press("Escape", "5")
    assert screen.ask(f"{VIEWER}.mode") == "difference"


def test_keys_do_nothing_while_somebody_writes(screen):
    screen.tab.fill("textarea[name=text]", "")
    screen.tab.click("textarea[name=text]")
    screen.tab.keyboard.type("5 o n")
    assert screen.ask(f"[{VIEWER}.mode, {VIEWER}.files, {VIEWER}.findings.current]") == ["both", False, -1]


def test_the_next_container_is_made_ready_while_this_one_is_read(screen):
    screen.tab.wait_for_selector("html[data-next=ready]", timeout=20_000)
    asked = []
    screen.press("l", "1", "Enter")
    screen.tab.wait_for_url("**/decided")
    screen.tab.on("response", lambda answer: "/views/" in answer.url and asked.append(answer))
    screen.tab.keyboard.press("Enter")
    screen.tab.wait_for_selector("[data-state=ready]")
    tiles = [answer for answer in asked if "/origin/" in answer.url or "/rescan/" in answer.url]
    assert tiles
    sizes = screen.ask("performance.getEntriesByType('resource').filter(one => /(origin|rescan).*bin/.test(one.name))"
                       ".map(one => one.transferSize)")  # fmt: skip
    assert sizes
    assert set(sizes) == {0}  # from the browser's own memory


def test_where_webgl_is_missing_the_drawn_picture_is_shown(tab_for, workbench):
    lay(workbench)
    tab = tab_for("analyst")
    tab.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    tab.goto("/work")
    tab.click("form[data-next] button")
    tab.wait_for_selector("[data-state=picture]")
    picture = tab.locator("[data-part=picture]")
    picture.wait_for(state="visible")
    tab.wait_for_load_state("networkidle")
    assert picture.evaluate("one => one.naturalWidth") > 500


def test_without_scripts_the_drawn_picture_is_shown(chromium, served, tab_for, workbench):
    lay(workbench)
    tab = tab_for("analyst")
    open_next(tab)
    cookies = tab.context.cookies()
    plain = chromium.new_context(base_url=served, java_script_enabled=False)
    plain.add_cookies(cookies)
    page = plain.new_page()
    page.goto(tab.url)
    assert page.locator("noscript img").count() or page.locator("figure.fallback img").count()
    assert page.locator("form[data-decision]").is_visible()
    plain.close()


def test_one_scan_alone_is_shown_with_what_there_is(tab_for, workbench):
    views = known_views(files=False)
    alone = type(views)(views.length_m, views.height_m, {"rescan": views.layers["rescan"]})
    lay(workbench, views=alone)
    screen = open_next(tab_for("analyst"))
    assert screen.ask(f"{VIEWER}.mode") == "rescan"
    for command in ("mode-both", "mode-difference", "originals", "dual", "blind", "flip"):
        assert screen.tab.is_disabled(f"[data-command={command}]")
    screen.press("1", "5", "o", "u", " ")
    assert screen.ask(f"[{VIEWER}.mode, {VIEWER}.files]") == ["rescan", False]
