// One detector's landmarks on one frame, and the difference of two: what a player's panes draw.
"use strict";
(function (FLM) {
  const { motion, marks } = FLM;
  const TRAIL = 12;  // frames

  // Where landmarks are drawn: magnified in the image, then where this frame shows the image.
  function positions(look, track, frame = look.frame, shownIn = look.frame) {
    const points = motion.magnified(track, frame, look.factor, look.source.half);
    return onFrame(look, points, shownIn);
  }

  function onFrame(look, points, frame) {
    const view = matrix(look, frame);
    if (!view) return points;
    const out = new Float64Array(points.length);
    for (let i = 0; i < points.length; i += 2) [out[i], out[i + 1]] = motion.place(view, points[i], points[i + 1]);
    return out;
  }

  // A clip's frames always have their view; a sweep's picture moves only as the camera sees it.
  const matrix = (look, frame) =>
    look.source.views && (look.source.kind === "clip" || look.camera) ? look.source.views[frame] : null;

  function background(pen, look) {
    const { source, frame } = look;
    pen.picture(source.picture(frame), source.kind === "sweep" ? matrix(look, frame) : null);
  }

  function drawPane(pen, look, name, track) {
    background(pen, look);
    if (!track) return;
    const colour = FLM.paint(name);
    if (look.trails) trails(pen, look, track);
    marks.dots(pen, positions(look, track), { colour, radius: marks.radiusOf(track.points, look.zoom) });
  }

  function trails(pen, look, track) {
    const from = Math.max(0, look.frame - TRAIL);
    const path = d3.range(from, look.frame + 1).map((frame) => positions(look, track, frame));
    for (let k = 0; k < track.points; k += 1) {
      marks.line(pen, path.map((points) => [points[2 * k], points[2 * k + 1]]), { colour: "#00e5ff", width: 0.9, alpha: 0.9 });
    }
  }

  // The landmarks that both have, from A to B, of one frame, in the image; null where they share none.
  function differenceOf(look, a, b, frame = look.frame) {
    const shared = motion.common(a.scheme, b.scheme);
    if (!shared) return null;
    const of = (one, rows) => motion.remapped(motion.at(one.track, frame), rows);
    return { ...motion.difference(of(a, shared.a), of(b, shared.b)), scheme: shared.scheme };
  }

  function drawDifference(pen, look, found, scale) {
    background(pen, look);
    if (!found) return;
    const ends = found.to.map ? Float64Array.from(found.to, (value, row) => found.from[row] + look.factor * (value - found.from[row])) : found.to;
    const [from, to] = [onFrame(look, found.from, look.frame), onFrame(look, ends, look.frame)];
    const radius = marks.radiusOf(found.length.length, look.zoom);
    marks.dots(pen, from, { colour: "#ffffff", radius: radius * 0.55 });
    found.length.forEach((length, k) => {
      if (!Number.isNaN(length)) arrow(pen, [from[2 * k], from[2 * k + 1]], [to[2 * k], to[2 * k + 1]], scale.bright(length));
    });
  }

  function arrow(pen, from, to, colour) {
    const [[x0, y0], [x1, y1]] = [pen.put(...from), pen.put(...to)];
    const length = Math.hypot(x1 - x0, y1 - y0);
    const head = Math.min(7 * pen.density, length * 0.6);
    const way = Math.atan2(y1 - y0, x1 - x0);
    const { context } = pen;
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    for (const turn of [2.6, -2.6]) {
      context.moveTo(x1, y1);
      context.lineTo(x1 + head * Math.cos(way + turn), y1 + head * Math.sin(way + turn));
    }
    context.lineCap = "round";
    for (const [stroke, width] of [["rgb(0 0 0 / 75%)", 4.2], [colour, 2.2]]) {
      context.strokeStyle = stroke;
      context.lineWidth = width * pen.density;
      context.stroke();
    }
  }

  FLM.pane = { positions, differenceOf, drawPane, drawDifference };
})(window.FLM);
