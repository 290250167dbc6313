// Two detectors side by side on one face, with nothing that tells which is which: the same landmarks, the same colour.
"use strict";
(function (FLM) {
  const { el, data } = FLM;
  const RATE = 30;  // frames a second of a sweep

  // Faces and clips that can be rated, by the name that files have for them.
  const shows = [
    ...(data.sweeps || []).map((row) => ({ id: `face:${row.image}`, row, clip: false })),
    ...(data.clips || []).map((row) => ({ id: `clip:${row.id}`, row, clip: true })),
  ];

  // By detector the rows that lead to the landmarks that all have; null: there are none, each is shown with its own.
  function sharedRows(names) {
    const target = data.protocol.common;
    if (!target) return null;
    const schemes = names.map((name) => data.detectors.find((row) => row.name === name).scheme);
    const rows = schemes.map((scheme) => (scheme === target ? "own" : ((data.shared || {})[scheme] || {})[target]));
    if (rows.includes(undefined)) return null;
    const lists = rows.filter((row) => row !== "own");
    const count = lists.length ? lists[0].length : null;
    const all = count === null ? null : [...Array(count).keys()].filter((k) => lists.every((row) => row[k].length));
    if (all && !all.length) return null;
    return new Map(names.map((name, place) => [
      name,
      all === null ? null : all.map((k) => (rows[place] === "own" ? [k, 1] : rows[place][k])),
    ]));
  }

  // Shows on which every one of the detectors has landmarks.
  async function usable(names) {
    const rows = await Promise.all(shows.map(async (show) => {
      const media = await FLM.media.load(show.row.script, show.row.media);
      return names.every((name) => media.detectors[name]) ? show : null;
    }));
    return rows.filter(Boolean);
  }

  async function tracks(show, names) {
    const media = await FLM.media.load(show.row.script, show.row.media);
    return Promise.all(names.map((name) => FLM.media.unpack(media.detectors[name].tracks)));
  }

  async function pictures(show) {
    const images = (show.clip ? show.row.frames : [show.row.picture]).map(FLM.media.picture);
    await Promise.all(images.map((image) => image.decode().catch(() => null)));  // a broken frame is left black
    return images;
  }

  function dots(pen, points, move) {
    const { context } = pen;
    const radius = Math.max(1.2, Math.min(2.6, 20 / Math.sqrt(points.length / 2))) * pen.density;
    context.fillStyle = "#ffffff";
    context.strokeStyle = "#000000";
    context.lineWidth = 0.8 * pen.density;
    for (let k = 0; k < points.length; k += 2) {
      if (Number.isNaN(points[k])) continue;
      const [x, y] = pen.put(...FLM.motion.place(move, points[k], points[k + 1]));
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }

  // The two canvases; show(show, [left, right], rows) loads and plays, replay() starts again, close() ends.
  function makeDuel() {
    let playing = null;
    let frame = 0;
    let started = 0;
    let request = 0;
    const view = FLM.stage.makeView(() => stages.forEach((stage) => stage.render()));
    const stages = ["Left", "Right"].map((label, side) =>
      FLM.stage.makeStage([640, 640], view, `${label} candidate`, (pen) => paint(pen, side)));

    function paint(pen, side) {
      if (!playing) return;
      const { show, images, points, rows, media } = playing;
      pen.picture(images[show.clip ? frame : 0], null);
      const here = FLM.motion.at(points[side], Math.min(frame, points[side].frames - 1));
      dots(pen, rows[side] ? FLM.motion.remapped(here, rows[side]) : here, show.clip && media.views ? media.views[frame] : null);
    }

    function frameAt(seconds) {
      const { show, media } = playing;
      if (!show.clip) return Math.floor(seconds * RATE) % media.frames;
      const times = show.row.times;
      const whole = times[times.length - 1] + (times.length > 1 ? times[1] - times[0] : 1);
      const now = seconds % whole;
      let place = times.length - 1;
      while (place > 0 && times[place] > now) place -= 1;
      return place;
    }

    function tick(now) {
      request = requestAnimationFrame(tick);
      if (!playing) return;
      const next = frameAt((now - started) / 1000);
      if (next === frame) return;
      frame = next;
      stages.forEach((stage) => stage.render());
    }

    async function load(show, names, rows) {
      playing = null;
      const [images, points] = await Promise.all([pictures(show), tracks(show, names)]);
      playing = { show, images, points, rows, media: window[show.row.media] };
      stages.forEach((stage) => stage.resize(show.row.size));
      replay();
    }

    function replay() {
      started = performance.now();
      frame = 0;
      stages.forEach((stage) => stage.render());
    }

    function zoom() {
      if (view.zoom > 1) view.set(0.5, 0.5, 1);
      else view.set(0.5, 0.42, 2.5);
    }

    request = requestAnimationFrame(tick);
    const node = el("div", { class: "duel" }, stages.map((stage, side) =>
      el("figure", {}, el("figcaption", {}, ["Left", "Right"][side]), stage.canvas)));
    const close = () => { cancelAnimationFrame(request); stages.forEach((stage) => stage.close()); };
    return { node, load, replay, zoom, close };
  }

  FLM.rateShow = { shows, sharedRows, usable, makeDuel };
})(window.FLM);
