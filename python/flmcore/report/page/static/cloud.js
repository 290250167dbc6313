// The sweep's landmarks on the face: each landmark's trace through all windows, and its mean as a dot.
"use strict";
(function (FLM) {
  const { el, data, media, motion, stage, marks } = FLM;

  function keep(scheme, choice) {
    const groups = (data.chart[scheme] || {}).groups || {};
    if (choice === "all") return null;
    if (choice.startsWith("group:")) return new Set(groups[choice.slice(6)] || []);
    return new Set([Number(choice)]);
  }

  function trace(track, landmark) {
    return d3.range(track.frames).map((t) => [track.xy[(t * track.points + landmark) * 2], track.xy[(t * track.points + landmark) * 2 + 1]]);
  }

  function draw(pen, face, found, choice, view) {
    pen.picture(face);
    if (!found) return;
    const only = keep(found.scheme, choice);
    const middle = motion.whole(found.track);
    for (let landmark = 0; landmark < found.track.points; landmark += 1) {
      if (only && !only.has(landmark)) continue;
      marks.line(pen, trace(found.track, landmark), { colour: "#00e5ff", width: 1, alpha: 0.95, closed: true });
    }
    marks.dots(pen, middle, { colour: "#ffffff", radius: marks.radiusOf(found.track.points, view.zoom) * 0.85, keep: only });
  }

  // Names of the landmarks to choose from: all, a part, or one by its number.
  function fillChoice(select, name) {
    const row = data.detectors.find((one) => one.name === name);
    const groups = Object.keys((data.chart[row.scheme] || {}).groups || {});
    const before = select.value;
    select.replaceChildren(el("option", { value: "all" }, "all landmarks"),
      groups.length ? el("optgroup", { label: "part" }, groups.map((part) => el("option", { value: `group:${part}` }, part.replace(/_/g, " ")))) : "",
      el("optgroup", { label: "one landmark" }, d3.range(row.landmarks).map((landmark) => el("option", { value: landmark }, `landmark ${landmark}`))));
    select.value = [...select.options].some((option) => option.value === before) ? before : "all";
  }

  // names(): the detector and, where chosen, the reference. Returns {update, show(image)}.
  function cloud(host, names) {
    if (!data.sweeps.length) {
      FLM.missing(host, "The clouds need the pictures and landmarks that a run keeps beside its results (overlays.npz): keep it in the folder of results.json, or measure again:", "flmcore evaluate IMAGES -o DIR");
      return { update() {}, show() { return false; } };
    }
    const image = el("select", { id: "cloud-image", onchange: () => update() });
    image.append(...data.sweeps.map((row, place) => el("option", { value: place }, row.image)));
    const choice = el("select", { id: "cloud-landmarks", onchange: () => render() });
    const panes = el("div", { class: "pair panes" });
    const note = el("p", { class: "hint" });
    let [stages, tracks, face, parts, turn] = [[], new Map(), null, {}, 0];
    const view = stage.makeView(() => render());
    const render = () => stages.forEach((one) => one.render());

    async function update() {
      turn += 1;
      const mine = turn;
      const row = data.sweeps[Number(image.value)];
      const shown = names();
      fillChoice(choice, shown[0]);
      const loaded = await media.load(row.script, row.media);
      const found = new Map();
      for (const name of shown.filter((one) => loaded.detectors[one])) {
        const scheme = data.detectors.find((one) => one.name === name).scheme;
        found.set(name, { scheme, track: await media.unpack(loaded.detectors[name].tracks) });
      }
      if (mine !== turn) return;  // another choice was made meanwhile
      tracks = found;
      stages.forEach((one) => one.close());
      face = media.picture(row.picture);
      face.addEventListener("load", render);
      stages = shown.map((name) => stage.makeStage(row.size, view, `Landmarks of ${name} through the sweep on ${row.image}`,
        (pen) => draw(pen, face, tracks.get(name), choice.value, view)));
      panes.replaceChildren(...shown.map((name, place) => el("figure", { class: "pane", "data-detector": name },
        el("figcaption", {}, FLM.swatch(name), el("strong", {}, name), tracks.has(name) ? figures(row.image, name) : " not measured on this image"),
        stages[place].canvas)));
      const first = tracks.get(shown[0]) || [...tracks.values()][0];
      parts = first ? stage.partsOf(motion.mean(first.track), first.scheme, row.size) : {};
      note.textContent = `Blue: each landmark through the sweep's ${loaded.frames} windows; white: its mean. A perfect detector shows no blue. `
        + "Drag to move once zoomed in; double click, pinch or Ctrl and wheel to zoom."
        + (data.sweeps_left_out ? ` ${data.sweeps_left_out} more images were left out for the page's weight.` : "");
      render();
    }

    function figures(id, name) {
      const found = data.images.find((row) => row.id === id);
      const value = found && found.values[name];
      return value === undefined ? "" : ` ${value.toFixed(2)} %`;
    }

    function show(id) {
      const place = data.sweeps.findIndex((row) => row.image === id);
      if (place < 0) return false;
      image.value = String(place);
      update();
      return true;
    }

    host.append(el("div", { class: "controls" },
      el("div", { class: "field" }, el("label", { for: "cloud-image" }, "Image"), image),
      el("div", { class: "field" }, el("label", { for: "cloud-landmarks" }, "Landmarks"), choice),
      stage.zoomControls(view, () => parts, "cloud")), panes, note);
    return { update, show };
  }

  FLM.cloud = cloud;
})(window.FLM);
