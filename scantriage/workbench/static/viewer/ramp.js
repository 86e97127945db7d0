/** The colours of pseudo-colour: dense dark violet over red and yellow to white, lighter at every step. */

const STOPS = [
  [8, 5, 40], [60, 15, 100], [125, 30, 108], [185, 50, 85], [228, 90, 48], [247, 146, 22], [246, 203, 60],
  [248, 240, 150], [255, 255, 245],
];

/** 256 colours, red, green, blue and opaque. */
export const RAMP = new Uint8Array(
  Array.from({ length: 256 }, (_, index) => {
    const place = (index / 255) * (STOPS.length - 1);
    const low = Math.min(Math.floor(place), STOPS.length - 2);
    return [...STOPS[low].map((value, channel) =>
      Math.round(value + (STOPS[low + 1][channel] - value) * (place - low))), 255];
  }).flat(),
);
