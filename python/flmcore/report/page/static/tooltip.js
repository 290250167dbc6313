// Explanations on hover, focus and touch: one bubble for the page, tied to its place by aria-describedby.
"use strict";
(function (FLM) {
  const { el } = FLM;
  const bubble = el("div", { id: "tip", role: "tooltip", hidden: true });
  document.body.append(bubble);
  let owner = null;

  function show(target, text) {
    owner = target;
    bubble.replaceChildren(...text.split("\n").map((line) => el("p", {}, line)));
    bubble.hidden = false;
    target.setAttribute("aria-describedby", "tip");
    place(target);
  }

  function place(target) {
    const at = target.getBoundingClientRect();
    const size = bubble.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left), document.documentElement.clientWidth - size.width - 8);
    const below = at.bottom + 6 + size.height < window.innerHeight;
    bubble.style.left = `${Math.max(8, left)}px`;
    bubble.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - size.height - 6)}px`;
  }

  function hide() {
    if (owner) owner.removeAttribute("aria-describedby");
    owner = null;
    bubble.hidden = true;
  }

  // target must be focusable, or be within what is; text may be a function.
  function tip(target, text) {
    const open = () => show(target, typeof text === "function" ? text() : text);
    target.addEventListener("mouseenter", open);
    target.addEventListener("focusin", open);
    target.addEventListener("mouseleave", hide);
    target.addEventListener("focusout", hide);
    return target;
  }

  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  // What has the focus keeps its bubble: the browser scrolls to it.
  const follow = () => owner && (owner.contains(document.activeElement) ? place(owner) : hide());
  window.addEventListener("scroll", follow, { passive: true, capture: true });
  FLM.tip = tip;
})(window.FLM);
