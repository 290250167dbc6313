// Which detectors nothing beats in both of two figures: the Pareto front, and how sure it is.
"use strict";
(function (FLM) {
  const { data, metrics } = FLM;

  // What is plotted: figures that are best at zero by their size.
  function point(name, key) {
    const metric = metrics.get(key);
    const { mean, low, high } = FLM.value(name, key);
    if (mean === null || metric.better !== "zero") return { mean, low: low ?? null, high: high ?? null };
    if (low === null || low === undefined) return { mean: Math.abs(mean), low: null, high: null };
    const ends = [Math.abs(low), Math.abs(high)];
    return { mean: Math.abs(mean), low: low < 0 && high > 0 ? 0 : Math.min(...ends), high: Math.max(...ends) };
  }

  const side = (metric) => (metric.better === "high" ? -1 : 1);

  // Names in the order of x from its better end; none where a figure has no better end.
  function front(rows, xMetric, yMetric) {
    if (xMetric.better === "none" || yMetric.better === "none") return [];
    const sorted = [...rows].sort((a, b) => side(xMetric) * (a.x - b.x) || side(yMetric) * (a.y - b.y));
    const found = [];
    let best = Infinity;
    for (const row of sorted) {
      const y = side(yMetric) * row.y;
      if (y < best) found.push(row);
      best = Math.min(best, y);
    }
    return found;
  }

  // Share of the resamples in which each is on the front; null where neither figure has any.
  function shares(rows, xMetric, yMetric) {
    const { count, values } = data.draws;
    const known = (key) => Boolean(values[key]);
    if (!count || (!known(xMetric.key) && !known(yMetric.key))) return null;
    const times = new Map(rows.map((row) => [row.name, 0]));
    const at = (row, metric, otherwise, draw) => {
      const column = values[metric.key] && values[metric.key][row.name];
      return column ? (metric.better === "zero" ? Math.abs(column[draw]) : column[draw]) : otherwise;
    };
    for (let draw = 0; draw < count; draw += 1) {
      const drawn = rows.map((row) => ({ name: row.name, x: at(row, xMetric, row.x, draw), y: at(row, yMetric, row.y, draw) }));
      for (const { name } of front(drawn, xMetric, yMetric)) times.set(name, times.get(name) + 1);
    }
    return new Map([...times].map(([name, n]) => [name, n / count]));
  }

  FLM.front = { point, front, shares };
})(window.FLM);
