"""What the viewer can do: the one table behind its buttons, its keys and the help that lists them."""

from __future__ import annotations

from dataclasses import dataclass

from scantriage.workbench.language import N_


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the viewer; `name` is known to static/viewer/commands.js.

    keys: as KeyboardEvent.key names them, letters small; the first is shown. label: on the button, empty where there
    is a key only. says: what it does. toggles: whether it stays on.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    says: str
    toggles: bool = False

    @property
    def shown_key(self) -> str:
        """The key as it is written on a keyboard."""
        return _WRITTEN.get(self.keys[0], self.keys[0]) if self.keys else ""


@dataclass(frozen=True, slots=True)
class CommandGroup:
    """Commands that belong together. mouse: what it does with them, empty where there is nothing to say."""

    name: str
    label: str
    commands: tuple[Command, ...]
    mouse: str = ""


_WRITTEN = {
    "ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", "Space": "␣", "Escape": "Esc",
    "Shift+ArrowLeft": "⇧←", "Shift+ArrowRight": "⇧→", "Shift+ArrowUp": "⇧↑", "Shift+ArrowDown": "⇧↓",
}  # fmt: skip

COMMANDS = (
    CommandGroup("modes", N_("Look"), (
        Command("mode-both", ("1",), N_("Both"), N_("Both scans on one scale"), True),
        Command("mode-swipe", ("2",), N_("Swipe"), N_("Origin scan to the left of a line, rescan to the right"), True),
        Command("mode-blink", ("3",), N_("Blink"), N_("Origin scan and rescan in turn"), True),
        Command("mode-overlay", ("4",), N_("Overlay"), N_("Only in the origin scan red, only in the rescan cyan"),
                True),
        Command("mode-difference", ("5",), N_("Difference"), N_("Rescan minus origin scan: more red, less blue"), True),
        Command("mode-significance", ("6",), N_("Significance"), N_("How certain a difference is: more red, less blue"),
                True),
        Command("mode-origin", ("7",), N_("Origin"), N_("The origin scan alone"), True),
        Command("mode-rescan", ("8",), N_("Rescan"), N_("The rescan alone"), True),
        Command("originals", ("o",), N_("Originals"), N_("The scans as delivered, neither registered nor turned"),
                True),
        Command("flip", ("Space",), N_("Flip"), N_("The other scan of a blink, by hand")),
        Command("less", (",",), "", N_("Line of the swipe to the left, slower blinks, sooner full colour")),
        Command("more", (".",), "", N_("Line of the swipe to the right, quicker blinks, later full colour")),
    ), N_("Drag the line of a swipe.")),
    CommandGroup("window", N_("Window"), (
        Command("window-air", ("a",), N_("Air"), N_("What is thin: air, packaging, walls")),
        Command("window-cargo", ("g",), N_("Cargo"), N_("Ordinary goods")),
        Command("window-dense", ("d",), N_("Dense"), N_("Dense goods and machinery")),
        Command("window-auto", ("f",), N_("Auto"), N_("Fitted to what is in view")),
        Command("linear", ("k",), N_("Linear"), N_("Transmission on a linear scale, else logarithmic"), True),
        Command("narrower", ("[",), "", N_("More contrast")),
        Command("wider", ("]",), "", N_("Less contrast")),
        Command("darker", ("{",), "", N_("Darker")),
        Command("brighter", ("}",), "", N_("Brighter")),
    ), N_("Drag with the right button, or with w held down: across for contrast, up and down for brightness.")),
    CommandGroup("colours", N_("Show"), (
        Command("invert", ("i",), N_("Invert"), N_("Dense light, air dark"), True),
        Command("pseudo", ("y",), N_("Colours"), N_("Pseudo-colour: small steps of grey told apart"), True),
        Command("dual", ("u",), N_("Materials"), N_("Materials from two energies: organic orange, inorganic green, "
                "metal blue"), True),
        Command("sharpen", ("e",), N_("Edges"), N_("Edges enhanced"), True),
        Command("lens", ("z",), N_("Magnifier"), N_("A magnifying glass under the pointer"), True),
        Command("blind", ("h",), N_("Blind areas"), N_("What could not be compared, hatched"), True),
    )),
    CommandGroup("view", N_("Move"), (
        Command("fit", ("0",), N_("Whole"), N_("The whole container")),
        Command("actual", ("9",), N_("1:1"), N_("One pixel of the scan for one of the screen")),
        Command("closer", ("+", "="), "+", N_("Zoom in")),
        Command("farther", ("-",), "−", N_("Zoom out")),
        Command("left", ("ArrowLeft",), "", N_("To the left; with a tool in hand its crosshair moves")),
        Command("right", ("ArrowRight",), "", N_("To the right")),
        Command("up", ("ArrowUp",), "", N_("Up")),
        Command("down", ("ArrowDown",), "", N_("Down")),
        Command("far-left", ("Shift+ArrowLeft",), "", N_("Far to the left")),
        Command("far-right", ("Shift+ArrowRight",), "", N_("Far to the right")),
        Command("far-up", ("Shift+ArrowUp",), "", N_("Far up")),
        Command("far-down", ("Shift+ArrowDown",), "", N_("Far down")),
    ), N_("The wheel zooms, dragging moves.")),
    CommandGroup("tools", N_("Tools"), (
        Command("tool-read", ("x",), N_("Values"), N_("A crosshair that reads values, also by the arrow keys"), True),
        Command("tool-ruler", ("m",), N_("Ruler"), N_("Measure in metres"), True),
        Command("tool-box", ("b",), N_("Box"), N_("Draw a box; it is kept at once"), True),
        Command("tool-point", ("q",), N_("Point"), N_("Mark a point"), True),
        Command("tool-polygon", ("v",), N_("Polygon"), N_("Draw corners; Enter twice or a double click closes"), True),
        Command("tool-text", ("t",), N_("Text"), N_("Write beside a place"), True),
        Command("place", ("Enter",), "", N_("Set a point at the crosshair")),
        Command("cancel", ("Escape",), "", N_("Let go of the shape, then of the tool")),
    ), N_("Click, or drag from corner to corner.")),
    CommandGroup("findings", N_("Findings"), (
        Command("previous", ("p",), N_("Previous"), N_("The finding before")),
        Command("next", ("n",), N_("Next"), N_("The next finding")),
    )),
    CommandGroup("help", N_("Help"), (
        Command("help", ("?",), N_("Keys"), N_("This list of keys")),
    )),
)  # fmt: skip
