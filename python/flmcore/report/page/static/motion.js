// The arithmetic of tracks: where landmarks are on average, motion magnified, differences. No drawing.
"use strict";
(function (FLM) {
  // Mean place of each landmark over frames from..to (inclusive) where it is defined, as Float64Array of K × 2.
  function mean(track, from = 0, to = track.frames - 1) {
    const rows = track.points * 2;
    const out = new Float64Array(rows).fill(NaN);
    for (let row = 0; row < rows; row += 1) {
      let sum = 0;
      let count = 0;
      for (let t = Math.max(0, from); t <= Math.min(track.frames - 1, to); t += 1) {
        const value = track.xy[t * rows + row];
        if (!Number.isNaN(value)) { sum += value; count += 1; }
      }
      if (count) out[row] = sum / count;
    }
    return out;
  }

  // Over all frames; kept, as it is asked for at each frame.
  function whole(track) {
    if (!track.middle) track.middle = mean(track);
    return track.middle;
  }

  const at = (track, frame) => track.xy.subarray(frame * track.points * 2, (frame + 1) * track.points * 2);

  // Each landmark's displacement about its mean, `factor` times as large. half: frames to each side that the mean is
  // over (a face that moves); null: all frames (a face that is still).
  function magnified(track, frame, factor, half = null) {
    const here = at(track, frame);
    if (factor === 1) return Float64Array.from(here);
    const middle = half === null ? whole(track) : mean(track, frame - half, frame + half);
    return Float64Array.from(here, (value, row) => middle[row] + factor * (value - middle[row]));
  }

  // Landmarks of another scheme from rows of index, weight, …; rows of null: as they are.
  function remapped(points, rows) {
    if (!rows) return points;
    const out = new Float64Array(rows.length * 2).fill(NaN);
    rows.forEach((row, k) => {
      if (!row.length) return;
      let x = 0;
      let y = 0;
      for (let i = 0; i < row.length; i += 2) {
        x += row[i + 1] * points[2 * row[i]];
        y += row[i + 1] * points[2 * row[i] + 1];
      }
      out[2 * k] = x;
      out[2 * k + 1] = y;
    });
    return out;
  }

  // Which landmarks two detectors share: {scheme, a, b} with the rows that lead there; null where there are none.
  function common(a, b, data = FLM.data) {
    if (a === b) return { scheme: a, a: null, b: null };
    const rows = (from, to) => (from === to ? null : (data.shared[from] || {})[to]);
    const size = (target) => {
      const [ra, rb] = [rows(a, target), rows(b, target)];
      if (ra === undefined || rb === undefined) return 0;
      const count = (ra || rb).length;
      return [...Array(count).keys()].filter((k) => (!ra || ra[k].length) && (!rb || rb[k].length)).length;
    };
    const targets = [...new Set([a, b, ...Object.keys(data.shared[a] || {}), ...Object.keys(data.shared[b] || {})])];
    const best = targets.map((target) => [size(target), target]).sort((p, q) => q[0] - p[0])[0];
    return best && best[0] ? { scheme: best[1], a: rows(a, best[1]), b: rows(b, best[1]) } : null;
  }

  // From A to B, landmark by landmark: {from, to, length (NaN where one is undefined), mean, largest, at}.
  function difference(from, to) {
    const length = new Float64Array(from.length / 2);
    let [sum, count, largest, place] = [0, 0, NaN, -1];
    for (let k = 0; k < length.length; k += 1) {
      length[k] = Math.hypot(to[2 * k] - from[2 * k], to[2 * k + 1] - from[2 * k + 1]);
      if (Number.isNaN(length[k])) continue;
      sum += length[k];
      count += 1;
      if (!(length[k] <= largest)) { largest = length[k]; place = k; }
    }
    return { from, to, length, mean: count ? sum / count : NaN, largest, at: place, count };
  }

  // Mean movement from the frame before (order 1), or its change (order 2), in the unit of the track, by frame.
  function steps(track, order) {
    const out = new Float64Array(track.frames).fill(NaN);
    for (let t = order; t < track.frames; t += 1) {
      const [p, q, r] = [at(track, t), at(track, t - 1), order === 2 ? at(track, t - 2) : null];
      let [sum, count] = [0, 0];
      for (let k = 0; k < track.points; k += 1) {
        const part = (i) => (r ? p[i] - 2 * q[i] + r[i] : p[i] - q[i]);
        const size = Math.hypot(part(2 * k), part(2 * k + 1));
        if (!Number.isNaN(size)) { sum += size; count += 1; }
      }
      if (count) out[t] = sum / count;
    }
    return out;
  }

  const place = (m, x, y) => (m ? [m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]] : [x, y]);

  FLM.motion = { mean, whole, at, magnified, remapped, common, difference, steps, place };
})(window.FLM);
