// Rating itself: the rest of the page is taken away, so that no name can be seen, and keys do everything.
"use strict";
(function (FLM) {
  const { el } = FLM;
  const KEYS = {
    ArrowLeft: "left", ArrowRight: "right", ArrowDown: "tie", 1: "left", 2: "tie", 3: "right",
    " ": "replay", u: "undo", U: "undo", z: "zoom", Z: "zoom", Escape: "stop",
  };

  // Everything else leaves the document and comes back as it was; names are in the address and title too.
  function hideRest() {
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));  // an open bubble
    document.getElementById("tip").replaceChildren();
    const nodes = [...document.body.children].filter((node) => node.id !== "tip" && node.tagName !== "SCRIPT");
    const { title } = document;
    const { hash } = location;
    const scroll = window.scrollY;
    nodes.forEach((node) => node.remove());
    document.title = "Blind rating";
    if (hash) history.replaceState(null, "", location.pathname + location.search);
    return () => {
      document.body.prepend(...nodes);
      document.title = title;
      if (hash) history.replaceState(null, "", hash);
      window.scrollTo(0, scroll);
    };
  }

  // record: of FLM.rateStore; names: of the detectors it is among; shows: usable ones; done(record) when stopped.
  function rate(record, names, shows, done) {
    const trial = FLM.ratePlan.plan(record.seed, names.length, shows.length);
    const shared = FLM.rateShow.sharedRows(names);
    const restore = hideRest();
    const duel = FLM.rateShow.makeDuel();
    let current = null;
    let shownAt = 0;
    let replays = 0;
    let keeps = FLM.rateStore.keep(record);

    const button = (id, words, keys, action) =>
      el("button", { type: "button", id: `rate-${id}`, onclick: () => { act(action); root.focus(); } }, words, " ", el("kbd", {}, keys));
    const count = el("p", { id: "rate-count", role: "status" });
    const note = el("p", { id: "rate-note", class: "hint" });
    const verdicts = el("div", { class: "verdicts" },
      button("left", "Left is steadier", "←", "left"), button("tie", "No difference", "↓", "tie"),
      button("right", "Right is steadier", "→", "right"));
    const others = el("div", { class: "verdicts others" },
      button("replay", "Again", "space", "replay"), button("zoom", "Zoom", "Z", "zoom"),
      button("undo", "Undo", "U", "undo"), button("stop", "Stop", "Esc", "stop"));
    const root = el("div", { id: "rating", role: "application", "aria-label": "Blind rating", tabindex: "-1" },
      el("h1", {}, "Whose landmarks sit steadier on the face?"), count, duel.node, verdicts, others, note);

    async function next() {
      const wanted = trial(record.ratings.length + 1);
      const pair = [names[wanted.left], names[wanted.right]];
      current = null;
      root.dataset.ready = "no";
      say();
      try {
        await duel.load(shows[wanted.show], pair, pair.map((name) => (shared ? shared.get(name) : null)));
      } catch (error) {
        note.textContent = error.message;
        return;
      }
      current = wanted;
      replays = 0;
      shownAt = performance.now();
      root.dataset.ready = "yes";
    }

    function say() {
      const rated = record.ratings.length;
      const all = FLM.ratePlan.needed(names.length);
      count.textContent = `Pair ${rated + 1}. ${rated} rated; about ${all}, over all raters, make intervals of ±10 points.`;
      note.textContent = keeps
        ? "Kept by this browser after each pair. 1, 2 and 3 do the same as ←, ↓ and →."
        : "This browser keeps nothing for a page on disk: stop and download before you close it. 1, 2 and 3 do the same as ←, ↓ and →.";
    }

    function verdict(side) {
      record.ratings.push({
        number: current.number, show: shows[current.show].id, left: record.among[current.left],
        right: record.among[current.right], verdict: side,
        seconds: Math.round(performance.now() - shownAt) / 1000, replays,
      });
      keeps = FLM.rateStore.keep(record);
      next();
    }

    function undo() {
      if (!record.ratings.length) return;
      record.ratings.pop();
      keeps = FLM.rateStore.keep(record);
      next();
    }

    function stop() {
      document.removeEventListener("keydown", listen);
      duel.close();
      root.remove();
      restore();
      done(record);
    }

    function act(action) {
      if (action === "stop") return stop();
      if (!current) return undefined;  // not shown yet
      if (action === "undo") return undo();
      if (action === "zoom") return duel.zoom();
      if (action === "replay") { replays += 1; return duel.replay(); }
      return verdict(action);
    }

    function listen(event) {
      const action = KEYS[event.key];
      const onButton = event.target instanceof HTMLButtonElement && event.key === " ";
      if (!action || event.ctrlKey || event.altKey || event.metaKey || onButton) return;
      event.preventDefault();
      if (!event.repeat) act(action);  // a key held down is one verdict
    }

    document.addEventListener("keydown", listen);
    document.body.prepend(root);
    root.focus();
    next();
  }

  FLM.rateMode = { rate };
})(window.FLM);
