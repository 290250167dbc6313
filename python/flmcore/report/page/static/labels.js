// Names beside their points, where there is room: none covers another or a point.
"use strict";
(function (FLM) {
  const GAP = 4;
  const PLACES = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]];

  const overlap = (a, b) => Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left))
    * Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

  function box(row, [sideways, upright], distance) {
    const reach = row.r + GAP + distance;
    const middle = row.x + sideways * (reach + row.width / 2) * (sideways && upright ? 0.85 : 1);
    const centre = row.y + upright * (reach + row.height / 2);
    return { left: middle - row.width / 2, right: middle + row.width / 2, top: centre - row.height / 2,
      bottom: centre + row.height / 2, x: middle, y: centre };
  }

  // rows: {x, y, r, width, height, must, bars: boxes better not covered}; gives each its label's box, or null where there is no room. What must have one
  // is placed first, and farther off with a line to its point if need be.
  function place(rows, area) {
    const points = rows.map((row) => ({ left: row.x - row.r, right: row.x + row.r, top: row.y - row.r, bottom: row.y + row.r }));
    const bars = rows.flatMap((row) => row.bars);
    const taken = [];
    const order = rows.map((row, index) => index).sort((a, b) => Number(rows[b].must) - Number(rows[a].must) || rows[a].y - rows[b].y);
    const found = rows.map(() => null);
    for (const index of order) {
      const row = rows[index];
      for (const distance of row.must ? [0, 12, 26, 42, 60] : [0, 12]) {
        const free = PLACES.map((way) => box(row, way, distance)).filter((here) =>
          here.left >= area.left && here.right <= area.right && here.top >= area.top && here.bottom <= area.bottom
          && !points.some((point) => overlap(point, here)) && !taken.some((other) => overlap(other, here)));
        if (!free.length) continue;
        const costs = free.map((here) => bars.reduce((sum, one) => sum + overlap(one, here), 0));
        const cheapest = free[costs.indexOf(Math.min(...costs))];
        taken.push(cheapest);
        found[index] = { ...cheapest, far: distance > 0 };
        break;
      }
    }
    return found;
  }

  FLM.placeLabels = place;
})(window.FLM);
