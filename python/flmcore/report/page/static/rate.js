// The section about ratings: what was imported, and where rating begins, goes on and is downloaded.
"use strict";
(function (FLM) {
  const { el, data } = FLM;
  const about = data.rating;
  let record = null;

  function render(host) {
    if (data.detectors.length < 2) {
      return FLM.missing(host, "Rating takes two detectors: give flmcore evaluate a second one with -d.");
    }
    if (!FLM.rateShow.shows.length) {
      return FLM.missing(host, "There is no face to show: overlays.npz or tracks.npz must lie beside the results.", "flmcore report OUT -o OUT");
    }
    record = FLM.rateStore.kept();
    const body = el("div", {});
    host.append(...[found(), body].filter(Boolean));  // append() would write null as a word
    return draw(body);
  }

  // What raters said so far; names are shown here, not while rating.
  function found() {
    const said = about.said || [];
    if (!said.length) return null;
    return el("div", { class: "said" }, el("h3", {}, "What raters saw"), said.map((line) => el("p", {}, line)));
  }

  function draw(body) {
    const rated = record ? record.ratings.length : 0;
    const all = FLM.ratePlan.needed(data.detectors.length);
    const parts = [
      el("p", {},
        "Two detectors on one face, side by side, without their names: say which is steadier to your eye, with the arrow keys. ",
        `About ${all} pairs, over all raters, give each of these ${data.detectors.length} detectors an interval of about ±10 points; `,
        "five raters or more let the result speak for others than themselves. Now and then both sides are the same, to try attention."),
      FLM.rateShow.sharedRows(data.detectors.map((row) => row.name)) ? null
        : el("p", { class: "hint" }, "These detectors share no landmarks: how many there are may give one away."),
      rated ? carryOn(body, rated) : begin(body),
      el("p", { id: "rate-message", role: "status" }),
    ];
    body.replaceChildren(...parts.filter(Boolean));
  }

  function carryOn(body, rated) {
    const words = `flmcore rate import ${FLM.rateStore.fileName(record)} RESULTS`;
    return el("div", {},
      el("p", {}, `${rated} rated${record.rater ? ` by ${record.rater}` : ""}, kept by this browser for as long as it likes: download them.`),
      el("div", { class: "controls" },
        el("button", { type: "button", id: "rate-start", onclick: () => start(body) }, "Carry on"),
        el("button", { type: "button", id: "rate-download", onclick: () => FLM.rateStore.download(record) }, "Download ratings"),
        el("button", { type: "button", id: "rate-forget", onclick: () => forget(body) }, "Start anew")),
      el("p", {}, "Then: ", el("code", {}, words)));
  }

  function begin(body) {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0];
    const field = (id, label, more) => el("div", { class: "field" }, el("label", { for: id }, label), el("input", { id, ...more }));
    const boxes = data.detectors.map((row, place) => el("label", { class: "check" },
      el("input", { type: "checkbox", class: "rate-among", value: place, checked: true }), row.name));
    return el("div", {},
      el("div", { class: "controls" },
        field("rate-rater", "Your name or initials (may stay empty)", { type: "text", maxlength: 80, autocomplete: "off" }),
        field("rate-seed", "Seed of the order", { type: "number", min: 0, max: 4294967295, step: 1, value: seed }),
        el("button", { type: "button", id: "rate-start", onclick: () => start(body) }, "Start rating")),
      el("details", {}, el("summary", {}, "Which detectors"), el("fieldset", { class: "among" }, el("legend", {}, "Compare"), boxes)),
      el("div", { class: "field" }, el("label", { for: "rate-load" }, "Or carry on from a downloaded file"),
        el("input", { type: "file", id: "rate-load", accept: ".json,application/json", onchange: (event) => load(body, event.target.files[0]) })));
  }

  const message = (text) => { document.getElementById("rate-message").textContent = text; };

  async function load(body, file) {
    if (!file) return;
    try {
      record = FLM.rateStore.check(JSON.parse(await file.text()));
      FLM.rateStore.keep(record);
      draw(body);
      message(`${record.ratings.length} rated pairs read from the file.`);
    } catch (error) {
      record = null;
      message(`${file.name}: ${error instanceof SyntaxError ? "expected a ratings file, got no JSON" : error.message}`);
    }
  }

  function forget(body) {
    if (!window.confirm(`Drop ${record.ratings.length} ratings that may not be downloaded?`)) return;
    FLM.rateStore.forget();
    record = null;
    draw(body);
  }

  // Names in the order of the record's codes.
  function namesOf(codes) {
    return codes.map((code) => data.detectors[about.codes.indexOf(code)].name);
  }

  function chosen() {
    const seed = Number(document.getElementById("rate-seed").value);
    if (!Number.isInteger(seed) || seed < 0 || seed > 4294967295) throw new Error("Seed: expected a whole number from 0 to 4294967295");
    const places = [...document.querySelectorAll(".rate-among:checked")].map((box) => Number(box.value));
    if (places.length < 2) throw new Error("Which detectors: expected at least two");
    const rater = document.getElementById("rate-rater").value.trim().slice(0, 80);
    return FLM.rateStore.fresh(places.map((place) => about.codes[place]), seed, rater);
  }

  async function start(body) {
    try {
      const next = record || chosen();
      const names = namesOf(next.among);
      const shows = await FLM.rateShow.usable(names);
      if (!shows.length) throw new Error("There is no face on which all these detectors have landmarks");
      record = next;
      FLM.rateMode.rate(record, names, shows, (after) => {
        record = after.ratings.length ? after : null;
        draw(body);
        document.getElementById(record ? "rate-download" : "rate-start").focus();
      });
    } catch (error) {
      message(error.message);
    }
  }

  FLM.section("rate", "Rate by eye", render, { order: 60 });
})(window.FLM);
