// "What matters to me": weights and limits in, an order out, and what would turn it over.
"use strict";
(function (FLM) {
  const { el, data, metrics, state } = FLM;
  const DEFAULTS = { jitter_common: 50, jitter: 50, nme_common: 50, nme: 50, flow_jitter_common: 50, flow_jitter: 50, visual: 50, latency: 30 };
  const MAIN = ["jitter_common", "jitter", "spread", "gain", "nme_common", "nme", "flow_jitter_common", "flow_jitter", "visual", "latency", "landmarks"];
  const USES = [["", "any"], ["open", "allowed or not known"], ["yes", "allowed"]];
  const SHOWN = 10;  // places at once
  let keys, outcome;

  // Where there is a figure on common landmarks, that is the one to weigh.
  const standIn = { jitter: "jitter_common", nme: "nme_common", flow_jitter: "flow_jitter_common" };
  const usual = (key) => (standIn[key] && metrics.has(standIn[key]) ? 0 : DEFAULTS[key] || 0);
  const weighable = (key) => metrics.get(key).better !== "none";

  function read() {
    const amount = (text) => (text !== null && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : null);
    const weights = new Map(), limits = new Map();
    for (const key of keys) {
      const weight = amount(state.get(`w.${key}`));
      if (weighable(key)) weights.set(key, weight === null ? usual(key) : Math.min(100, Math.max(0, weight)));
      const limit = amount(state.get(`limit.${key}`));
      if (limit !== null) limits.set(key, limit);
    }
    const use = state.get("licence", "");
    return { weights, limits, use: ["open", "yes"].includes(use) ? use : "" };
  }

  function weightCell(key, metric) {
    if (!weighable(key)) return el("td", { class: "hint" }, "a limit only");
    const output = el("output", { for: `weight-${key}` });
    const slide = (event) => {
      output.textContent = event.target.value;
      state.set(`w.${key}`, event.target.value, usual(key));
      show();
    };
    const input = el("input", { type: "range", id: `weight-${key}`, min: 0, max: 100, step: 1, "data-weight": key,
      "aria-label": `weight of ${metric.label}`, oninput: slide });
    return el("td", { class: "weight" }, input, output);
  }

  function limitCell(key, metric) {
    const least = FLM.scoring.isLeast(metric);
    const change = (event) => { state.set(`limit.${key}`, event.target.value, ""); show(); };
    const label = `${metric.label} ${least ? "at least" : "at most"}${metric.unit ? `, ${metric.unit}` : ""}`;
    return el("td", { class: "limit" }, el("span", { class: "hint" }, least ? "≥" : "≤"),
      el("input", { type: "number", id: `limit-${key}`, step: "any", min: 0, "data-limit": key, "aria-label": label, oninput: change }),
      el("span", { class: "hint unit" }, metric.unit));
  }

  function row(key) {
    const metric = metrics.get(key);
    const about = FLM.tip(el("button", { type: "button", class: "sort" }, metric.label), metric.protocol);
    return el("tr", {}, el("th", { scope: "row" }, about), weightCell(key, metric), limitCell(key, metric));
  }

  function wishes() {
    const main = keys.filter((key) => MAIN.includes(key) && !(standIn[key] && metrics.has(standIn[key])));
    const more = keys.filter((key) => !main.includes(key));
    const table = (rows) => el("table", { class: "wishes" },
      el("thead", {}, el("tr", {}, ["figure", "weight", "hard limit"].map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, rows.map(row)));
    const change = (event) => { state.set("licence", event.target.value, ""); show(); };
    const reset = () => {
      for (const key of state.keys()) if (/^(w|limit)\.|^licence$/.test(key)) state.set(key, null);
      fill();
      show();
    };
    return el("div", { class: "wishes-side" }, table(main),
      more.length ? el("details", {}, el("summary", {}, "More figures"), table(more)) : null,
      el("div", { class: "controls" },
        el("div", { class: "field" }, el("label", { for: "choice-use" }, "Commercial use"),
          el("select", { id: "choice-use", onchange: change }, USES.map(([value, text]) => el("option", { value }, text)))),
        el("button", { type: "button", id: "choice-reset", onclick: reset }, "Reset")));
  }

  // From the address into the controls.
  function fill() {
    const choice = read();
    for (const [key, weight] of choice.weights) {
      const input = document.getElementById(`weight-${key}`);
      input.value = String(weight);
      input.nextElementSibling.textContent = FLM.plain(weight);
    }
    for (const key of keys) {
      document.getElementById(`limit-${key}`).value = choice.limits.has(key) ? FLM.plain(choice.limits.get(key)) : "";
    }
    document.getElementById("choice-use").value = choice.use;
  }

  function place(row, number, worst, chances) {
    const share = chances ? chances.first.get(row.name) : null;
    const length = worst > 1 ? 100 * (Math.log(row.score) / Math.log(worst)) : 0;
    return el("li", { "data-detector": row.name, class: number === 0 ? "winner" : null },
      el("span", { class: "who" }, FLM.swatch(row.name), el("span", {}, row.name)),
      el("span", { class: "bar", "aria-hidden": "true" }, el("span", { style: { width: `${Math.max(1, length)}%` } })),
      el("span", { class: "score" }, `${row.score.toFixed(2)}\u00a0×`),
      share === null ? null : el("span", { class: "hint chance" }, `first in ${FLM.percent(share)}`));
  }

  function order(result, chances) {
    const { ranked, out } = result;
    const worst = ranked.length ? ranked[ranked.length - 1].score : 1;
    const parts = [];
    if (result.weightless) parts.push(el("p", { class: "missing" }, "Every weight is zero: give one figure some weight."));
    else if (!ranked.length) parts.push(el("p", { class: "missing" }, "No detector passes these limits."));
    const places = ranked.map((row, number) => place(row, number, worst, chances));
    if (places.length) parts.push(el("p", { class: "hint" }, "Score: 1.00 × would be best in everything; a shorter bar is better."));
    parts.push(el("ol", { class: "ranking" }, places.slice(0, SHOWN)));
    if (places.length > SHOWN) {
      parts.push(el("details", {}, el("summary", {}, `The other ${places.length - SHOWN}`),
        el("ol", { class: "ranking", start: SHOWN + 1, style: { counterReset: `place ${SHOWN}` } }, places.slice(SHOWN))));
    }
    if (out.length) {
      const rows = el("ul", { class: "out" }, out.map((row) =>
        el("li", { "data-detector": row.name }, el("span", { class: "who" }, FLM.swatch(row.name), el("span", {}, row.name)),
          el("span", { class: "hint" }, row.why.map((why) => why.text).join("; ")))));
      parts.push(el("details", { open: out.length <= SHOWN }, el("summary", {}, `Out: ${out.length} of ${data.detectors.length}`), rows));
    }
    return parts;
  }

  function show() {
    const choice = read();
    const result = FLM.scoring.rank(choice);
    const chances = result.ranked.length ? FLM.scoring.chances(result.ranked, choice) : null;
    outcome.order.replaceChildren(...order(result, chances));
    outcome.verdict.replaceChildren(...FLM.verdict(result, chances, choice, keys));
  }

  const METHOD = [
    "Score: how many times worse than the best of all detectors, in the weighted geometric mean over the figures with "
      + "weight: exp(Σ w · ln(figure / best figure) / Σ w). 1.00 × is best in everything; twice the jitter counts as much as twice "
      + "the latency at equal weights. Figures closer to zero than can be told from it (gain 0.01, others 0.001) count as that.",
    "The order of two detectors depends on these two alone: one that drops out cannot swap others. A detector that lacks a "
      + "figure with weight is out, rather than given a guess.",
    "“First in” is the share of resamples of the images, drawn for all detectors at once, in which a detector has the best "
      + "score among those that pass the limits; limits hold for the measured figures.",
  ];

  function render(host) {
    if (data.detectors.length < 2) {
      FLM.missing(host, "With one detector there is no choice to make: give flmcore evaluate a second one with -d.");
      return;
    }
    keys = data.metrics.map((metric) => metric.key);
    outcome = { order: el("div", {}), verdict: el("div", { class: "verdict", role: "status" }) };
    host.append(
      el("p", { class: "hint" }, "Say how much each figure matters to you, and what a detector must keep to. The address of the "
        + "page holds your choice: send it to share it."),
      el("div", { class: "choice" }, wishes(), el("div", { class: "outcome" }, outcome.order)),
      outcome.verdict,
      el("details", { class: "reasons" }, el("summary", {}, "How this is computed"), METHOD.map((text) => el("p", {}, text))));
    fill();
    show();
    state.on("*", refresh);
  }

  function refresh() {
    fill();
    show();
  }

  FLM.section("choice", "What matters to me", render, { order: 30 });
})(window.FLM);
