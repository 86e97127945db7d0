"""The viewer in a browser, as a test reads and works it."""

import numpy as np

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
