// The player's controls: what is played, how fast, how magnified, what is drawn.
"use strict";
(function (FLM) {
  const { el } = FLM;

  const field = (id, label, control) => el("div", { class: "field" }, el("label", { for: id }, label), control);
  const check = (id, label, act) => {
    const box = el("input", { type: "checkbox", id, onchange: () => act(box.checked) });
    return { box, node: el("label", { class: "check", for: id }, box, label) };
  };
  const choose = (id, options, act) => {
    const select = el("select", { id, onchange: () => act(select.value) });
    select.append(...options.map(([value, text]) => el("option", { value }, text)));
    return select;
  };
  const button = (id, label, text, act) => el("button", { type: "button", id, title: label, "aria-label": label, onclick: act }, text);

  function transport(player, entries) {
    const source = choose("player-source", entries.map((entry, place) => [place, entry.title]), (value) => player.open(Number(value)));
    const play = button("player-play", "play", "▶", player.toggle);
    const scrub = el("input", { type: "range", id: "player-scrub", min: 0, max: 0, step: 1, value: 0, "aria-label": "frame", oninput: () => { player.pause(); player.seek(Number(scrub.value)); } });
    const count = el("output", { id: "player-frame", for: "player-scrub" });
    const speed = choose("player-speed", FLM.clock.SPEEDS.map((value) => [value, value === 1 ? "1×" : `1/${1 / value}×`]), (value) => player.faster(0, Number(value)));
    const loop = check("player-loop", "loop", (on) => player.flip("loop", on));
    const magnify = el("input", { type: "range", id: "player-magnify", min: 1, max: 20, step: 1, value: 1, oninput: () => player.magnify(0, Number(magnify.value)) });
    const times = el("output", { id: "player-times", for: "player-magnify" }, "1×");
    const trails = check("player-trails", "trails", (on) => player.flip("trails", on));
    const difference = check("player-difference", "difference", (on) => player.flip("difference", on));
    const motion = choose("player-motion", [["still", "face held still"], ["camera", "as the window moves"]], (value) => player.camera(value === "camera"));
    const motionField = field("player-motion", "Sweep shown", motion);

    const node = el("div", { class: "transport" },
      el("div", { class: "bar" }, play, button("player-back", "one frame back", "◂|", () => player.step(-1)),
        button("player-on", "one frame on", "|▸", () => player.step(1)), scrub, count),
      el("div", { class: "controls" }, field("player-source", "Play", source), field("player-speed", "Speed", speed),
        field("player-magnify", "Motion magnified", el("div", { class: "row" }, magnify, times)), motionField, player.zoomField,
        loop.node, trails.node, difference.node));

    function update(look, clock) {
      play.textContent = clock.playing ? "❚❚" : "▶";
      for (const name of ["title", "aria-label"]) play.setAttribute(name, clock.playing ? "pause" : "play");
      const last = look.source.times.length - 1;
      scrub.max = last;
      scrub.value = clock.frame;
      const seconds = look.source.kind === "clip" ? ` · ${look.source.times[clock.frame].toFixed(2)} s` : "";
      count.textContent = `${clock.frame + 1} / ${last + 1}${seconds}`;
      scrub.setAttribute("aria-valuetext", `frame ${clock.frame + 1} of ${last + 1}`);
      speed.value = String(clock.speed);
      loop.box.checked = clock.loop;
      magnify.value = look.factor;
      times.textContent = `${look.factor}×`;
      trails.box.checked = look.trails;
      difference.box.checked = look.difference;
      difference.box.disabled = look.names.length < 2;
      motionField.hidden = look.source.kind !== "sweep" || !look.source.views;
      motion.value = look.camera ? "camera" : "still";
    }
    return { node, update };
  }

  FLM.transport = transport;
})(window.FLM);
