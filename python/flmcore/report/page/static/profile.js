// A detector's jitter by part of the face, and its error against displacement, beside a reference.
"use strict";
(function (FLM) {
  const { data } = FLM;
  const style = { background: "transparent", fontSize: "12px", overflow: "visible" };
  const present = (groups, name) => groups && Number.isFinite(groups[name]);

  function byPart(host, name, reference) {
    const own = data.by_group[name];
    const other = reference && data.by_group[reference];
    const parts = Object.keys(own || {}).filter((part) => present(own, part));
    if (!parts.length) return FLM.missing(host, "The scheme of this detector names no parts of the face, so there is nothing to group by.");
    const rows = parts.map((part) => ({ part: part.replace(/_/g, " "), own: own[part], other: present(other, part) ? other[part] : null }));
    const top = d3.max(rows, (row) => Math.max(row.own, row.other || 0)) * 1.03;
    const marks = [
      Plot.barX(rows, { x: "own", y: "part", fill: FLM.colour(name), insetTop: 3, insetBottom: 3, rx: 2, sort: null }),
      Plot.text(rows, { frameAnchor: "right", y: "part", text: (row) => row.own.toFixed(2), textAnchor: "end", dx: 42, fontWeight: 600 }),
    ];
    if (other) {
      const known = rows.filter((row) => row.other !== null);
      marks.push(Plot.tickX(known, { x: "other", y: "part", stroke: "var(--paper)", strokeWidth: 6 }),
        Plot.tickX(known, { x: "other", y: "part", stroke: FLM.colour(reference), strokeWidth: 3 }),
        Plot.text(known, { frameAnchor: "right", y: "part", text: (row) => row.other.toFixed(2), textAnchor: "end", dx: 84, fill: "var(--muted)" }));
    }
    host.append(plot({
      ariaLabel: "jitter by part of the face", marginLeft: 96, marginRight: other ? 92 : 48, height: 26 * rows.length + 48,
      x: { domain: [0, top], label: "jitter, %", grid: true, ticks: 5 }, y: { domain: rows.map((row) => row.part), label: null, tickSize: 0 }, marks,
    }, host));
    host.append(key(name, "bar", other ? reference : null, "line"));
  }

  function byOffset(host, name, reference, sweep) {
    const found = data.by_offset[sweep];
    const names = [name, reference].filter((one) => one && found && found.curves[one]);
    if (!names.includes(name)) return FLM.missing(host, "No curve of this detector: it was measured on no face of this sweep.");
    const rows = names.flatMap((one) => found.curves[one].map(([mean, low, high], bin) =>
      ({ name: one, size: found.sizes[bin], mean, low, high }))).filter((row) => row.mean !== null);
    const banded = rows.filter((row) => row.low !== null);
    const tone = (row) => FLM.colour(row.name);
    host.append(plot({
      ariaLabel: `error against displacement, sweep ${sweep}`, height: 280, marginLeft: 44, marginBottom: 42,
      x: { label: found.axis, labelAnchor: "center", labelArrow: "none", zero: true, nice: true, ticks: 6 },
      y: { label: "distance from the mean place, %", labelArrow: "none", grid: true, zero: true, nice: true, ticks: 5 },
      marks: [
        Plot.areaY(banded, { x: "size", y1: "low", y2: "high", z: "name", fill: tone, fillOpacity: 0.16 }),
        Plot.lineY(rows, { x: "size", y: "mean", z: "name", stroke: tone, strokeWidth: 2 }),
        Plot.dot(rows, { x: "size", y: "mean", fill: tone, r: 4, stroke: "var(--paper)" }),
      ],
    }, host));
    host.append(key(name, "line", names[1], "line"));
  }

  function plot(options, host) {
    const width = Math.max(280, Math.min(560, host.clientWidth || 520));
    return Plot.plot({ width, style, className: "flm-plot", ...options });
  }

  const key = (name, shape, reference) => FLM.el("p", { class: "key" }, FLM.swatch(name), name,
    reference ? [FLM.el("span", { class: "versus" }, shape === "bar" ? "line: " : "against "), FLM.swatch(reference), reference] : null);

  Object.assign(FLM, { byPart, byOffset });
})(window.FLM);
