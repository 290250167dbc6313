// Time of a player: which frame is shown, at true frame times, slower or not, once or in a loop.
"use strict";
(function (FLM) {
  const SPEEDS = [0.125, 0.25, 0.5, 1];
  const LONGEST = 0.1;  // seconds between two drawings; a page that slept goes on where it was

  // times: seconds of each frame, from 0. ready(frame): whether it can be shown; the clock waits for it.
  function makeClock(changed) {
    const clock = { frame: 0, playing: false, speed: 0.5, loop: true, times: [0], ready: () => true };
    let [now, before, ticking] = [0, 0, false];

    const last = () => clock.times.length - 1;
    const length = () => clock.times[last()] + (last() > 0 ? d3.median(d3.pairs(clock.times, (a, b) => b - a)) : 0.04);

    function seek(frame) {
      clock.frame = Math.min(last(), Math.max(0, Math.round(frame)));
      now = clock.times[clock.frame];
      changed();
    }

    function step(by) {
      pause();
      const count = last() + 1;
      seek(clock.loop ? (clock.frame + by + count) % count : clock.frame + by);
    }

    function play() {
      if (clock.playing || last() < 1) return;
      if (clock.frame === last() && !clock.loop) seek(0);
      clock.playing = true;
      before = performance.now();
      changed();
      if (!ticking) requestAnimationFrame(tick);
      ticking = true;
    }

    function pause() {
      if (!clock.playing) return;
      clock.playing = false;
      changed();
    }

    function tick(stamp) {
      ticking = clock.playing;
      if (!ticking) return;
      const passed = Math.min(LONGEST, Math.max(0, (stamp - before) / 1000));
      before = stamp;
      let next = now + passed * clock.speed;
      if (next >= length() && clock.loop) next %= length();
      const frame = Math.min(last(), d3.bisectRight(clock.times, next) - 1);
      if (clock.ready(frame)) {
        now = next;
        if (frame !== clock.frame) { clock.frame = frame; changed(); }
        if (now >= length()) pause();
      }
      ticking = clock.playing;
      if (ticking) requestAnimationFrame(tick);
    }

    function faster(by) {
      clock.speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, SPEEDS.indexOf(clock.speed) + by))];
      changed();
    }

    function start(times, ready) {
      Object.assign(clock, { times, ready, frame: 0, playing: false });
      now = 0;
    }

    return Object.assign(clock, { seek, step, play, pause, faster, start, toggle: () => (clock.playing ? pause() : play()) });
  }

  FLM.clock = { makeClock, SPEEDS };
})(window.FLM);
