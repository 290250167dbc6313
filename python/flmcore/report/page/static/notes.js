// How it was measured, what was not, and the licences in full.
"use strict";
(function (FLM) {
  const { el, data } = FLM;

  function note(text) {
    const warns = text.startsWith("! ");
    return el("li", { class: warns ? "warns" : null }, warns ? el("strong", {}, "Note: ") : null, text.replace(/^! /, ""));
  }

  // One line per reason: what many images share would bury the rest.
  function problems(rows, title) {
    if (!rows.length) return null;
    const reasons = new Map();
    for (const row of rows) {
      const where = [row.image, row.face ? `face ${row.face}` : null, row.detector].filter((part) => part !== null).join(" · ");
      reasons.set(row.reason, [...(reasons.get(row.reason) || []), where]);
    }
    return [el("h3", {}, `${title} (${rows.length})`), el("ul", { class: "problems" }, [...reasons].map(([reason, places]) =>
      el("li", {}, reason, places.length > 3
        ? el("details", {}, el("summary", {}, `${places.length} places`), el("ul", {}, places.map((place) => el("li", {}, place))))
        : el("span", { class: "hint" }, ` ${places.filter(Boolean).join("; ")}`))))];
  }

  function licences() {
    return [el("h3", {}, "Licences"), el("ul", { class: "licences" }, data.detectors.map((row) =>
      el("li", {}, el("strong", {}, row.name), ` ${row.licence || "no licence stated"}`)))];
  }

  function render(host) {
    host.append(el("ul", { class: "notes" }, data.protocol.notes.map(note)));
    const failed = data.problems.filter((row) => !row.note);
    const known = data.problems.filter((row) => row.note);
    for (const part of [problems(failed, "Not measured"), problems(known, "Measured, but should be known"), licences()]) {
      if (part) host.append(...part);
    }
  }

  FLM.section("notes", "Protocol and notes", render, { order: 90 });
})(window.FLM);
