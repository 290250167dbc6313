// What a reader has chosen, in the address behind "#": a link that is sent shows the same.
// on(key, f): whenever set() changes it; on("*", f): when the whole address was changed (back, forward, by hand).
"use strict";
(function (FLM) {
  const listeners = new Map();
  let parameters = read();

  function read() {
    const text = location.hash.slice(1);
    return new URLSearchParams(text.includes("=") ? text : "");
  }

  const get = (key, otherwise = null) => (parameters.has(key) ? parameters.get(key) : otherwise);
  const keys = () => [...parameters.keys()];

  // A value of null, or what is so by default, leaves the address.
  function set(key, value, otherwise = null) {
    if (value === null || value === undefined || String(value) === String(otherwise)) parameters.delete(key);
    else parameters.set(key, String(value));
    const text = parameters.toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
    for (const listener of listeners.get(key) || []) listener(get(key, otherwise));
  }

  const on = (key, listener) => listeners.set(key, [...(listeners.get(key) || []), listener]);

  window.addEventListener("hashchange", () => {
    if (location.hash && !location.hash.includes("=")) return;  // a jump to a section
    parameters = read();
    for (const listener of listeners.get("*") || []) listener();
  });

  FLM.state = { get, set, on, keys };
})(window.FLM);
