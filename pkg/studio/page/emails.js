// The list: it follows the files, and says which emails have changes that are only in
// this browser.
import { follow, drafts } from "./shared.js";

const lost = document.getElementById("lost");

function mark(card) {
  if (!Object.keys(drafts()).some((p) => p.includes(card.dataset.name + "."))) return;
  const tag = document.createElement("span");
  tag.className = "tag";
  tag.textContent = "not saved";
  card.querySelector(".step").append(" ", tag);
}

/** rest asks for what was still being checked, until all is known. The picture stays. */
async function rest() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const card of document.querySelectorAll("[data-later]")) {
    const known = next.getElementById(card.id);
    if (!known || "later" in known.dataset) continue;
    card.removeAttribute("data-later");
    card.querySelector(".what").replaceWith(known.querySelector(".what"));
    const broken = known.querySelector(".broken");
    if (broken) card.querySelector(".thumb").replaceChildren(broken);
    mark(card);
  }
  later();
}

function later() {
  if (document.querySelector("[data-later]")) setTimeout(() => rest().catch(later), 700);
}

// Pictures are loaded once the page is painted, and those that one scrolls to when one does.
const near = new IntersectionObserver((seen) => {
  for (const { target } of seen.filter((x) => x.isIntersecting)) {
    near.unobserve(target);
    const of = target.querySelector("noscript");
    if (of) target.innerHTML = of.textContent;
  }
}, { rootMargin: "400px" });

for (const card of document.querySelectorAll(".card:not([data-later])")) mark(card);
requestAnimationFrame(() => setTimeout(() => {
  for (const thumb of document.querySelectorAll(".thumb")) near.observe(thumb);
  later();
}));

follow({
  files: () => location.reload(),
  lost: () => { lost.hidden = false; lost.textContent = "The studio does not answer. Is it still running? This page goes on by itself."; },
  back: () => { if (!lost.hidden) location.reload(); },
});
