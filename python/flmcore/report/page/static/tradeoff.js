// The trade-off plot: two figures against each other, with the front of what nothing beats in both.
"use strict";
(function (FLM) {
  const { el, svg, data, metrics, state } = FLM;
  const Plot = window.Plot;
  let host, width = 0;

  const has = (key) => metrics.has(key);
  const firstOf = (keys) => keys.find(has) || data.metrics[0].key;
  const usual = {
    x: () => firstOf(["latency", "flops", "params", "landmarks"]),
    y: () => firstOf(["jitter_common", "jitter"]),
    size: () => (has("landmarks") ? "landmarks" : ""),
  };
  const chosen = (axis) => {
    const key = state.get(axis, usual[axis]());
    return has(key) || (axis === "size" && key === "") ? key : usual[axis]();
  };
  const positive = (rows, axis) => rows.every((row) => row[axis] > 0);
  const wantsLog = (rows, axis) => state.get(`${axis}log`, axis === "x" ? "yes" : "no") === "yes" && positive(rows, axis);

  function rows() {
    const [x, y, size] = [chosen("x"), chosen("y"), chosen("size")];
    return FLM.shownDetectors().map(({ name }) => {
      const [a, b] = [FLM.front.point(name, x), FLM.front.point(name, y)];
      const amount = size ? FLM.value(name, size).mean : null;
      return { name, x: a.mean, x1: a.low, x2: a.high, y: b.mean, y1: b.low, y2: b.high, size: amount };
    });
  }

  const axisTitle = (metric) => (metric.better === "zero" ? `|${metric.label}|` : FLM.metricTitle(metric));
  const arrow = (metric, low, high) => (metric.better === "none" ? "" : metric.better === "high" ? ` (${high} is better)` : ` (${low} is better)`);

  // As a percentage of both ends' distance, so that no point or error bar touches the frame; on a log scale, of their ratio.
  function domain(values, log) {
    let [low, high] = [Math.min(...values), Math.max(...values)];
    if (log) return low === high ? [low / 2, high * 2] : [low * (low / high) ** 0.06, high * (high / low) ** 0.06];
    const pad = (high - low || Math.abs(high) || 1) * 0.06;
    return [low - pad >= 0 || low < 0 ? low - pad : 0, high + pad];
  }

  function scales(drawn, metric, axis, log) {
    const ends = drawn.flatMap((row) => [row[axis], row[`${axis}1`], row[`${axis}2`]])
      .filter((amount) => amount !== null && (!log || amount > 0));
    return { type: log ? "log" : "linear", domain: domain(ends, log), grid: true, nice: false,
      tickFormat: (amount) => FLM.plain(amount), ticks: axis === "x" ? Math.max(3, Math.min(8, Math.floor(width / 90))) : 6 };
  }

  // From the frame to the first step, and from the last on to the frame: all that lies beyond is beaten.
  function withTails(front, ends) {
    if (!front.length) return [];
    const worst = (axis) => ends[axis][metrics.get(chosen(axis)).better === "high" ? 0 : 1];
    return [{ x: front[0].x, y: worst("y") }, ...front, { x: worst("x"), y: front[front.length - 1].y }];
  }

  function marks(drawn, front, ends) {
    const bars = (axis) => drawn.filter((row) => row[`${axis}1`] !== null)
      .map((row) => ({ ...row, [`${axis}1`]: Math.max(row[`${axis}1`], ends[axis][0]) }));
    const stroke = (row) => FLM.colour(row.name);
    return [
      Plot.line(withTails(front, ends), { x: "x", y: "y", curve: "step-after", stroke: "currentColor", strokeOpacity: 0.55, strokeWidth: 1.5, strokeDasharray: "5 4" }),
      Plot.ruleX(bars("y"), { x: "x", y1: "y1", y2: "y2", stroke, strokeOpacity: 0.6, strokeWidth: 1.3 }),
      Plot.ruleY(bars("x"), { y: "y", x1: "x1", x2: "x2", stroke, strokeOpacity: 0.6, strokeWidth: 1.3 }),
      Plot.dot(drawn, { x: "x", y: "y", r: (row) => radius(row, drawn), symbol: (row) => FLM.symbol(row.name), fill: stroke,
        fillOpacity: 0.85, stroke: "var(--paper)", strokeWidth: 1, sort: null, className: "points" }),
    ];
  }

  // Area by size, between 4 and 13 px.
  function radius(row, drawn) {
    if (row.size === null) return 5;
    const most = Math.max(...drawn.map((other) => other.size || 0));
    return Math.max(4, 13 * Math.sqrt(row.size / most));
  }

  function describe(row, share) {
    const [x, y] = [metrics.get(chosen("x")), metrics.get(chosen("y"))];
    const say = (metric) => {
      const cell = FLM.value(row.name, metric.key);
      return `${metric.label} ${FLM.withUnit(cell.mean, metric)} ${FLM.interval(cell, metric)}`.trim();
    };
    const size = chosen("size") && row.size !== null ? `\n${FLM.withUnit(row.size, metrics.get(chosen("size")))} ${metrics.get(chosen("size")).label}` : "";
    return `${row.name}\n${say(y)}\n${say(x)}${size}${share === undefined ? "" : `\non the front in ${FLM.percent(share)} of the resamples`}`;
  }

  // An error bar's room in the picture; labels keep off where they can.
  function bar(scale, low, high, across, level) {
    if (low === null) return null;
    const [from, to] = [scale.apply(Math.max(low, scale.domain[0])), scale.apply(high)].sort((a, b) => a - b);
    return level ? { left: from, right: to, top: across - 1, bottom: across + 1 } : { left: across - 1, right: across + 1, top: from, bottom: to };
  }

  function addLabels(plot, drawn, names) {
    const [x, y] = [plot.scale("x"), plot.scale("y")];
    const layer = svg("g", { class: "labels", "aria-hidden": "true" });
    plot.append(layer);
    const wanted = drawn.map((row) => {
      const text = svg("text", { class: names.has(row.name) ? "on-front" : null }, row.name.length > 26 ? `${row.name.slice(0, 25)}…` : row.name);
      layer.append(text);
      const size = text.getBBox();
      return { text, x: x.apply(row.x), y: y.apply(row.y), r: radius(row, drawn), width: size.width, height: size.height - 3, must: names.has(row.name),
        bars: [bar(x, row.x1, row.x2, y.apply(row.y), true), bar(y, row.y1, row.y2, x.apply(row.x), false)].filter(Boolean) };
    });
    const area = { left: x.range[0] + 2, right: width - 4, top: 4, bottom: y.range[0] - 2 };
    FLM.placeLabels(wanted, area).forEach((place, index) => {
      const { text, x: px, y: py } = wanted[index];
      if (!place) return text.remove();
      text.setAttribute("x", place.x);
      text.setAttribute("y", place.y);
      if (place.far) layer.prepend(svg("line", { x1: px, y1: py, x2: place.x, y2: place.y > py ? place.top : place.y < py ? place.bottom : place.y }));
    });
  }

  function makeFocusable(plot, drawn, shares) {
    const points = plot.querySelectorAll("g[aria-label=dot] > *");
    drawn.forEach((row, index) => {
      const text = describe(row, shares ? shares.get(row.name) : undefined);
      const point = points[index];
      for (const [key, value] of Object.entries({ tabindex: 0, role: "img", "aria-label": text.replace(/\n/g, ", "), "data-detector": row.name })) {
        point.setAttribute(key, value);
      }
      FLM.tip(point, text);
    });
  }

  function picture(drawn, front, shares) {
    const [x, y] = [metrics.get(chosen("x")), metrics.get(chosen("y"))];
    const logs = { x: wantsLog(drawn, "x"), y: wantsLog(drawn, "y") };
    const scaleOf = { x: scales(drawn, x, "x", logs.x), y: scales(drawn, y, "y", logs.y) };
    const plot = Plot.plot({
      width, height: Math.max(340, Math.min(520, Math.round(width * 0.5))), marginLeft: 52, marginBottom: 44, marginRight: 16, marginTop: 28,
      x: { ...scaleOf.x, label: `${axisTitle(x)}${arrow(x, "left", "right")}`, labelAnchor: "center", labelArrow: "none" },
      y: { ...scaleOf.y, label: `${axisTitle(y)}${arrow(y, "down", "up")}`, labelArrow: "none" },
      symbol: { type: "identity" }, r: { type: "identity" }, color: { type: "identity" },
      marks: marks(drawn, front, { x: scaleOf.x.domain, y: scaleOf.y.domain }),
    });
    plot.setAttribute("role", "group");
    plot.setAttribute("aria-label", `${y.label} against ${x.label}: ${drawn.length} detectors`);
    host.picture.replaceChildren(plot);
    makeFocusable(plot, drawn, shares);
    addLabels(plot, drawn, new Set(front.map((row) => row.name)));
  }

  function frontTable(front, shares) {
    const [x, y] = [metrics.get(chosen("x")), metrics.get(chosen("y"))];
    if (!front.length) return el("p", { class: "hint" }, "No front: more landmarks are neither better nor worse in themselves.");
    const cell = (name, metric) => {
      const found = FLM.value(name, metric.key);
      return el("td", { class: "number" }, FLM.number(found.mean, metric), " ", el("span", { class: "hint" }, FLM.interval(found, metric)));
    };
    return [el("h3", { id: "front-title" }, "On the front: nothing is better in both"),
      el("div", { class: "scroll narrow", tabindex: "0", role: "region", "aria-labelledby": "front-title" },
        el("table", { class: "comparison front", "aria-labelledby": "front-title" },
          el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "detector"), [x, y].map((metric) => el("th", { scope: "col", class: "number" }, FLM.metricTitle(metric))),
            shares ? el("th", { scope: "col", class: "number" }, "on the front in") : null)),
          el("tbody", {}, front.map(({ name }) => el("tr", { "data-detector": name },
            el("th", { scope: "row", class: "name" }, el("span", { class: "who" }, FLM.swatch(name), el("span", {}, name))), cell(name, x), cell(name, y),
            shares ? el("td", { class: "number" }, FLM.percent(shares.get(name))) : null)))))];
  }

  function draw() {
    const all = rows();
    const drawn = all.filter((row) => row.x !== null && row.y !== null);
    const left = all.filter((row) => !drawn.includes(row)).map((row) => row.name);
    const [x, y] = [metrics.get(chosen("x")), metrics.get(chosen("y"))];
    host.log.x.disabled = !positive(drawn, "x");
    host.log.y.disabled = !positive(drawn, "y");
    if (!drawn.length) {
      host.picture.replaceChildren(el("p", { class: "missing" }, `No detector shown has both ${x.label} and ${y.label}.`));
      host.text.replaceChildren();
      return;
    }
    const front = FLM.front.front(drawn, x, y);
    const shares = FLM.front.shares(drawn, x, y);
    picture(drawn, front, shares);
    host.text.replaceChildren(...[frontTable(front, shares)].flat(),
      left.length ? el("p", { class: "hint" }, `Not in the plot, for want of a figure: ${FLM.list(left)}.`) : "");
  }

  function axisChoice(axis, label) {
    const change = (event) => { state.set(axis, event.target.value, usual[axis]()); draw(); };
    const options = data.metrics.map((metric) => el("option", { value: metric.key }, FLM.metricTitle(metric)));
    const node = el("select", { id: `plot-${axis}`, onchange: change }, axis === "size" ? el("option", { value: "" }, "all alike") : null, options);
    node.value = chosen(axis);
    return el("div", { class: "field" }, el("label", { for: `plot-${axis}` }, label), node);
  }

  function logChoice(axis) {
    const otherwise = axis === "x" ? "yes" : "no";
    const change = (event) => { state.set(`${axis}log`, event.target.checked ? "yes" : "no", otherwise); draw(); };
    host.log[axis] = el("input", { type: "checkbox", id: `plot-${axis}log`, onchange: change, checked: state.get(`${axis}log`, otherwise) === "yes" });
    return el("label", { class: "check" }, host.log[axis], `log ${axis === "x" ? "across" : "upwards"}`);
  }

  const controls = () => el("div", { class: "controls" }, axisChoice("y", "Upwards"), axisChoice("x", "Across"), axisChoice("size", "Size"), logChoice("y"), logChoice("x"));

  function render(node) {
    host = { log: {}, picture: el("div", { class: "plot" }), text: el("div", { class: "front-text" }) };
    const caption = "A dot per detector, its area by size; lines are 95 % intervals. The dashed line is the Pareto front: towards the "
      + "better corner of it there is nothing. It obeys the filters of the comparison.";
    node.append(controls(), el("figure", {}, host.picture, el("figcaption", { class: "hint" }, caption)), host.text);
    width = Math.floor(host.picture.clientWidth);
    draw();
    new ResizeObserver(() => {
      const now = Math.floor(host.picture.clientWidth);
      if (now && now !== width) { width = now; draw(); }
    }).observe(host.picture);
    for (const key of ["find", "scheme", "use"]) state.on(key, draw);
    state.on("*", () => { node.querySelector(".controls").replaceWith(controls()); draw(); });
  }

  FLM.section("tradeoff", "Trade-off", render, { order: 20 });
})(window.FLM);
