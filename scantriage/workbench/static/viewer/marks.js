/** What lies above the picture as SVG: boxes of findings, annotations, the ruler, the crosshair. */

const SVG = "http://www.w3.org/2000/svg";
const LEAST_BOX = 8; // pixels: smaller boxes would not be seen

/** A mark: points in metres; kind: its CSS class; label beside it. @typedef {{shape: string, points: number[][], kind: string, label?: string}} Mark */

/** Draw the marks of each pane anew. @param {SVGSVGElement} svg @param {{pane: object, marks: Mark[]}[]} shown */
export function drawMarks(svg, shown, { width, height, ratio }) {
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const parts = shown.flatMap(({ pane, marks }, index) => {
    const clip = element("clipPath", { id: `viewer-pane-${index}` }, [
      element("rect", { x: pane.x, y: pane.y, width: pane.width, height: pane.height }),
    ]);
    const drawn = marks.flatMap((mark) => drawMark(mark, pane, ratio));
    return [clip, element("g", { "clip-path": `url(#viewer-pane-${index})` }, drawn)];
  });
  svg.replaceChildren(...parts);
}

function drawMark(mark, pane, ratio) {
  const points = mark.points.map(([x, z]) => pane.toScreen(x, z));
  const shape = SHAPES[mark.shape](points, ratio, pane);
  shape.setAttribute("class", `mark ${mark.kind}`);
  if (!mark.label) return [shape];
  const [right, down] = labelPlace(mark.shape, points, ratio);
  const label = element("text", { x: right, y: down, class: `mark-label ${mark.kind}`, "font-size": 13 * ratio });
  label.textContent = mark.label;
  return [shape, label];
}

const SHAPES = {
  box(points) {
    const [x0, x1] = span(points.map(([x]) => x)), [y0, y1] = span(points.map(([, y]) => y));
    return element("rect", { x: x0, y: y0, width: x1 - x0, height: y1 - y0 });
  },
  point([[x, y]], ratio) {
    return element("circle", { cx: x, cy: y, r: 6 * ratio });
  },
  text([[x, y]], ratio) {
    return element("circle", { cx: x, cy: y, r: 3 * ratio });
  },
  polygon(points) {
    return element("polygon", { points: points.map((point) => point.join()).join(" ") });
  },
  ruler(points) {
    return element("polyline", { points: points.map((point) => point.join()).join(" ") });
  },
  cross([[x, y]], _ratio, pane) {
    return element("path", {
      d: `M${pane.x} ${y}H${pane.x + pane.width}M${x} ${pane.y}V${pane.y + pane.height}`,
    });
  },
};

function labelPlace(shape, points, ratio) {
  if (shape === "box") return [Math.min(...points.map(([x]) => x)), Math.min(...points.map(([, y]) => y)) - 5 * ratio];
  const [right, down] = points.at(-1);
  return [right + 8 * ratio, down - 6 * ratio];
}

/** From the least to the greatest, at least as far apart as can be seen. */
function span(values) {
  const low = Math.min(...values), high = Math.max(...values), more = Math.max(0, LEAST_BOX - (high - low)) / 2;
  return [low - more, high + more];
}

function element(name, attributes, children = []) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
