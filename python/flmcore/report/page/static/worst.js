// The images on which a detector does worst, and those on which it failed.
"use strict";
(function (FLM) {
  const { el, data } = FLM;
  const SHOWN = 12;
  const label = () => (data.images_metric === "jitter_common" ? "jitter on the common landmarks, %" : "jitter, %");

  function item(row, name, reference, show) {
    const other = reference ? row.values[reference] : undefined;
    const thumb = row.thumb
      ? el("img", { src: row.thumb, alt: "", width: 96, height: 96, loading: "lazy" })
      : el("span", { class: "no-thumb", "aria-hidden": "true" }, "no picture");
    const known = data.sweeps.some((sweep) => sweep.image === row.id);
    return el("li", {}, thumb,
      el("span", { class: "value" }, FLM.swatch(name), `${row.values[name].toFixed(2)} %`),
      other === undefined ? null : el("span", { class: "value other" }, FLM.swatch(reference), `${other.toFixed(2)} %`),
      el("span", { class: "id", title: row.id }, row.id),
      known ? el("button", { type: "button", onclick: () => show(row.id) }, "Show the cloud", el("span", { class: "visually-hidden" }, ` of ${row.id}`)) : null);
  }

  function failures(name) {
    const rows = data.problems.filter((row) => !row.note && (row.detector === name || row.detector === null));
    if (!rows.length) return el("p", { class: "hint" }, "It failed on no image.");
    return el("div", {}, el("h4", {}, `Not measured (${rows.length})`), el("ul", { class: "failures" },
      rows.slice(0, 50).map((row) => el("li", {}, row.image === null ? "" : el("strong", {}, row.image), ` ${row.reason}`)),
      rows.length > 50 ? el("li", {}, `and ${rows.length - 50} more`) : null));
  }

  function worst(host, name, reference, show) {
    const rows = data.images.filter((row) => row.values[name] !== undefined).sort((a, b) => b.values[name] - a.values[name]);
    if (rows.length) {
      host.append(el("p", { class: "hint" }, `Ordered by ${label()}; ${Math.min(SHOWN, rows.length)} of ${rows.length} images.`),
        el("ol", { class: "worst" }, rows.slice(0, SHOWN).map((row) => item(row, name, reference, show))));
    } else FLM.missing(host, "This detector was measured on no image that the others were measured on too.");
    host.append(failures(name));
  }

  FLM.worst = worst;
})(window.FLM);
