// Jitter of each landmark on its scheme's chart, with the number of each on hover, on focus and as a table.
"use strict";
(function (FLM) {
  const { el, svg, data } = FLM;
  const KINDS = {
    jitter: { label: "jitter, % of the eye distance", unit: "\u00a0%", digits: 2 },
    spread: { label: "spread, % of the eye distance", unit: "\u00a0%", digits: 2 },
    gain: { label: "gain, size of (0 holds to the face, 1 rides with the window)", unit: "", digits: 3 },
  };
  const rows = (name, kind) => ((data.per_landmark[name] || {})[kind]) || null;
  const text = (value, kind) =>
    value === null || value === undefined ? "not measured" : value.toFixed(KINDS[kind].digits).replace(/^-/, "−") + KINDS[kind].unit;
  const schemeOf = (name) => data.detectors.find((row) => row.name === name).scheme;

  function groupsOf(scheme, landmark) {
    const groups = (data.chart[scheme] || {}).groups || {};
    return Object.keys(groups).filter((name) => groups[name].includes(landmark)).map((name) => name.replace(/_/g, " "));
  }

  function says(name, kind, landmark) {
    const part = groupsOf(schemeOf(name), landmark);
    return `landmark ${landmark}${part.length ? ` (${part.join(", ")})` : ""}: ${kind} ${text(rows(name, kind)[landmark], kind)}`;
  }

  // One tab stop for the chart; arrow keys go from landmark to landmark, in their order.
  function walk(chart, marks, show) {
    let now = -1;
    const go = (next) => {
      if (now >= 0) marks[now].classList.remove("current");
      now = (next + marks.length) % marks.length;
      marks[now].classList.add("current");
      show(now);
    };
    chart.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (step) go(now < 0 ? (step > 0 ? 0 : marks.length - 1) : now + step);
      else if (event.key === "Home") go(0);
      else if (event.key === "End") go(marks.length - 1);
      else return;
      event.preventDefault();
    });
    chart.addEventListener("pointerover", (event) => event.target.dataset.landmark && go(Number(event.target.dataset.landmark)));
  }

  function draw(name, kind, scale) {
    const scheme = schemeOf(name);
    const { points, lines } = data.chart[scheme];
    const values = rows(name, kind);
    const [x0, x1] = d3.extent(points, (point) => point[0]);
    const [y0, y1] = d3.extent(points, (point) => point[1]);
    const room = 0.09 * Math.max(x1 - x0, y1 - y0);
    const side = Math.max(x1 - x0, y1 - y0) + 2 * room;
    const radius = side * (points.length > 150 ? 0.0085 : points.length > 20 ? 0.0165 : 0.03);
    const marks = points.map(([x, y], landmark) => svg("circle", {
      cx: x, cy: y, r: radius, "data-landmark": landmark, fill: scale.colour(values[landmark]),
      class: Number.isFinite(values[landmark]) ? "mark" : "mark unmeasured", "stroke-width": radius * 0.14,
    }));
    // The largest are drawn last, so that none is hidden below a calm one.
    const order = d3.sort(d3.range(points.length), (landmark) => Math.abs(values[landmark] || 0));
    const readout = el("output", { class: "readout" }, "Point at a landmark, or focus the chart and use the arrow keys.");
    const chart = svg("svg", {
      class: "heat", tabindex: 0, role: "img", "data-detector": name, "data-kind": kind,
      "aria-label": `${kind} of each landmark of ${name} on a schematic face; arrow keys read the numbers`,
      viewBox: `${(x0 + x1 - side) / 2} ${y0 - room} ${side} ${y1 - y0 + 2 * room}`,
    }, lines.map((line) => svg("polyline", {
      class: "outline", points: line.map((landmark) => points[landmark].join(",")).join(" "), "stroke-width": side * 0.003,
    })), order.map((landmark) => marks[landmark]));
    walk(chart, marks, (landmark) => { readout.textContent = says(name, kind, landmark); });
    return el("figure", { class: "heatmap" }, el("figcaption", {}, FLM.swatch(name), el("strong", {}, name),
      ` mean ${text(d3.mean(values), kind)}`), chart, readout, table(name, kind, values));
  }

  function table(name, kind, values) {
    const scheme = schemeOf(name);
    const body = el("tbody", {});
    const details = el("details", { class: "numbers" }, el("summary", {}, "Numbers as a table"),
      el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, ["landmark", "part", kind].map((head) => el("th", { scope: "col" }, head)))), body)));
    details.addEventListener("toggle", () => {
      if (!details.open || body.children.length) return;
      body.append(...values.map((value, landmark) => el("tr", {}, el("th", { scope: "row" }, String(landmark)),
        el("td", {}, groupsOf(scheme, landmark).join(", ") || "–"), el("td", { class: "number" }, text(value, kind)))));
    });
    return details;
  }

  // One scale for the two that are compared.
  function heatmap(host, names, kind) {
    const shown = names.filter((name) => rows(name, kind));
    if (!shown.length) {
      return FLM.missing(host, kind === "gain" || kind === "spread"
        ? `This sweep gives no ${kind}: it needs windows that shift.` : "No landmark of this detector was measured.",
      kind === "jitter" ? null : "flmcore evaluate IMAGES --sweep shift -o DIR");
    }
    const all = shown.flatMap((name) => rows(name, kind));
    const scale = FLM.sequential(all.map((value) => (value === null ? NaN : value)));
    host.append(FLM.legend(scale, KINDS[kind].label, KINDS[kind].digits === 3 ? 2 : 1),
      el("div", { class: "pair" }, shown.map((name) => draw(name, kind, scale))));
  }

  Object.assign(FLM, { heatmap, heatKinds: Object.keys(KINDS) });
})(window.FLM);
