// The list: it follows the files, and says which emails have changes that are only in
// this browser.
import { follow, drafts } from "/assets/shared.js";

const lost = document.getElementById("lost");

for (const card of document.querySelectorAll(".card")) {
  if (!Object.keys(drafts()).some((p) => p.includes(card.dataset.name + "."))) continue;
  const tag = document.createElement("span");
  tag.className = "tag";
  tag.textContent = "not saved";
  card.querySelector(".step").append(" ", tag);
}

follow({
  files: () => location.reload(),
  lost: () => { lost.hidden = false; lost.textContent = "The studio does not answer. Is it still running? This page goes on by itself."; },
  back: () => { if (!lost.hidden) location.reload(); },
});
