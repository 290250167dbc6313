// Two to four detectors on one clip or one sweep, frame by frame together.
"use strict";
(function (FLM) {
  const { el, data, media, motion, stage, pane, state } = FLM;
  const MOST = 4;
  const schemeOf = (name) => data.detectors.find((row) => row.name === name).scheme;

  function render(host) {
    const entries = FLM.source.entries();
    if (!entries.length) {
      return FLM.missing(host, "The player needs what a run keeps for looking at: overlays.npz beside results.json for sweeps, tracks.npz for clips. Measure again, with a clip for the latter:", "flmcore evaluate CLIP --video -o DIR");
    }
    const look = { source: null, names: [], frame: 0, factor: 1, trails: false, difference: false, camera: false, zoom: 1 };
    let [tracks, stages, movement, scale, parts, turn] = [new Map(), [], null, null, {}, 0];
    const clock = FLM.clock.makeClock(() => draw());
    const view = stage.makeView(() => { look.zoom = view.zoom; draw(); });
    const panes = el("div", { class: "player-panes", tabindex: 0, role: "group", "aria-label": "Player; its keys are listed below", onclick: () => panes.focus({ preventScroll: true }) });
    const below = el("div", {});
    const status = el("p", { class: "hint", id: "player-status", role: "status" });

    const player = {
      toggle: clock.toggle, pause: clock.pause, step: clock.step, seek: clock.seek, open,
      faster(by, exactly = null) { if (exactly !== null) clock.speed = exactly; clock.faster(by); },
      magnify(by, exactly = null) { look.factor = Math.min(20, Math.max(1, exactly === null ? look.factor + by : exactly)); draw(); },
      flip(what, on = null) {
        const holder = what === "loop" ? clock : look;
        holder[what] = on === null ? !holder[what] : on;
        if (what === "difference") layOut();
        draw();
      },
      camera(on) { look.camera = on; draw(); },
      whole: () => view.set(0.5, 0.5, 1),
      zoomField: stage.zoomControls(view, () => parts, "player"),
    };
    const controls = FLM.transport(player, entries);
    const add = el("button", { type: "button", id: "player-add", onclick: () => choose([...look.names, available()[0]]) }, "Add a detector");
    const root = el("div", { class: "player", id: "player-root" }, panes, controls.node, below, status, add);
    root.append(FLM.playerKeys.listen(root, player));
    host.append(root);
    new IntersectionObserver((seen) => seen.forEach((row) => row.isIntersecting || clock.pause())).observe(root);

    const possible = () => data.detectors.map((row) => row.name).filter((name) => look.source.detectors[name]);
    const available = () => FLM.ordered().filter((name) => possible().includes(name) && !look.names.includes(name));

    async function open(place) {
      clock.pause();
      turn += 1;
      const mine = turn;
      status.textContent = "Loading …";
      let source;
      try {
        source = await FLM.source.open(entries[place]);
      } catch (error) {
        status.textContent = error.message;
        return;
      }
      if (mine !== turn) return source.close();
      if (look.source) look.source.close();
      look.source = source;
      source.pictures.forEach((picture) => picture.addEventListener("load", () => source.picture(clock.frame) === picture && draw()));
      clock.start(source.times, source.ready);
      tracks = new Map();
      const asked = (state.get("panes", "") || "").split("\n").filter((name) => possible().includes(name));
      const wanted = look.names.length ? look.names : asked;
      const kept = wanted.filter((name) => possible().includes(name));
      await choose(kept.length ? kept : FLM.ordered().filter((name) => possible().includes(name)).slice(0, 2));
      view.set(0.5, 0.5, 1);
      const { row } = source;
      status.textContent = source.kind === "clip" && row.of > row.times.length ? `The first ${row.times.length} of ${row.of} frames: more would make the page too heavy to send.` : "";
    }

    async function choose(names) {
      const source = look.source;
      look.names = names.slice(0, MOST);
      if (look.names.length < 2) look.difference = false;
      for (const name of look.names) {
        if (!tracks.has(name)) tracks.set(name, { scheme: schemeOf(name), track: await media.unpack(source.detectors[name].tracks) });
      }
      if (source !== look.source) return;
      state.set("panes", look.names.join("\n"), "");
      layOut();
      draw();
    }

    function layOut() {
      stages.forEach((one) => one.close());
      const make = (label, paint) => stage.makeStage(look.source.size, view, label, paint);
      stages = look.names.map((name) => make(`Landmarks of ${name} on ${look.source.title}`, (pen) => pane.drawPane(pen, look, name, tracks.get(name).track)));
      const figures = look.names.map((name, place) => el("figure", { class: "pane", "data-detector": name }, caption(name, place), stages[place].canvas));
      if (look.difference) figures.push(differencePane(make));
      panes.replaceChildren(...figures);
      panes.dataset.count = figures.length;
      const series = look.names.map((name) => ({ name, track: tracks.get(name).track, normaliser: look.source.detectors[name].normaliser }));
      movement = FLM.timeline(look.source, series, (frame) => { clock.pause(); clock.seek(frame); });
      below.replaceChildren(movement.node);
      parts = partsNow();
      add.hidden = look.names.length >= MOST || !available().length;
    }

    function partsNow() {
      const first = tracks.get(look.names[0]);
      return stage.partsOf(pane.positions({ ...look, factor: 1 }, first.track, clock.frame), first.scheme, look.source.size);
    }

    function caption(name, place) {
      const id = `player-pane-${place}`;
      const select = el("select", { id, "aria-label": `detector of pane ${place + 1}`, onchange: () => choose(look.names.map((old, i) => (i === place ? select.value : old))) });
      select.append(...possible().filter((one) => one === name || !look.names.includes(one)).map((one) => el("option", { value: one }, one)));
      select.value = name;
      const remove = el("button", { type: "button", class: "remove", "aria-label": `remove ${name}`, title: "remove", onclick: () => choose(look.names.filter((_, i) => i !== place)) }, "×");
      return el("figcaption", {}, FLM.swatch(name), select, look.names.length > 1 ? remove : null);
    }

    function differencePane(make) {
      const [a, b] = look.names.map((name) => tracks.get(name));
      const unit = look.source.detectors[look.names[0]].normaliser;
      const shown = (length) => (unit ? (100 * length) / unit : length);
      const sampled = d3.range(0, look.source.times.length, Math.max(1, Math.floor(look.source.times.length / 24)));
      const found = sampled.map((frame) => pane.differenceOf(look, a, b, frame)).filter(Boolean);
      scale = FLM.sequential(found.flatMap((row) => Array.from(row.length, shown)));
      scale.bright = (length) => d3.interpolatePlasma(0.25 + 0.72 * scale.share(shown(length)));
      scale.tone = (part) => d3.interpolatePlasma(0.25 + 0.72 * part);
      Object.assign(scale, { shown, text: (length) => (Number.isFinite(length) ? `${shown(length).toFixed(2)}${unit ? "\u00a0%" : "\u00a0px"}` : "–") });
      const last = make(`Difference from ${look.names[0]} to ${look.names[1]}`, (pen) => pane.drawDifference(pen, look, pane.differenceOf(look, a, b), scale));
      stages.push(last);
      return el("figure", { class: "pane difference", id: "player-difference-pane" },
        el("figcaption", {}, FLM.swatch(look.names[0]), "→", FLM.swatch(look.names[1]), "difference"), last.canvas,
        found.length ? FLM.legend(scale, unit ? "distance, % of the eye distance" : "distance, px", 1) : null, el("p", { class: "readout", id: "player-difference-text" }));
    }

    function draw() {
      if (!look.source || !stages.length) return;
      look.frame = clock.frame;
      stages.forEach((one) => { one.render(); one.canvas.dataset.frame = look.frame; one.canvas.style.touchAction = view.zoom > 1 ? "none" : "pan-y"; });
      controls.update(look, clock);
      movement.mark(look.frame);
      if (look.difference) sayDifference();
    }

    function sayDifference() {
      const [a, b] = look.names.map((name) => tracks.get(name));
      const found = pane.differenceOf(look, a, b);
      document.getElementById("player-difference-text").textContent = found
        ? `mean ${scale.text(found.mean)}, largest ${scale.text(found.largest)} at landmark ${found.at} of ${found.scheme} (${found.count} shared)`
        : "These two schemes share no landmark.";
    }

    FLM.player = { look, clock, view, player, tracks: () => tracks, choose };
    FLM.dark.addEventListener("change", draw);
    open(0);
  }

  FLM.section("player", "Side by side", render, { order: 50, lazy: true });
})(window.FLM);
