// What would change the winner: one weight or one limit at a time, solved for, not searched.
"use strict";
(function (FLM) {
  const { data, metrics } = FLM;
  const { rank, logLoss, figure, isLeast } = FLM.scoring;
  const MOST = 100;  // of a weight

  const withWeight = (choice, key, weight) => ({ ...choice, weights: new Map([...choice.weights, [key, weight]]) });
  const withLimit = (choice, key, limit) => {
    const limits = new Map(choice.limits);
    if (limit === null) limits.delete(key);
    else limits.set(key, limit);
    return { ...choice, limits };
  };
  const winner = (choice) => (rank(choice).ranked[0] || { name: null }).name;

  // Two detectors' weighted sums differ by rest + weight·slope in one weight: the sign changes where that is zero.
  function crossing(choice, key, first, rival) {
    const gap = (other) => logLoss(figure(rival, other), metrics.get(other)) - logLoss(figure(first, other), metrics.get(other));
    let rest = 0;
    for (const [other, weight] of choice.weights) if (other !== key && weight > 0) rest += weight * gap(other);
    const slope = gap(key);
    return slope === 0 || rest === 0 ? null : -rest / slope;
  }

  // The nearest change of one weight, up and down: [{kind, key, from, to, winner}], `to` the exact place of the tie.
  function ofWeight(choice, key, ranked) {
    const now = choice.weights.get(key) || 0;
    const first = ranked[0].name;
    if (figure(first, key) === null) {  // any weight at all drops the winner
      const next = winner(withWeight(choice, key, 1e-9));
      return next && next !== first ? [{ kind: "weight", key, from: now, to: 0, winner: next, beyond: true }] : [];
    }
    const found = [];
    for (const { name } of ranked.slice(1)) {
      if (figure(name, key) === null) continue;
      const to = crossing(choice, key, first, name);
      if (to !== null && to >= 0 && to <= MOST) found.push({ kind: "weight", key, from: now, to, winner: name });
    }
    if (now > 0 && [...choice.weights].some(([other, weight]) => other !== key && weight > 0)) {
      const without = winner(withWeight(choice, key, 0));  // those that lack the figure come back
      if (without && without !== first) found.push({ kind: "weight", key, from: now, to: 0, winner: without });
    }
    const near = (rows) => rows.sort((a, b) => Math.abs(a.to - now) - Math.abs(b.to - now)).slice(0, 1);
    return [...near(found.filter((row) => row.to >= now)), ...near(found.filter((row) => row.to < now))];
  }

  // The limit that drops the winner, and the nearest that lets a better one in.
  function ofLimit(choice, key, ranked) {
    const metric = metrics.get(key);
    const size = (name) => (isLeast(metric) ? figure(name, key) : Math.abs(figure(name, key)));
    const now = choice.limits.has(key) ? choice.limits.get(key) : null;
    const first = ranked[0].name;
    const found = [];
    if (figure(first, key) !== null) {
      const at = size(first);
      const just = at + (isLeast(metric) ? 1 : -1) * Math.max(1e-9, 1e-9 * at);
      const next = winner(withLimit(choice, key, just));
      if (next) found.push({ kind: "limit", key, from: now, to: at, winner: next, tighter: true });
    }
    if (now === null) return found;
    const blocked = data.detectors.map((row) => row.name).filter((name) => figure(name, key) !== null
      && (isLeast(metric) ? size(name) < now : size(name) > now))
      .sort((a, b) => Math.abs(size(a) - now) - Math.abs(size(b) - now));
    for (const name of blocked) {
      const next = winner(withLimit(choice, key, size(name)));
      if (next !== first) {
        found.push({ kind: "limit", key, from: now, to: size(name), winner: next, tighter: false });
        break;
      }
    }
    return found;
  }

  function ofUse(choice, ranked) {
    return ["", "open", "yes"].filter((use) => use !== choice.use).flatMap((use) => {
      const next = winner({ ...choice, use });
      return next && next !== ranked[0].name ? [{ kind: "use", from: choice.use, to: use, winner: next }] : [];
    });
  }

  // {weights: nearest first, limits: …, use: …}; asked of the keys that the reader sees.
  function flips(choice, weightKeys, limitKeys) {
    const { ranked } = rank(choice);
    if (!ranked.length) return null;
    const change = (row) => Math.abs(row.to - row.from);
    const share = (row) => (row.from === null ? Infinity : Math.abs(row.to - row.from) / Math.max(Math.abs(row.from), 1e-9));
    const weights = weightKeys.flatMap((key) => ofWeight(choice, key, ranked)).sort((a, b) => change(a) - change(b));
    const limits = limitKeys.flatMap((key) => ofLimit(choice, key, ranked)).sort((a, b) => share(a) - share(b) || 0);
    return { weights, limits, use: ofUse(choice, ranked) };
  }

  FLM.flips = flips;
})(window.FLM);
