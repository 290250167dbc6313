// The first thing to read: who is best at what, in a sentence each.
"use strict";
(function (FLM) {
  const { el, data, metrics, value } = FLM;
  const HEADLINES = [
    [["jitter_common", "jitter"], "Steadiest"],
    [["nme_common", "nme"], "Most accurate"],
    [["latency"], "Fastest here"],
    [["flow_jitter_common", "flow_jitter"], "Steadiest on video"],
    [["visual"], "Steadiest to the eye"],
  ];

  function card(key, title) {
    const metric = metrics.get(key);
    const best = data.best[key];
    const cell = value(best.best, key);
    const tied = best.tied.length
      ? `not told apart from ${FLM.list(best.tied.slice(0, 3))}${best.tied.length > 3 ? ` and ${best.tied.length - 3} more` : ""}`
      : best.how === "paired" ? "apart from all others (paired test, 5 %)" : "by the figure alone; not tested";
    return el("li", {},
      el("span", { class: "what" }, `${title}: ${metric.label}`),
      el("strong", {}, best.best),
      el("span", {}, `${FLM.withUnit(cell.mean, metric)} ${FLM.interval(cell, metric)}`),
      el("span", { class: "hint" }, tied));
  }

  function render(host) {
    const cards = HEADLINES.map(([keys, title]) => [keys.find((key) => data.best[key]), title]).filter(([key]) => key);
    document.title = `flmcore: ${data.title}`;
    document.getElementById("title").textContent = data.title;
    const images = data.protocol.images;
    const sweep = `sweep ${data.protocol.sweep}, ${data.protocol.frames} windows per part`;
    document.getElementById("subtitle").textContent =
      `${data.detectors.length} detector${data.detectors.length === 1 ? "" : "s"} on ${images} image${images === 1 ? "" : "s"}; ${sweep}.`
      + (data.protocol.complete ? "" : " The run was interrupted: this is what was finished.");
    if (cards.length) host.append(el("ul", { class: "cards" }, cards.map(([key, title]) => card(key, title))));
    else FLM.missing(host, "With one detector there is nothing to compare: give flmcore evaluate a second one with -d.");
    document.getElementById("foot").textContent = `Made by ${data.created_with}. Nothing on this page is loaded from the network.`;
  }

  FLM.section("overview", "At a glance", render, { order: 0 });
})(window.FLM);
