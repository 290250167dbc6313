// The table's columns: a metric each, and what is no number.
"use strict";
(function (FLM) {
  const { el, data, value } = FLM;
  const GROUPS = {
    stability: "Stability, still images", accuracy: "Accuracy", video: "Stability on video", rating: "By eye",
    speed: "Speed, this machine", devices: "Measured on devices", estimates: "Estimated", model: "Model, as stated",
    about: "",
  };
  const HIDDEN = new Set(["jitter_p95", "residual", "latency_p90"]);  // there for who asks
  const COMMERCIAL = { yes: "allowed", no: "no", unknown: "not known" };
  const LEVELS = { whole: "whole", slow: "in part slow", parts: "in parts", poor: "poor", wrong: "wrong numbers" };

  function mark(metric, name) {
    const best = data.best[metric.key];
    if (!best) return null;
    if (best.best === name) return el("span", { class: "mark best" }, "★", el("span", { class: "visually-hidden" }, " best"));
    if (!best.tied.includes(name)) return null;
    return el("span", { class: "mark tied" }, "≈", el("span", { class: "visually-hidden" }, " not told apart from the best"));
  }

  function metricCell(metric, row) {
    const cell = value(row.name, metric.key);
    const here = mark(metric, row.name);
    const td = el("td", { class: `number${here ? " good" : ""}` });
    if (cell.mean === null) {
      td.append(el("span", { class: "none" }, "–"));
      return FLM.tip(td, `${row.name}, ${metric.label}: ${cell.reason}`);
    }
    td.append(here || "", el("span", { class: "mean" }, FLM.number(cell.mean, metric)));
    const interval = FLM.interval(cell, metric);
    if (interval) td.append(el("span", { class: "interval" }, interval));
    return td;
  }

  const metricColumn = (metric) => ({
    key: metric.key, label: metric.label, unit: metric.unit, group: metric.group, says: metric.protocol,
    numeric: true, hidden: HIDDEN.has(metric.key),
    sort: (row) => {
      const { mean } = value(row.name, metric.key);
      return mean === null ? null : metric.better === "none" ? -mean : FLM.loss(mean, metric);
    },
    cell: (row) => metricCell(metric, row),
  });

  function badge(kind, text, says) {
    return FLM.tip(el("button", { type: "button", class: `badge ${kind}` }, text), says);
  }

  const licence = {
    key: "licence", label: "commercial use", unit: "", group: "about",
    says: "By the terms of the weights or of their training data, as the detector's file states them. Not legal advice.",
    sort: (row) => ["yes", "unknown", "no"].indexOf(row.commercial),
    cell: (row) => el("td", {}, badge(row.commercial, COMMERCIAL[row.commercial], row.licence || "no licence stated")),
  };

  const portability = {
    key: "portability", label: "Neural Engine", unit: "estimate", group: "estimates",
    says: "What an iPhone's Neural Engine likely makes of the model: an estimate by rules from public references, not a measurement.",
    sort: (row) => (row.portability ? Object.keys(LEVELS).indexOf(row.portability.level) : null),
    cell: (row) => (row.portability
      ? el("td", {}, badge(`estimate ${row.portability.level}`, LEVELS[row.portability.level] || row.portability.level,
        `${row.portability.text}\nRules ${row.portability.rules_version}; an estimate.`))
      : FLM.tip(el("td", {}, el("span", { class: "none" }, "–")), `${row.name}: not estimated; flmcore export portability --into does`)),
  };

  const scheme = {
    key: "scheme", label: "scheme", unit: "", group: "about", hidden: true, says: "Which landmarks the detector gives, and in which order.",
    sort: (row) => row.scheme, cell: (row) => el("td", { class: "scheme" }, row.scheme),
  };

  // In the order of their groups, so that a heading spans neighbours.
  function columns() {
    const found = [scheme, licence, ...data.metrics.map(metricColumn)];
    if (data.detectors.some((row) => row.portability)) found.push(portability);
    const order = Object.keys(GROUPS);
    const place = (column) => (order.indexOf(column.group) + 1 || order.length + 1);
    return found.map((column, index) => [column, index]).sort(([a, i], [b, j]) => place(a) - place(b) || i - j)
      .map(([column]) => column);
  }

  FLM.columns = columns;
  FLM.columnGroups = GROUPS;
})(window.FLM);
