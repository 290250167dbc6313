// The order of the pairs to rate: from a seed, every pair, side and face equally often. No drawing, no names.
"use strict";
(function (FLM) {
  const EVERY = 10;  // pairs to one that tries attention: the same detector on both sides

  // Mulberry32 (Tommy Ettinger, public domain): uint32 state to numbers in [0, 1).
  function random(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  function shuffled(rows, next) {
    const out = [...rows];
    for (let i = out.length - 1; i > 0; i -= 1) {
      const j = Math.floor(next() * (i + 1));
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }

  const indices = (count) => [...Array(count).keys()];

  // trial(number from 1) → {number, left, right, show}: places among `detectors` detectors and `shows` shows.
  // A round has each pair once; the next one the other way round and on the next face, so that after twice as many
  // rounds as there are faces each pair was on each face once either way.
  function plan(seed, detectors, shows) {
    const next = random(seed);
    const pairs = indices(detectors).flatMap((a) => indices(a).map((b) => [b, a]));
    const turned = shuffled(pairs.map((_, place) => place % 2), next);
    const faces = shuffled(indices(shows), next);
    const trials = [];
    let queue = [];
    let round = 0;

    function addRound() {
      const shift = round + (shows % 2 ? 0 : Math.floor(round / shows));
      queue.push(...shuffled(indices(pairs.length), next).map((place) => {
        const [a, b] = (turned[place] + round) % 2 ? [...pairs[place]].reverse() : pairs[place];
        return { left: a, right: b, show: faces[(place + shift) % shows] };
      }));
      round += 1;
    }

    function addBlock() {
      while (queue.length < EVERY) addRound();
      const block = queue.slice(0, EVERY);
      queue = queue.slice(EVERY);
      const same = Math.floor(next() * detectors);
      block.splice(Math.floor(next() * (EVERY + 1)), 0, { left: same, right: same, show: faces[Math.floor(next() * shows)] });
      for (const row of block) trials.push({ number: trials.length + 1, ...row });
    }

    return (number) => {
      while (trials.length < number) addBlock();
      return trials[number - 1];
    };
  }

  // Pairs in all, over all raters, for intervals of about ±10 points per detector near 50 %: the standard error of a
  // strength is 0.2 there, each pair tells (1 − ties)/4 of the difference, and three in ten are taken to be ties.
  const needed = (detectors) => Math.ceil(((1 - 1 / detectors) * (detectors - 1) / 2) * (4 / (0.7 * 0.2 * 0.2)));

  FLM.ratePlan = { plan, needed };
})(window.FLM);
