// A picture with landmarks on it: canvas, zoom and pan. Several stages may share one view.
"use strict";
(function (FLM) {
  const { el } = FLM;
  const MOST = 16;

  // What part of the picture is seen, as a share of it; the same for all stages that share it.
  function makeView(changed) {
    const view = { x: 0.5, y: 0.5, zoom: 1 };
    const clamp = (value) => Math.min(1 - 0.5 / view.zoom, Math.max(0.5 / view.zoom, value));
    function set(x, y, zoom) {
      view.zoom = Math.min(MOST, Math.max(1, zoom));
      view.x = clamp(x);
      view.y = clamp(y);
      changed();
    }
    // Zoom by a factor, the place (u, v) of the canvas, in shares of it, staying where it is.
    function zoomAt(factor, u = 0.5, v = 0.5) {
      const zoom = Math.min(MOST, Math.max(1, view.zoom * factor));
      set(view.x + (u - 0.5) / view.zoom - (u - 0.5) / zoom, view.y + (v - 0.5) / view.zoom - (v - 0.5) / zoom, zoom);
    }
    return Object.assign(view, { set, zoomAt, move: (du, dv) => set(view.x - du / view.zoom, view.y - dv / view.zoom, view.zoom) });
  }

  // size: of the picture; draw(pen) draws; pen: {context, put(x, y) → canvas px, scale (canvas px per picture px), picture(image, matrix)}.
  function makeStage(size, view, label, draw) {
    const canvas = el("canvas", { class: "stage", role: "img", "aria-label": label });
    const context = canvas.getContext("2d");
    let [width, height] = size;
    let density = 1;

    function fit() {
      density = Math.min(2, window.devicePixelRatio || 1);
      const shown = canvas.clientWidth || 320;
      const wanted = [Math.round(shown * density), Math.round((shown * height * density) / width)];
      if (canvas.width !== wanted[0] || canvas.height !== wanted[1]) [canvas.width, canvas.height] = wanted;
    }

    function render() {
      fit();
      const scale = (canvas.width / width) * view.zoom;
      const left = canvas.width / 2 - (view.x * width - 0.5) * scale;  // pixel centres: 0 is the middle of the first
      const top = canvas.height / 2 - (view.y * height - 0.5) * scale;
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.fillStyle = "#202328";
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.imageSmoothingEnabled = scale < 8 * density;
      const pen = {
        context, scale, density,
        put: (x, y) => [left + x * scale, top + y * scale],
        picture(image, m) {
          if (!image || !image.complete || !image.naturalWidth) return;
          if (m) context.setTransform(scale * m[0], scale * m[3], scale * m[1], scale * m[4], left + scale * m[2], top + scale * m[5]);
          else context.setTransform(scale, 0, 0, scale, left, top);
          context.drawImage(image, -0.5, -0.5);
          context.setTransform(1, 0, 0, 1, 0, 0);
        },
      };
      draw(pen);
    }

    listen(canvas, view);
    const resized = new ResizeObserver(() => render());
    resized.observe(canvas);
    const resize = (next) => { [width, height] = next; canvas.style.aspectRatio = `${width} / ${height}`; };
    resize(size);
    return { canvas, render, resize, close: () => resized.disconnect() };
  }

  // Drag to pan once zoomed in, pinch, Ctrl and wheel; a finger that scrolls the page is left alone.
  function listen(canvas, view) {
    const down = new Map();
    const share = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    canvas.addEventListener("pointerdown", (event) => {
      down.set(event.pointerId, share(event));
      if (view.zoom > 1) canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!down.has(event.pointerId)) return;
      const before = [...down.values()];
      const [u, v] = share(event);
      const [u0, v0] = down.get(event.pointerId);
      down.set(event.pointerId, [u, v]);
      if (before.length === 1) return void (view.zoom > 1 && view.move(u - u0, v - v0));
      const [p, q] = [...down.values()];
      const spread = ([a, b], [c, d]) => Math.hypot(a - c, b - d) || 1;
      view.zoomAt(spread(p, q) / spread(before[0], before[1]), (p[0] + q[0]) / 2, (p[1] + q[1]) / 2);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      canvas.addEventListener(end, (event) => down.delete(event.pointerId));
    }
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      view.zoomAt(Math.exp(-event.deltaY / 300), ...share(event));
    }, { passive: false });
    canvas.addEventListener("dblclick", (event) => view.zoomAt(2, ...share(event)));
  }

  // Buttons and parts of the face that a view can be set to. parts(): {name: [x, y, zoom]} in shares of the picture.
  function zoomControls(view, parts, prefix) {
    const choice = el("select", { id: `${prefix}-part`, onchange: () => {
      const place = parts()[choice.value];
      if (place) view.set(...place);
      else view.set(0.5, 0.5, 1);
    } });
    const names = ["whole", "eyes", "nose", "mouth", "contour"];
    choice.append(...names.map((name) => el("option", { value: name }, name === "whole" ? "whole face" : name)));
    const button = (label, text, act) => el("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
    return el("div", { class: "field" }, el("label", { for: `${prefix}-part` }, "Zoom"),
      el("div", { class: "row" }, choice,
        button("zoom out", "−", () => view.zoomAt(1 / 1.5)), button("zoom in", "+", () => view.zoomAt(1.5))));
  }

  // Where eyes, nose, mouth and contour are: bounding squares of their landmarks, with room about them.
  function partsOf(points, scheme, size) {
    const chart = FLM.data.chart[scheme];
    const found = {};
    for (const [part, test] of [["eyes", /eye|pupil/], ["nose", /nose/], ["mouth", /mouth/], ["contour", /contour|chin|oval/]]) {
      const members = Object.entries((chart && chart.groups) || {}).filter(([name]) => test.test(name)).flatMap(([, rows]) => rows);
      const xs = members.map((k) => points[2 * k]).filter(Number.isFinite);
      const ys = members.map((k) => points[2 * k + 1]).filter(Number.isFinite);
      if (!xs.length) continue;
      const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
      const side = Math.max((x1 - x0) / size[0], (y1 - y0) / size[1], 0.06) * 1.35;
      found[part] = [(x0 + x1 + 1) / 2 / size[0], (y0 + y1 + 1) / 2 / size[1], 1 / side];
    }
    return found;
  }

  FLM.stage = { makeView, makeStage, zoomControls, partsOf };
})(window.FLM);
