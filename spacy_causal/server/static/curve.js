// How good the model was after each round, as a line.

import { element } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, EDGE] = [300, 80, 6];

/** @param {{answered: number, f1: number}[]} curve a point a round, F1 from 0 to 1
 *  @returns {HTMLElement | null} nothing where there is no line to draw yet */
export function drawCurve(curve) {
  if (curve.length < 2) return null;
  const said = describe(curve);
  const figure = element("figure", "curve");
  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": said });
  svg.append(make("title", {}, said));
  const places = placesOf(curve);
  const points = places.map(([x, y]) => `${x},${y}`).join(" ");
  svg.append(make("polyline", { class: "line", points }));
  for (const [cx, cy] of places) svg.append(make("circle", { class: "point", cx, cy, r: 5 }));
  const [low, high] = range(curve);
  const scale = element("span", "scale");
  scale.setAttribute("aria-hidden", "true");
  scale.append(element("span", "", percent(high)), element("span", "", percent(low)));
  figure.append(scale, svg);
  return figure;
}

export function describe(curve) {
  const [first, last] = [curve[0], curve[curve.length - 1]];
  const best = Math.max(...curve.map(({ f1 }) => f1));
  return (
    `Learning curve: F1 on dev ${percent(first.f1)} after ${first.answered} sentences, ` +
    `${percent(last.f1)} after ${last.answered}; best ${percent(best)}`
  );
}

function placesOf(curve) {
  const [low, high] = range(curve);
  const last = curve[curve.length - 1].answered;
  const [start, wide] = [curve[0].answered, last - curve[0].answered];
  return curve.map(({ answered, f1 }, i) => {
    // Sentences that were taken back, or rounds without one, stand side by side.
    const right = wide > 0 ? (answered - start) / wide : i / (curve.length - 1);
    const up = high > low ? (f1 - low) / (high - low) : 0.5;
    return [place(right, WIDTH), place(1 - up, HEIGHT)];
  });
}

function place(share, length) {
  return Math.round(10 * (EDGE + share * (length - 2 * EDGE))) / 10;
}

function range(curve) {
  const all = curve.map(({ f1 }) => f1);
  return [Math.min(...all), Math.max(...all)];
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

function make(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}
