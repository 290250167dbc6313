// The comparison table: sorted by any column, filtered, with intervals and what they allow to say.
"use strict";
(function (FLM) {
  const { el, data, state } = FLM;
  let columns, table, count;

  const start = () => (FLM.metrics.has("jitter_common") ? "jitter_common" : "jitter");

  function sorting() {
    const [key, way] = state.get("sort", `${start()}.up`).split(/\.(?=up$|down$)/);
    return { key, down: way === "down" };
  }

  function shownColumns() {
    const changed = new Set(state.get("columns", "").split(",").filter(Boolean));
    return columns.filter((column) => Boolean(column.hidden) === changed.has(column.key));
  }

  function matches(row) {
    const text = state.get("find", "").trim().toLowerCase();
    const scheme = state.get("scheme", "");
    const use = state.get("use", "");
    return (!text || `${row.name} ${row.scheme} ${row.licence}`.toLowerCase().includes(text))
      && (!scheme || row.scheme === scheme)
      && (!use || (use === "open" ? row.commercial !== "no" : row.commercial === use));
  }

  // What is missing is last, whichever way.
  function sorted(rows) {
    const { key, down } = sorting();
    const column = columns.find((one) => one.key === key);
    const of = column ? column.sort : (row) => row.name.toLowerCase();
    const keyed = rows.map((row, place) => ({ row, place, value: of(row) }));
    keyed.sort((a, b) => {
      if (a.value === null || b.value === null) return (a.value === null) - (b.value === null) || a.place - b.place;
      const way = a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
      return (down ? -way : way) || a.place - b.place;
    });
    return keyed.map((one) => one.row);
  }

  function head(key, label, unit, says, numeric) {
    const now = sorting();
    const order = now.key !== key ? "none" : now.down ? "descending" : "ascending";
    const click = () => {
      state.set("sort", `${key}.${order === "ascending" ? "down" : "up"}`, `${start()}.up`);
      draw();
      table.querySelector(`th[data-key="${CSS.escape(key)}"] button`).focus();
    };
    const arrow = { none: "", ascending: " ▲", descending: " ▼" }[order];
    const button = el("button", { type: "button", class: "sort", onclick: click }, label,
      el("span", { class: "arrow", "aria-hidden": "true" }, arrow), unit ? el("span", { class: "unit" }, unit) : null);
    return el("th", { scope: "col", "data-key": key, "aria-sort": order, class: numeric ? "number" : null },
      FLM.tip(button, says));
  }

  function groupRow(shown) {
    const spans = [];
    for (const column of shown) {
      const last = spans[spans.length - 1];
      if (last && last.group === column.group) last.span += 1;
      else spans.push({ group: column.group, span: 1 });
    }
    return el("tr", { class: "groups" }, el("td", { class: "name" }), spans.map(({ group, span }) => {
      const text = FLM.columnGroups[group];
      return text ? el("th", { scope: "colgroup", colspan: span }, text) : el("td", { colspan: span });
    }));
  }

  function draw() {
    const shown = shownColumns();
    const rows = sorted(data.detectors.filter(matches));
    const firsts = new Set(shown.filter((column, i) => i && shown[i - 1].group !== column.group).map((column) => column.key));
    const thead = el("thead", {}, groupRow(shown), el("tr", {},
      head("name", "detector", "", "Its name, as the results have it.", false),
      shown.map((column) => head(column.key, column.label, column.unit, column.says, column.numeric))));
    thead.querySelector('th[data-key="name"]').classList.add("name");
    const body = el("tbody", {}, rows.map((row) => el("tr", { "data-detector": row.name },
      el("th", { scope: "row", class: "name" }, el("span", { class: "who" }, FLM.swatch(row.name), el("span", {}, row.name, el("small", {}, row.scheme)))),
      shown.map((column) => column.cell(row)))));
    table.replaceChildren(el("caption", { class: "visually-hidden" }, "Detectors and their figures"), thead, body);
    for (const key of firsts) {
      const place = shown.findIndex((column) => column.key === key) + 2;
      table.querySelectorAll(`tr:not(.groups) > :nth-child(${place})`).forEach((cell) => cell.classList.add("first"));
    }
    count.textContent = rows.length === data.detectors.length ? `${rows.length} detectors`
      : `${rows.length} of ${data.detectors.length} detectors${rows.length ? "" : ": no detector matches, clear a filter"}`;
  }

  function select(id, label, key, choices) {
    const change = (event) => { state.set(key, event.target.value, ""); draw(); };
    const node = el("select", { id, onchange: change }, choices.map(([value, text]) => el("option", { value }, text)));
    node.value = state.get(key, "");
    return el("div", { class: "field" }, el("label", { for: id }, label), node);
  }

  function controls() {
    const type = (event) => { state.set("find", event.target.value, ""); draw(); };
    const find = el("input", { type: "search", id: "table-find", placeholder: "name, scheme, licence", oninput: type });
    find.value = state.get("find", "");
    const schemes = [...new Set(data.detectors.map((row) => row.scheme))].sort();
    const uses = [["", "any"], ["yes", "allowed"], ["open", "allowed or not known"], ["no", "not allowed"]];
    return el("div", { class: "controls" },
      el("div", { class: "field" }, el("label", { for: "table-find" }, "Find"), find),
      schemes.length > 1 ? select("table-scheme", "Scheme", "scheme", [["", "any"], ...schemes.map((s) => [s, s])]) : null,
      select("table-use", "Commercial use", "use", uses), chooser());
  }

  function chooser() {
    const toggle = (column) => (event) => {
      const changed = new Set(state.get("columns", "").split(",").filter(Boolean));
      if (event.target.checked === Boolean(column.hidden)) changed.add(column.key);
      else changed.delete(column.key);
      state.set("columns", [...changed].join(","), "");
      draw();
    };
    const shown = new Set(shownColumns().map((column) => column.key));
    return el("details", { class: "chooser" }, el("summary", {}, "Columns"),
      el("fieldset", {}, el("legend", { class: "visually-hidden" }, "Columns to show"), columns.map((column) =>
        el("label", { class: "check" }, el("input", { type: "checkbox", "data-column": column.key,
          checked: shown.has(column.key), onchange: toggle(column) }), column.label))));
  }

  // Reasons of empty cells as text too: for the keyboard, for print, for who does not hover.
  function reasons() {
    const found = new Map();
    for (const metric of data.metrics) {
      for (const { name } of data.detectors) {
        const { mean, reason } = FLM.value(name, metric.key);
        if (mean === null) found.set(`${metric.label}: ${reason}`, [...(found.get(`${metric.label}: ${reason}`) || []), name]);
      }
    }
    if (!found.size) return null;
    return el("details", { class: "reasons" }, el("summary", {}, "Why cells are empty (–)"),
      el("ul", {}, [...found].map(([why, names]) => el("li", {}, `${why} (${FLM.list(names)})`))));
  }

  function legend() {
    const paired = Object.values(data.best).some((best) => best.how === "paired");
    if (!Object.keys(data.best).length) return el("p", { class: "hint legend" }, "[ ] 95 % interval. A column's head says on hover or "
      + "focus how the figure was made.");
    return el("p", { class: "hint legend" }, el("span", { class: "mark best" }, "★"), " best of its column. ",
      paired ? [el("span", { class: "mark tied" }, "≈"),
        " not told apart from it on these images: sign-flip test of paired differences, 5 % after Holm's correction. "] : null,
      "[ ] 95 % interval: over images; for latency, of the median within this run. ",
      "A column's head sorts by it, and says on hover or focus how the figure was made.");
  }

  function render(host) {
    columns = FLM.columns();
    table = el("table", { class: "comparison" });
    count = el("p", { class: "hint", role: "status", id: "table-count" });
    host.append(controls(), count,
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Comparison table" }, table),
      legend(), reasons() || "");
    draw();
    state.on("*", () => {
      host.querySelector(".controls").replaceWith(controls());
      draw();
    });
  }

  FLM.shownDetectors = () => data.detectors.filter(matches);
  FLM.section("table", "Comparison", render, { order: 10 });
})(window.FLM);
