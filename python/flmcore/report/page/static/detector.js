// One detector in detail, beside a reference.
"use strict";
(function (FLM) {
  const { el, data, state } = FLM;
  const names = data.detectors.map((row) => row.name);

  // By the main figure, best first: what a reader wants to look into is the winner, against the next.
  function ordered() {
    const metric = data.metrics.find((one) => one.key === "jitter_common") || data.metrics.find((one) => one.key === "jitter");
    const loss = (name) => {
      const { mean } = FLM.value(name, metric ? metric.key : "");
      return mean === null || mean === undefined ? Infinity : mean;
    };
    return [...names].sort((a, b) => loss(a) - loss(b));
  }

  function picker(id, label, options, chosen, change) {
    const select = el("select", { id, onchange: () => change(select.value) });
    select.append(...options.map(([value, text]) => el("option", { value }, text)));
    select.value = chosen;
    return { select, field: el("div", { class: "field" }, el("label", { for: id }, label), select) };
  }

  function block(title, id) {
    const body = el("div", { class: "block-body" });
    return { body, node: el("div", { class: "block", id }, el("h3", {}, title), body) };
  }

  function render(host) {
    if (!names.length) return FLM.missing(host, "No detector was measured in this run.");
    const order = ordered();
    const pick = (key, otherwise) => (names.includes(state.get(key)) ? state.get(key) : otherwise);
    let name = pick("detector", order[0]);
    let reference = state.get("reference") === "" ? "" : pick("reference", order.find((one) => one !== name) || "");
    const blocks = {
      heat: block("Where on the face", "heat"), parts: block("By part of the face", "by-part"), offsets: block("Error against displacement", "by-offset"),
      cloud: block("Landmarks through the sweep", "cloud"), worst: block("Worst images first", "worst"),
    };
    const draw = () => {
      const both = [name, reference].filter(Boolean);
      blocks.parts.body.replaceChildren();
      blocks.worst.body.replaceChildren();
      FLM.byPart(blocks.parts.body, name, reference);
      FLM.worst(blocks.worst.body, name, reference, (image) => {
        if (cloud.show(image)) blocks.cloud.node.scrollIntoView();
      });
      heat(blocks.heat.body, both);
      curves(blocks.offsets.body, name, reference);
      cloud.update();
    };
    const own = picker("detector-choice", "Detector", names.map((one) => [one, one]), name, (value) => {
      name = value;
      if (reference === name) { reference = ""; other.select.value = ""; }
      state.set("detector", name, order[0]);
      draw();
    });
    const other = picker("reference-choice", "Compared with", [["", "none"], ...names.map((one) => [one, one])], reference, (value) => {
      reference = value === name ? "" : value;
      other.select.value = reference;
      state.set("reference", reference);
      draw();
    });
    host.append(el("div", { class: "controls" }, own.field, other.field));
    host.append(blocks.heat.node, el("div", { class: "pair" }, blocks.parts.node, blocks.offsets.node), blocks.cloud.node, blocks.worst.node);
    const cloud = FLM.cloud(blocks.cloud.body, () => [name, reference].filter(Boolean));
    FLM.dark.addEventListener("change", draw);
    draw();
  }

  let kind = "jitter";
  function heat(host, both) {
    const body = el("div", {});
    const choice = picker("heat-kind", "Number", FLM.heatKinds.map((one) => [one, one]), kind, (value) => {
      kind = value;
      body.replaceChildren();
      FLM.heatmap(body, both, kind);
    });
    host.replaceChildren(el("div", { class: "controls" }, choice.field), body);
    FLM.heatmap(body, both, kind);
  }

  let sweep = null;
  function curves(host, name, reference) {
    const sweeps = Object.keys(data.by_offset);
    if (!sweeps.length) {
      host.replaceChildren();
      return FLM.missing(host, "This run has no error against displacement; a run by this version has:", "flmcore evaluate IMAGES --sweep all -o DIR");
    }
    if (!sweeps.includes(sweep)) sweep = sweeps[0];
    const body = el("div", {});
    const choice = picker("offset-sweep", "Sweep", sweeps.map((one) => [one, one]), sweep, (value) => {
      sweep = value;
      body.replaceChildren();
      FLM.byOffset(body, name, reference, sweep);
    });
    host.replaceChildren(sweeps.length > 1 ? el("div", { class: "controls" }, choice.field) : "", body);
    FLM.byOffset(body, name, reference, sweep);
  }

  FLM.ordered = ordered;
  FLM.section("detector", "One detector", render, { order: 40, lazy: true });
})(window.FLM);
