// Media that is loaded only when it is looked at: scripts by a <script> element, pictures, packed landmark tracks.
"use strict";
(function (FLM) {
  const scripts = new Map();
  const tracks = new WeakMap();
  const UNDEFINED = -(2 ** 30);

  // The value that a script of the page's folder sets on window under `name`; a page on disk may not fetch files.
  function load(address, name) {
    if (!scripts.has(address)) {
      scripts.set(address, new Promise((resolve, reject) => {
        const script = FLM.el("script", { src: address });
        script.addEventListener("load", () => resolve(window[name]));
        script.addEventListener("error", () => {
          scripts.delete(address);
          reject(new Error(`${address} is missing: keep the folder "page" beside index.html`));
        });
        document.head.append(script);
      }));
    }
    return scripts.get(address);
  }

  function picture(address) {
    const image = new Image();
    image.decoding = "async";
    image.src = address;
    return image;
  }

  async function inflate(text) {
    const raw = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // What pack_tracks made: {frames, points, xy: Float32Array of frames × points × 2}; NaN where undefined.
  async function unpack(packed) {
    if (tracks.has(packed)) return tracks.get(packed);
    const bytes = await inflate(packed.data);
    const { frames, points, per_pixel: unit } = packed;
    const rows = points * 2;
    const plane = rows * frames;
    const xy = new Float32Array(plane);
    for (let row = 0; row < rows; row += 1) {
      let at = 0;
      for (let t = 0; t < frames; t += 1) {
        const i = row * frames + t;
        const coded = (bytes[i] | (bytes[plane + i] << 8) | (bytes[2 * plane + i] << 16) | (bytes[3 * plane + i] << 24)) >>> 0;
        at += (coded >>> 1) ^ -(coded & 1);
        xy[t * rows + row] = at === UNDEFINED ? NaN : at / unit;
      }
    }
    const track = { frames, points, xy };
    tracks.set(packed, track);
    return track;
  }

  FLM.media = { load, picture, unpack };
})(window.FLM);
