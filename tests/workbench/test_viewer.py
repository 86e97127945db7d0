"""How the viewer is worked: keys, pointer, tools, and what stands in for it."""

import numpy as np
import pytest
from made_container import (
    ADDED,
    AIR,
    DARK,
    known_views,
    lay,
)
from made_screen import PANE, VIEWER, open_next

pytestmark = pytest.mark.browser


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
    tab.wait_for_selector("text.annotation:has-text('two bags')", state="attached")
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
