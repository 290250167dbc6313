// What every section uses: elements made of text, never of markup, and the list of sections.
"use strict";
window.FLM = (function () {
  const SVG = "http://www.w3.org/2000/svg";
  const sections = [];

  // el("button", {class: "sort", "aria-sort": "none", onclick: f}, "text", child, …); null children are left out.
  // Text only ever becomes a text node, and no attribute can hold code: handlers must be functions.
  function make(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (typeof value === "function") node.addEventListener(name.replace(/^on/, ""), value);
      else if (/^on/i.test(name)) throw new TypeError(`${name}: expected a function`);
      else if (name === "style") Object.assign(node.style, value);
      else node.setAttribute(name, value === true ? "" : String(value));
    }
    node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return node;
  }

  const el = (tag, attributes, ...children) => make(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, ...children) => make(document.createElementNS(SVG, tag), attributes, children);

  // render(host, data) fills the section's body. lazy: only once it comes near the screen (or is jumped to).
  // Sections are drawn in the order of `order`, then of registration.
  function section(id, title, render, { order = 50, lazy = false } = {}) {
    sections.push({ id, title, render, order, lazy });
  }

  // In place of what the results do not hold: a sentence, and the command that would get it.
  function missing(host, sentence, command) {
    host.append(el("p", { class: "missing" }, sentence, command ? [" ", el("code", {}, command)] : null));
  }

  const slug = (name) => String(name).replace(/[^A-Za-z0-9_-]+/g, "-");
  return { data: window.FLM_DATA, el, svg, section, sections, missing, slug };
})();
