// In sentences: who leads and how surely, and what would turn it over.
"use strict";
(function (FLM) {
  const { el, metrics } = FLM;
  const USES = { "": "any", open: "allowed or not known", yes: "allowed" };
  const MOST = 8;  // sentences of a kind

  // A threshold, to as many digits as it takes to lie on the far side of it.
  function beyond(to, from, digits) {
    const scale = 10 ** digits;
    return FLM.plain((to > from ? Math.ceil(to * scale - 1e-9) : Math.floor(to * scale + 1e-9)) / scale);
  }

  function lead(result, chances) {
    const [first, second] = result.ranked;
    if (!second) return [el("p", {}, el("strong", {}, first.name), " is the only one that passes.")];
    const ahead = (log) => `${log < 0 ? "−" : ""}${FLM.number(Math.abs(100 * Math.expm1(log)), { digits: 0 })} %`;
    const parts = [el("strong", {}, first.name), ` leads ${second.name} by ${ahead(second.log - first.log)}`];
    if (!chances) {
      return [el("p", { class: "lead" }, parts, ". How surely is not known: the figures with weight have no resamples (with fewer "
        + "than 5 images there are none).")];
    }
    const sure = chances.low > 0;
    parts.push(`, 95 % interval ${ahead(chances.low)} to ${ahead(chances.high)}; it is first in ${FLM.percent(chances.first.get(first.name))} of the resamples. `);
    parts.push(sure ? "The lead is beyond what other images would change."
      : "The lead is within the intervals: these images do not tell the two apart.");
    return [el("p", { class: `lead ${sure ? "sure" : "unsure"}` }, parts)];
  }

  function weightLine(row) {
    const label = metrics.get(row.key).label;
    const from = FLM.plain(row.from);
    const way = row.beyond || row.to > row.from ? "up" : "down";
    const to = row.beyond ? "anything above 0" : row.to === 0 ? "0" : `${beyond(row.to, row.from, 1)}`;
    return [`Weight of ${label} ${way} from ${from} to ${to}: `, el("strong", {}, row.winner), " wins."];
  }

  function limitLine(row) {
    const metric = metrics.get(row.key);
    const least = FLM.scoring.isLeast(metric);
    const at = FLM.withUnit(row.to, metric);
    const was = row.from === null ? "no limit now" : `now ${FLM.plain(row.from)}`;
    const text = row.tighter ? `${metric.label} limited to ${least ? "more" : "less"} than ${at} (${was})`
      : `${metric.label} allowed ${least ? "down" : "up"} to ${at} (${was})`;
    return [`${text[0].toUpperCase()}${text.slice(1)}: `, el("strong", {}, row.winner), " wins."];
  }

  const useLine = (row) => [`Commercial use “${USES[row.to]}” in place of “${USES[row.from]}”: `, el("strong", {}, row.winner), " wins."];

  function flipLists(choice, keys) {
    const weighted = [...choice.weights.keys()];
    const limited = keys.filter((key) => choice.limits.has(key) || (choice.weights.get(key) || 0) > 0 || key === "landmarks");
    const { weights, limits, use } = FLM.flips(choice, weighted, limited);
    const items = (rows, line, kind) => rows.slice(0, MOST).map((row) => el("li", { "data-flip": kind, "data-key": row.key || kind,
      "data-to": row.to, "data-winner": row.winner }, line(row)));
    const found = [...items(weights, weightLine, "weight"), ...items(limits, limitLine, "limit"), ...items(use, useLine, "use")];
    const none = "No weight between 0 and 100, changed alone, would.";
    return [el("h3", {}, "What would flip the choice"),
      weights.length ? null : el("p", { class: "hint" }, none),
      found.length ? el("ul", { class: "flips" }, found) : null,
      found.length ? el("p", { class: "hint" }, "Each alone, the smallest change first; solved exactly, from the measured figures.") : null];
  }

  FLM.verdict = function verdict(result, chances, choice, keys) {
    if (!result.ranked.length) return [];
    return [...lead(result, chances), ...flipLists(choice, keys)].filter(Boolean);
  };
})(window.FLM);
