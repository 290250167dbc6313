// How much each shown detector's landmarks move, frame by frame, with the frame that is shown.
"use strict";
(function (FLM) {
  const { el, svg, motion } = FLM;
  const [WIDTH, HEIGHT] = [1000, 84];

  // series: [{name, track, normaliser}]; returns {node, mark(frame)}.
  function timeline(source, series, seek) {
    const unit = series.every((row) => row.normaliser) ? "% of the eye distance" : "px";
    const what = source.order === 1 ? "Movement of landmarks from window to window" : "Change of landmarks' movement from frame to frame (acceleration)";
    const curves = series.map((row) => ({
      ...row, values: Array.from(motion.steps(row.track, source.order), (value) => (unit === "px" ? value : (100 * value) / row.normaliser)),
    }));
    const count = source.times.length;
    const all = curves.flatMap((curve) => curve.values).filter(Number.isFinite).sort((a, b) => a - b);
    const top = Math.max(1e-6, (d3.quantileSorted(all, 0.99) || 0) * 1.15);
    const x = (frame) => (count > 1 ? (frame / (count - 1)) * WIDTH : 0);
    const y = (value) => HEIGHT - Math.min(1.02, value / top) * HEIGHT;
    const line = d3.line().defined((value) => Number.isFinite(value)).x((_, frame) => x(frame)).y(y);
    const head = svg("line", { class: "playhead", y1: 0, y2: HEIGHT });
    const plot = svg("svg", { class: "timeline", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      [0.5, 1].map((part) => svg("line", { class: "grid", x1: 0, x2: WIDTH, y1: y(part * top / 1.15), y2: y(part * top / 1.15) })),
      curves.map((curve) => svg("path", { d: line(curve.values), stroke: FLM.colour(curve.name), "data-detector": curve.name })), head);
    plot.addEventListener("click", (event) => {
      const box = plot.getBoundingClientRect();
      seek(((event.clientX - box.left) / box.width) * (count - 1));
    });
    const rows = curves.map((curve) => {
      const now = el("span", { class: "now" });
      return { curve, now, node: el("span", { class: "who" }, FLM.swatch(curve.name), curve.name, " ", now) };
    });
    const node = el("figure", { class: "movement" }, el("figcaption", { class: "hint" }, `${what}, ${unit}; the upper line is ${(top / 1.15).toFixed(2)}.`),
      plot, el("p", { class: "key" }, rows.map((row) => row.node)));
    function mark(frame) {
      head.setAttribute("x1", x(frame));
      head.setAttribute("x2", x(frame));
      for (const row of rows) {
        const value = row.curve.values[frame];
        row.now.textContent = Number.isFinite(value) ? value.toFixed(2) : "–";
      }
    }
    return { node, mark };
  }

  FLM.timeline = timeline;
})(window.FLM);
