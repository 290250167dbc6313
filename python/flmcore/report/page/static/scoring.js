// The score of "what matters to me", without any drawing; docs/report.md defines it.
//
// score = exp(Σ w·ln(ratio) / Σ w), ratio = a detector's figure over the best of all detectors' (turned over where higher
// is better): how many times worse than the best in everything, in the weighted geometric mean. The order of two
// detectors depends on the two alone: whoever else is there, or drops out, cannot swap them.
"use strict";
(function (FLM) {
  const { data, metrics, value } = FLM;

  // ln of a figure so that less is better; what is below the floor counts as the floor.
  function logLoss(amount, metric) {
    const log = Math.log(Math.max(Math.abs(amount), metric.floor));
    return metric.better === "high" ? -log : log;
  }

  const weighted = (choice) => [...choice.weights].filter(([key, weight]) => weight > 0 && metrics.has(key));

  // Why a detector is out, in words; empty where it is in. choice: {weights: Map, limits: Map, use: "" | "open" | "yes"}.
  function obstacles(row, choice) {
    const found = [];
    for (const [key, limit] of choice.limits) {
      const metric = metrics.get(key);
      const { mean, reason } = value(row.name, key);
      const least = isLeast(metric);
      if (mean === null) found.push({ key, text: `no ${metric.label} to hold against the limit: ${reason}` });
      else if (least ? mean < limit : Math.abs(mean) > limit) {
        found.push({ key, text: `${metric.label} ${FLM.withUnit(mean, metric)}, ${least ? "below" : "above"} ${FLM.plain(limit)}` });
      }
    }
    if (choice.use === "yes" && row.commercial !== "yes") {
      found.push({ key: "use", text: row.commercial === "no" ? "no commercial use" : "commercial use not known" });
    }
    if (choice.use === "open" && row.commercial === "no") found.push({ key: "use", text: "no commercial use" });
    for (const [key] of weighted(choice)) {
      const { mean, reason } = value(row.name, key);
      if (mean === null) found.push({ key: `w.${key}`, text: `no ${metrics.get(key).label}, which has weight: ${reason}` });
    }
    return found;
  }

  const isLeast = (metric) => metric.better === "high" || metric.better === "none";

  // Weighted mean of ln, before the best is taken out: enough for an order.
  function mean(name, choice, pick) {
    let total = 0, weights = 0;
    for (const [key, weight] of weighted(choice)) {
      total += weight * logLoss(pick(name, key), metrics.get(key));
      weights += weight;
    }
    return total / weights;
  }

  const figure = (name, key) => value(name, key).mean;

  function bestLog(choice) {
    let total = 0, weights = 0;
    for (const [key, weight] of weighted(choice)) {
      const logs = data.detectors.map((row) => figure(row.name, key)).filter((amount) => amount !== null)
        .map((amount) => logLoss(amount, metrics.get(key)));
      total += weight * Math.min(...logs);
      weights += weight;
    }
    return total / weights;
  }

  // {ranked: [{name, log, score}] best first, out: [{name, why: [text]}]}; no one is ranked without a weight.
  function rank(choice) {
    const rows = data.detectors.map((row) => ({ name: row.name, why: obstacles(row, choice) }));
    const out = rows.filter((row) => row.why.length);
    if (!weighted(choice).length) return { ranked: [], out, weightless: true };
    const best = bestLog(choice);
    const ranked = rows.filter((row) => !row.why.length).map(({ name }) => {
      const log = mean(name, choice, figure);
      return { name, log, score: Math.exp(log - best) };
    });
    ranked.sort((a, b) => a.log - b.log);  // stable: a tie keeps the order of the results
    return { ranked, out, weightless: false };
  }

  // How often each of the ranked is first when the images are drawn anew, and how far the first leads the second.
  function chances(ranked, choice) {
    const { count, values } = data.draws;
    const drawn = weighted(choice).some(([key]) => values[key]);
    if (!count || !drawn || ranked.length < 2) return null;
    const first = new Map(ranked.map((row) => [row.name, 0]));
    const leads = [];
    for (let draw = 0; draw < count; draw += 1) {
      const pick = (name, key) => (values[key] && values[key][name] ? values[key][name][draw] : figure(name, key));
      const logs = ranked.map((row) => mean(row.name, choice, pick));
      const winner = ranked[logs.indexOf(Math.min(...logs))].name;
      first.set(winner, first.get(winner) + 1);
      leads.push(logs[1] - logs[0]);
    }
    leads.sort((a, b) => a - b);
    const at = (share) => leads[Math.min(count - 1, Math.max(0, Math.round(share * (count - 1))))];
    return { first: new Map([...first].map(([name, times]) => [name, times / count])), low: at(0.025), high: at(0.975) };
  }

  FLM.scoring = { rank, chances, logLoss, weighted, isLeast, figure };
})(window.FLM);
