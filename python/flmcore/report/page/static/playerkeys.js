// Keys of the player. They act only while the focus is inside it, and never where a control needs the key itself;
// everything that a key does has a button too.
"use strict";
(function (FLM) {
  const { el } = FLM;

  const KEYS = [
    ["Space", "K", "play, pause"], ["←", "→", "frame back, on"], ["Home", "End", "first, last frame"], ["[", "]", "slower, faster"],
    ["−", "+", "less, more magnified"], ["D", "", "difference"], ["T", "", "trails"], ["L", "", "loop"], ["0", "", "whole face"],
  ];

  function act(event, player) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const actions = {
      " ": player.toggle, k: player.toggle, ArrowLeft: () => player.step(-1), ArrowRight: () => player.step(1),
      Home: () => player.seek(0), End: () => player.seek(Infinity), "[": () => player.faster(-1), "]": () => player.faster(1),
      "-": () => player.magnify(-1), "+": () => player.magnify(1), "=": () => player.magnify(1),
      d: () => player.flip("difference"), t: () => player.flip("trails"), l: () => player.flip("loop"), 0: player.whole,
    };
    return actions[key];
  }

  // Where the control itself uses the key: letters in a list, arrows on a slider, the space bar on a button.
  function taken(event) {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("select, summary")) return true;
    if (target.matches("button, input[type=checkbox]")) return key === " " || key === "Enter";
    return target.matches("input") && !(key === " " || /^[a-z]$/i.test(key));
  }

  function listen(root, player) {
    root.addEventListener("keydown", (event) => {
      const action = taken(event) ? null : act(event, player);
      if (!action) return;
      event.preventDefault();
      action();
    });
    return el("details", { class: "keys" }, el("summary", {}, "Keys"),
      el("p", { class: "hint" }, "While the focus is in the player:"),
      el("dl", {}, KEYS.map(([one, two, text]) => el("div", {}, el("dt", {}, el("kbd", {}, one), two ? [" ", el("kbd", {}, two)] : null), el("dd", {}, text)))));
  }

  FLM.playerKeys = { listen };
})(window.FLM);
