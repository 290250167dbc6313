// Draws the page: title, sections in order, links to them. Must be the last script.
"use strict";
(function (FLM) {
  const { el } = FLM;

  function draw(entry) {
    if (entry.drawn) return;
    entry.drawn = true;
    try {
      entry.render(entry.host, FLM.data);
    } catch (error) {
      console.error(error);  // tests and bug reports must see it; the other sections go on
      entry.host.append(el("p", { class: "missing" }, `This section could not be drawn: ${error.message}`));
    }
  }

  function jump(entry, event) {
    event.preventDefault();  // the address holds the reader's choice
    draw(entry);
    entry.node.scrollIntoView();
    entry.node.querySelector("h2").focus({ preventScroll: true });
  }

  function start() {
    const main = document.getElementById("main");
    const nav = document.getElementById("nav");
    const near = new IntersectionObserver(
      (seen) => seen.filter((row) => row.isIntersecting).forEach((row) => {
        near.unobserve(row.target);
        draw(FLM.sections.find((entry) => entry.node === row.target));
      }),
      { rootMargin: "400px" },
    );
    FLM.sections.sort((a, b) => a.order - b.order);
    for (const entry of FLM.sections) {
      entry.host = el("div", { class: "body" });
      const heading = `${entry.id}-title`;
      entry.node = el("section", { id: entry.id, "aria-labelledby": heading },
        el("h2", { id: heading, tabindex: "-1" }, entry.title), entry.host);
      main.append(entry.node);
      nav.append(el("a", { href: `#${entry.id}`, onclick: (event) => jump(entry, event) }, entry.title));
      if (entry.lazy) near.observe(entry.node);
      else draw(entry);
    }
    document.querySelector(".skip").addEventListener("click", (event) => {
      event.preventDefault();
      main.focus();
    });
    window.addEventListener("beforeprint", () => FLM.sections.forEach(draw));
    document.documentElement.dataset.ready = "yes";
  }

  start();
})(window.FLM);
