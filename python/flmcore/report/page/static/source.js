// What a player can play: the sweep over a still image, or a clip.
"use strict";
(function (FLM) {
  const { data, media } = FLM;
  const RATE = 25;  // windows a second: a sweep has no time of its own
  const HALF = 4;  // frames to each side of which a moving face's mean place is taken
  const AHEAD = 8;  // frames that are decoded before they are needed

  const entries = () => [
    ...data.clips.map((row) => ({ kind: "clip", row, title: `Clip: ${row.id}` })),
    ...data.sweeps.map((row) => ({ kind: "sweep", row, title: `Sweep: ${row.image}` })),
  ];

  // {kind, size, times, views, detectors, half, order, picture(frame), ready(frame), close()}
  async function open(entry) {
    const loaded = await media.load(entry.row.script, entry.row.media);
    const common = { kind: entry.kind, title: entry.title, row: entry.row, size: entry.row.size, views: loaded.views, detectors: loaded.detectors };
    return Object.assign(common, entry.kind === "clip" ? clip(entry.row) : sweep(entry.row, loaded));
  }

  function sweep(row, loaded) {
    const face = media.picture(row.picture);
    return {
      times: d3.range(loaded.frames).map((frame) => frame / RATE), half: null, order: 1,
      picture: () => face, ready: () => done(face), pictures: [face], close() {},
    };
  }

  // Pictures stay compressed; the browser keeps decoded what is about to be shown, and drops the rest.
  function clip(row) {
    const pictures = row.frames.map(media.picture);
    function ready(frame) {
      for (let next = frame + 1; next <= frame + AHEAD; next += 1) {
        const picture = pictures[next % pictures.length];
        if (picture && picture.complete && picture.naturalWidth && !picture.decoded) {
          picture.decoded = true;
          picture.decode().catch(() => {});  // a corrupt frame is left dark
        }
      }
      return done(pictures[frame]);
    }
    const close = () => pictures.splice(0).forEach((picture) => picture.removeAttribute("src"));
    return { times: row.times, half: HALF, order: 2, picture: (frame) => pictures[frame], ready, pictures, close };
  }

  const done = (picture) => !picture || picture.complete;

  FLM.source = { entries, open };
})(window.FLM);
