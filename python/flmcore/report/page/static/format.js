// Numbers, colours and marks, the same everywhere on the page.
"use strict";
(function (FLM) {
  const COLOURS = 7;  // --series-0 … in base.css; a shape goes with each
  const SYMBOLS = ["circle", "square", "triangle", "diamond", "star", "cross", "wye"];

  const index = new Map(FLM.data.detectors.map((row, place) => [row.name, place]));
  const colour = (name) => `var(--series-${(index.get(name) || 0) % COLOURS})`;
  // The colour itself, for a canvas, which knows no variables.
  const paint = (name) => getComputedStyle(document.documentElement).getPropertyValue(colour(name).slice(4, -1)).trim();
  // Seven colours, and a new shape for each seven: no two detectors of 49 look alike.
  const symbol = (name) => SYMBOLS[Math.floor((index.get(name) || 0) / COLOURS) % SYMBOLS.length];

  const metrics = new Map(FLM.data.metrics.map((metric) => [metric.key, metric]));
  const value = (name, key) => ((FLM.data.values[name] || {})[key]) || { mean: null, reason: "not measured" };

  // Two decimals, three for what they would round away; latencies three digits.
  function number(amount, metric) {
    if (amount === null || amount === undefined || !Number.isFinite(amount)) return "–";
    let digits = metric ? metric.digits : 2;
    if (metric && metric.unit === "ms") digits = Math.abs(amount) < 10 ? 2 : Math.abs(amount) < 100 ? 1 : 0;
    else if (digits && amount !== 0 && Math.abs(amount) < 0.1) digits = Math.max(digits, 3);
    return amount.toFixed(digits).replace(/^-/, "−");
  }

  const interval = (cell, metric) =>
    cell.low === null || cell.low === undefined ? "" : `[${number(cell.low, metric)}, ${number(cell.high, metric)}]`;
  const withUnit = (amount, metric) => number(amount, metric) + (metric.unit ? `\u00a0${metric.unit}` : "");
  const title = (metric) => metric.label + (metric.unit ? `, ${metric.unit}` : "");
  const list = (words) =>
    words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;

  // A number as somebody typed it, and a share that is neither 0 nor 100 % unless it is.
  const plain = (amount) => String(Number(amount.toPrecision(6)));
  const percent = (share) => (share > 0 && share < 0.005 ? "<1 %" : share < 1 && share > 0.995 ? ">99 %" : `${Math.round(100 * share)} %`);

  // What is lower is better, in every metric that has a better side.
  const loss = (amount, metric) =>
    metric.better === "high" ? -amount : metric.better === "zero" ? Math.abs(amount) : amount;

  Object.assign(FLM, { colour, paint, symbol, metrics, value, number, interval, withUnit, metricTitle: title, list, loss, plain, percent });
})(window.FLM);

// A detector's sign in its colour, as in the plots; a name always stands beside it.
(function (FLM) {
  const d3 = window.d3;
  const SHAPES = {
    circle: d3.symbolCircle, square: d3.symbolSquare, triangle: d3.symbolTriangle, diamond: d3.symbolDiamond,
    star: d3.symbolStar, cross: d3.symbolCross, wye: d3.symbolWye,
  };
  const path = (name, area) => d3.symbol(SHAPES[FLM.symbol(name)], area)();
  const swatch = (name) => FLM.svg("svg", { class: "swatch", viewBox: "-8 -8 16 16", "aria-hidden": "true" },
    FLM.svg("path", { d: path(name, 100), fill: FLM.colour(name) }));
  Object.assign(FLM, { symbolPath: path, symbolShape: (name) => SHAPES[FLM.symbol(name)], swatch });
})(window.FLM);
