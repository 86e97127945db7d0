/**
 * The one pass that makes every picture: both scans, their overlay, difference and significance.
 *
 * It is compiled for what is asked for, and for no more: a renderer without a graphics card goes through every branch
 * of a shader, also through those that are not taken (0.6 s a frame for all of it, 0.1 s for both scans alone).
 */

export const LAYERS = ["first", "second", "firstOther", "secondOther", "map", "blind"];
export const KINDS = { scan: 0, swipe: 1, overlay: 2, difference: 3, significance: 4 };
export const COLOURS = { grey: 0, pseudo: 1, dual: 2 };
export const CURVE_POINTS = 64;

/** @param {{kind: string, colour: string, sharpened: boolean, blind: boolean}} asked */
export function sourceFor({ kind, colour, sharpened, blind }) {
  const defined = { KIND: KINDS[kind], COLOUR: COLOURS[colour], SHARPENED: Number(sharpened), BLIND: Number(blind) };
  const lines = Object.entries(defined).map(([name, value]) => `#define ${name} ${value}\n`);
  return `#version 300 es\n${lines.join("")}${SOURCE}`;
}

const SOURCE = `
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2DArray;

struct Layer {
  bool there;
  vec4 place;  // texel = (x, z) of the pixel * place.xy + place.zw, at full size, (col, row)
  ivec2 size;  // cols, rows
  int tile, tileCols, finest, level, coarse;  // finest: that is here; level: about a texel a pixel; coarse: some 4 cm
  vec2 code;  // scale, offset
  vec3 counts;  // 1, dark, air - dark where codes are counts
};
uniform Layer first, second, firstOther, secondOther, map, blind;
uniform usampler2DArray firstCodes, secondCodes, firstOtherCodes, secondOtherCodes, mapCodes, blindCodes;
uniform int scanRow;  // of the first scan in curves
uniform ivec2 otherIsHigher;  // by scan: whether its second layer is of the higher energy
uniform vec2 greyRange;  // low, high
uniform bool linear, inverted;
uniform float limit, split;
uniform vec3 lens;  // centre, radius in pixels
uniform int blindBits;
uniform sampler2D ramp;  // 256 x 1: colours of pseudo-colour
uniform sampler2D curves;  // points x 2 (first, second): attenuation of the lower energy: organic, inorganic, metal
uniform vec3 curveRange[2];  // attenuation per point; least and most that tell materials apart
out vec4 shown;

const float NOTHING = 1e9;
const vec3 MORE = vec3(0.698, 0.094, 0.169), LESS = vec3(0.129, 0.400, 0.675);
const vec3 ORGANIC = vec3(0.93, 0.49, 0.05), INORGANIC = vec3(0.18, 0.62, 0.22), METAL = vec3(0.15, 0.35, 0.85);
const vec3 UNSEEN = vec3(0.5);
const float MAGNIFIED = 3.0, SHARPENING = 1.5;

uint codeAt(usampler2DArray codes, Layer l, ivec2 at, int level) {
  ivec2 last = (l.size - 1) >> level;
  if (any(lessThan(at, ivec2(0))) || any(greaterThan(at, last))) return 0u;
  int tile = l.tile >> level;
  ivec2 number = ivec2((vec2(at) + 0.5) / float(tile));  // quicker than dividing whole numbers
  return texelFetch(codes, ivec3(at - number * tile, number.y * l.tileCols + number.x), level).r;
}

float valueOf(Layer l, float code) {
  float value = l.code.y + l.code.x * code;
  return l.counts.x > 0.0 ? -log(max((value - l.counts.y) / l.counts.z, 1e-5)) : value;
}

// between texel centres in proportion; next to nothing the nearest texel
float valueAt(usampler2DArray codes, Layer l, vec2 texel, int level) {
  vec2 place = texel / float(1 << level) - 0.5, low = floor(place), part = place - low;
  ivec2 last = (l.size - 1) >> level;
  if (any(lessThan(place, vec2(-0.5))) || any(greaterThanEqual(place, vec2(last) + 0.5))) return NOTHING;
  ivec2 a = max(ivec2(low), 0), b = min(ivec2(low) + 1, last);
  int tile = l.tile >> level;
  ivec2 tileA = ivec2((vec2(a) + 0.5) / float(tile)), tileB = ivec2((vec2(b) + 0.5) / float(tile));
  a -= tileA * tile;
  b -= tileB * tile;
  int rowA = tileA.y * l.tileCols, rowB = tileB.y * l.tileCols;
  vec4 c = vec4(
    float(texelFetch(codes, ivec3(a, rowA + tileA.x), level).r),
    float(texelFetch(codes, ivec3(b.x, a.y, rowA + tileB.x), level).r),
    float(texelFetch(codes, ivec3(a.x, b.y, rowB + tileA.x), level).r),
    float(texelFetch(codes, ivec3(b, rowB + tileB.x), level).r));
  if (c.x * c.y * c.z * c.w > 0.0)
    return valueOf(l, mix(mix(c.x, c.y, part.x), mix(c.z, c.w, part.x), part.y));
  float nearest = part.y < 0.5 ? (part.x < 0.5 ? c.x : c.y) : (part.x < 0.5 ? c.z : c.w);
  return nearest > 0.0 ? valueOf(l, nearest) : NOTHING;
}

#if SHARPENED
float sharpened(usampler2DArray codes, Layer l, vec2 texel, int level, float value) {
  ivec2 centre = ivec2(floor(texel / float(1 << level)));
  float sum = 0.0, seen = 0.0;
  for (int i = 0; i < 9; i++) {
    uint code = codeAt(codes, l, centre + 2 * ivec2(i % 3 - 1, i / 3 - 1), level);
    if (code > 0u) { sum += valueOf(l, float(code)); seen += 1.0; }
  }
  return seen > 0.0 ? value + SHARPENING * (value - sum / seen) : value;
}
#endif

// dense is dark: the formula of docs/viewer.md
float greyOf(float attenuation) {
  float v = linear ? exp(-attenuation) : attenuation;
  float grey = floor(255.0 * clamp((v - greyRange.x) / (greyRange.y - greyRange.x), 0.0, 1.0) + 0.5) / 255.0;
  return linear != inverted ? grey : 1.0 - grey;
}

#if COLOUR == ${COLOURS.dual}
vec3 tinted(vec3 hue, float grey) {
  return grey < 0.5 ? hue * (0.3 + 1.4 * grey) : mix(hue, vec3(1.0), 2.0 * grey - 1.0);
}

vec3 materials(float high, float low, int scan, float grey) {
  vec3 range = curveRange[scan];
  if (high < range.y || high > range.z) return vec3(grey);
  float place = high / range.x;
  int point = min(int(place), ${CURVE_POINTS - 2});
  vec3 known = mix(
    texelFetch(curves, ivec2(point, scan), 0).rgb, texelFetch(curves, ivec2(point + 1, scan), 0).rgb,
    place - float(point));
  float upper = clamp((low - known.y) / (known.x - known.y), 0.0, 1.0);
  float lower = clamp((low - known.z) / (known.y - known.z), 0.0, 1.0);
  return tinted(low > known.y ? mix(INORGANIC, ORGANIC, upper) : mix(METAL, INORGANIC, lower), grey);
}
#endif

float greyAt(usampler2DArray codes, Layer l, vec2 pixel, int level) {
  vec2 texel = pixel * l.place.xy + l.place.zw;
  float value = l.there ? valueAt(codes, l, texel, level) : NOTHING;
  if (value == NOTHING) return -1.0;
#if SHARPENED
  value = sharpened(codes, l, texel, level, value);
#endif
  return greyOf(value);
}

#if KIND <= ${KINDS.swipe}
vec3 scanAt(usampler2DArray codes, Layer l, usampler2DArray otherCodes, Layer other, vec2 pixel, int level, int scan) {
  float grey = greyAt(codes, l, pixel, level);
  if (grey < 0.0) return UNSEEN;
#if COLOUR == ${COLOURS.dual}
  if (other.there) {  // materials from means over some 4 cm: the noise of one texel is more than what tells them apart
    float mine = valueAt(codes, l, pixel * l.place.xy + l.place.zw, l.coarse);
    float theirs = valueAt(otherCodes, other, pixel * other.place.xy + other.place.zw, other.coarse);
    if (mine == NOTHING || theirs == NOTHING) return vec3(grey);
    return otherIsHigher[scan] == 1 ? materials(theirs, mine, scan, grey) : materials(mine, theirs, scan, grey);
  }
#elif COLOUR == ${COLOURS.pseudo}
  return texelFetch(ramp, ivec2(int(grey * 255.0 + 0.5), 0), 0).rgb;
#endif
  return vec3(grey);
}
#endif

vec3 changes(vec3 under, float signedPart, float cover) {
  return mix(under, signedPart > 0.0 ? MORE : LESS, cover);
}

vec3 pictureAt(vec2 pixel, bool near) {
  int a = near ? first.finest : first.level, b = near ? second.finest : second.level;
#if KIND == ${KINDS.scan}
  return scanAt(firstCodes, first, firstOtherCodes, firstOther, pixel, a, scanRow);
#elif KIND == ${KINDS.swipe}
  return gl_FragCoord.x < split
    ? scanAt(firstCodes, first, firstOtherCodes, firstOther, pixel, a, scanRow)
    : scanAt(secondCodes, second, secondOtherCodes, secondOther, pixel, b, 1);
#else
  float latest = greyAt(secondCodes, second, pixel, b);
#if KIND == ${KINDS.overlay}
  // what only the first has keeps red, what only the second has keeps green and blue
  float earlier = greyAt(firstCodes, first, pixel, a);
  return earlier < 0.0 || latest < 0.0 ? UNSEEN : vec3(latest, earlier, earlier);
#else
  float value = map.there ? valueAt(mapCodes, map, pixel * map.place.xy + map.place.zw, near ? 0 : map.level) : NOTHING;
  if (value == NOTHING) return UNSEEN;
  float under = latest < 0.0 ? 1.0 : latest;
#if KIND == ${KINDS.difference}
  return changes(vec3(mix(1.0, under, 0.25)), value, clamp(abs(value) / limit, 0.0, 1.0));
#else
  return changes(vec3(mix(1.0, under, 0.6)), value, 0.85 * smoothstep(2.0, limit, abs(value)));
#endif
#endif
#endif
}

// stripes up: not penetrated; stripes down: not seen at all; both: a lattice
#if BLIND
vec3 hatched(vec3 colour, vec2 pixel, bool near) {
  if (!blind.there) return colour;
  ivec2 at = ivec2(floor(pixel * blind.place.xy + blind.place.zw));
  int level = near ? blind.finest : blind.level;
  uint bits = codeAt(blindCodes, blind, at >> level, level) & uint(blindBits);
  if (bits == 0u) return colour;
  vec3 base = KIND >= ${KINDS.difference} ? vec3(0.82) : colour;
  bool up = (bits & 10u) != 0u && mod(gl_FragCoord.x - gl_FragCoord.y, 9.0) < 1.5;
  bool down = (bits & 5u) != 0u && mod(gl_FragCoord.x + gl_FragCoord.y, 9.0) < 1.5;
  return up || down ? (dot(base, vec3(0.3, 0.6, 0.1)) > 0.45 ? vec3(0.42, 0.25, 0.5) : vec3(0.85, 0.72, 0.95)) : base;
}
#endif

void main() {
  vec2 pixel = gl_FragCoord.xy;
  float away = distance(pixel, lens.xy);
  bool near = lens.z > 0.0 && away < lens.z;
  if (near) pixel = lens.xy + (pixel - lens.xy) / MAGNIFIED;
  vec3 colour = pictureAt(pixel, near);
#if BLIND
  colour = hatched(colour, pixel, near);
#endif
  if (lens.z > 0.0 && abs(away - lens.z) < 1.0) colour = vec3(0.1, 0.1, 0.1);
#if KIND == ${KINDS.swipe}
  if (abs(gl_FragCoord.x - split) < 1.0) colour = vec3(1.0, 0.85, 0.2);
#endif
  shown = vec4(colour, 1.0);
}`;
