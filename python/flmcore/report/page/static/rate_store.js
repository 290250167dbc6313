// Ratings while they are made: kept by the browser where it does so for pages on disk, downloaded, read back.
"use strict";
(function (FLM) {
  const VERSION = 1;
  const about = FLM.data.rating;
  const key = about ? `flmcore ratings ${about.results}` : "";

  function hex(bytes) {
    return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // The record is the file: docs/rating.md describes it. among: codes of the detectors that are compared.
  function fresh(among, seed, rater) {
    return {
      flmcore_ratings: VERSION, page: FLM.data.created_with, results: about.results, rater, session: hex(8), seed, among,
      started: new Date().toISOString(), ratings: [],
    };
  }

  // Whether it is kept; a browser may refuse, and then what is not downloaded is lost.
  function keep(record) {
    try {
      localStorage.setItem(key, JSON.stringify(record));
      return localStorage.getItem(key) !== null;
    } catch {
      return false;
    }
  }

  function kept() {
    try {
      return check(JSON.parse(localStorage.getItem(key)));
    } catch {
      return null;
    }
  }

  function forget() {
    try {
      localStorage.removeItem(key);
    } catch { /* nothing was kept */ }
  }

  // The record, or an error that says what is wrong with it.
  function check(record) {
    const known = new Set(about.codes);
    if (!record || record.flmcore_ratings !== VERSION || !Array.isArray(record.ratings)) {
      throw new Error("expected a ratings file of this version of the page");
    }
    if (record.results !== about.results) throw new Error("a ratings file of other results: it belongs to another report");
    if (!Array.isArray(record.among) || record.among.length < 2 || !record.among.every((code) => known.has(code))) {
      throw new Error("expected detectors of this report");
    }
    if (!Number.isInteger(record.seed) || record.seed < 0 || record.seed > 4294967295) throw new Error("expected a seed");
    const verdicts = ["left", "right", "tie"];
    if (!record.ratings.every((row, place) => row.number === place + 1 && verdicts.includes(row.verdict))) {
      throw new Error("expected ratings in the order of the pairs");
    }
    return record;
  }

  function fileName(record) {
    const name = record.rater.replace(/[^A-Za-z0-9_-]+/g, "_").replace(/^_+|_+$/g, "");
    return `ratings_${name || record.session.slice(0, 8)}.json`;
  }

  function download(record) {
    const saved = { ...record, saved: new Date().toISOString() };
    const blob = new Blob([`${JSON.stringify(saved, null, 1)}\n`], { type: "application/json" });
    const address = URL.createObjectURL(blob);
    const link = FLM.el("a", { href: address, download: fileName(record) });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  FLM.rateStore = { fresh, keep, kept, forget, check, fileName, download };
})(window.FLM);
