// A sequential colour scale that holds for any colour blindness (viridis), with its legend; and marks on pictures.
"use strict";
(function (FLM) {
  const { el, svg } = FLM;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let number = 0;

  // From 0 to the 98th percentile of the values: one wild landmark must not flatten all others.
  function sequential(values) {
    const known = values.filter((value) => Number.isFinite(value)).map(Math.abs).sort((a, b) => a - b);
    const top = known.length ? d3.quantileSorted(known, 0.98) || known[known.length - 1] || 1 : 1;
    const cut = known.length > 0 && known[known.length - 1] > top * 1.0001;
    const share = (value) => Math.min(1, Math.abs(value) / top);
    const tone = (part) => d3.interpolateViridis(dark.matches ? 0.12 + 0.88 * part : 1 - 0.96 * part);
    const colour = (value) => (Number.isFinite(value) ? tone(share(value)) : "none");
    return { top, cut, share, tone, colour };
  }

  function legend(scale, title, digits) {
    number += 1;
    const id = `scale-${number}`;
    const [width, height] = [240, 12];
    const stops = d3.range(0, 1.0001, 0.1).map((part) => svg("stop", { offset: part, "stop-color": scale.tone(part) }));
    const ticks = [0, 0.5, 1].map((part) => svg("text", {
      x: 1 + part * width, y: height + 16, "text-anchor": part === 0 ? "start" : part === 1 ? "end" : "middle",
    }, `${part === 1 && scale.cut ? "≥ " : ""}${(scale.top * part).toFixed(part ? digits : 0)}`));
    return el("figure", { class: "legend" }, el("figcaption", {}, title),
      svg("svg", { viewBox: `0 0 ${width + 2} ${height + 20}`, width: width + 2, height: height + 20, "aria-hidden": "true" },
        svg("defs", {}, svg("linearGradient", { id }, stops)),
        svg("rect", { x: 1, y: 1, width, height, rx: 2, fill: `url(#${id})`, stroke: "currentColor", "stroke-opacity": 0.35 }), ticks));
  }

  // Dots that show on any skin: a dark rim, then a light one, then the colour.
  function dots(pen, points, { colour, radius, keep = null }) {
    const { context } = pen;
    const draw = (size, fill) => {
      context.fillStyle = fill;
      context.beginPath();
      for (let k = 0; k < points.length / 2; k += 1) {
        if (keep && !keep.has(k)) continue;
        const [x, y] = pen.put(points[2 * k], points[2 * k + 1]);
        if (Number.isNaN(x) || Number.isNaN(y)) continue;
        context.moveTo(x + size, y);
        context.arc(x, y, size, 0, 2 * Math.PI);
      }
      context.fill();
    };
    const unit = radius * pen.density;
    draw(unit + 1.1 * pen.density, "rgb(0 0 0 / 65%)");
    draw(unit + 0.45 * pen.density, "#ffffff");
    draw(unit, colour);
  }

  // A line with a dark one below; points: [[x, y], …] on the picture.
  function line(pen, points, { colour, width = 1.4, alpha = 1, closed = false }) {
    const { context } = pen;
    context.beginPath();
    let drawing = false;
    for (const [px, py] of closed ? [...points, points[0]] : points) {
      const [x, y] = pen.put(px, py);
      if (Number.isNaN(x) || Number.isNaN(y)) drawing = false;
      else if (drawing) context.lineTo(x, y);
      else { context.moveTo(x, y); drawing = true; }
    }
    context.lineJoin = context.lineCap = "round";
    for (const [stroke, size, opacity] of [["#000000", width + 1.2, 0.45 * alpha], [colour, width, alpha]]) {
      context.globalAlpha = opacity;
      context.strokeStyle = stroke;
      context.lineWidth = size * pen.density;
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  // Of landmarks so dense that dots of the usual size would hide the face, smaller ones; larger as one zooms in.
  const radiusOf = (count, zoom) => (count > 150 ? 0.9 : count > 90 ? 1.7 : 2.1) * Math.min(2.2, zoom ** 0.45);

  Object.assign(FLM, { sequential, legend, marks: { dots, line, radiusOf }, dark });
})(window.FLM);
