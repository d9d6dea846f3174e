// Brings a page up to date while somebody looks at it. The server says that something has
// changed, and the page is fetched again. What is as before is left alone: where the focus
// is, what is open, how far it is scrolled, and what a screen reader is at.
/* global Idiomorph */

const { section } = document.getElementById("main").dataset;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const said = document.getElementById("said");
const seldom = 30000; // how often it is looked where there is no stream
let stream = null, seen = "", busy = false, again = false, timer = 0;

const part = (doc) => doc.querySelector("[data-live]");
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** follow listens, while the page can be seen: a browser has few connections to a server. */
function follow() {
  clearTimeout(timer);
  if (stream || document.hidden) return;
  const own = new EventSource(`/live?${new URLSearchParams({ section, seen })}`);
  stream = own;
  own.addEventListener("changed", (e) => { seen = e.lastEventId; renew(); });
  own.addEventListener("end", () => location.reload()); // signed out, or another role
  own.onerror = () => {
    if (own.readyState !== EventSource.CLOSED) return renew(); // it comes back by itself
    stop();
    timer = setTimeout(() => { renew(); follow(); }, seldom);
  };
}

function stop() {
  clearTimeout(timer);
  stream?.close();
  stream = null;
}

/** renew fetches the page; while it does so, all that changes leads to one more time. */
async function renew() {
  again = true;
  if (busy) return;
  busy = true;
  try {
    while (again) {
      again = false;
      await wait(Math.random() * 300); // not all browsers at the same moment
      await fetchIt();
    }
    lost(false);
  } catch {
    lost(true);
  } finally {
    busy = false;
  }
}

async function fetchIt() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.status === 401 || answer.redirected) return location.reload();
  const next = part(new DOMParser().parseFromString(await answer.text(), "text/html"));
  if (next) return put(next);
  if (answer.status >= 500) throw new Error(answer.statusText);
  again = true; // what it says is being asked for
  await wait(1000);
}

function put(next) {
  const now = part(document), other = new Set(), before = told();
  Idiomorph.morph(now, [...next.childNodes], {
    morphStyle: "innerHTML",
    callbacks: {
      beforeNodeMorphed: (was, is) => { if (was.nodeType === Node.TEXT_NODE && was.data.trim() !== is.data.trim()) other.add(was.parentElement); },
      beforeAttributeUpdated: (name, node) => !(name === "open" && node.tagName === "DETAILS"),
    },
  });
  const isNew = [...told()].filter((text) => !before.has(text));
  if (isNew.length) said.textContent = isNew.slice(0, 3).join(". ");
  document.documentElement.dataset.renewed = Number(document.documentElement.dataset.renewed ?? 0) + 1;
  if (calm.matches) return;
  for (const e of other) {
    if (e?.isConnected && e.matches("dd, td, b, .many")) e.animate({ backgroundColor: ["var(--selection)", "transparent"] }, 1500);
  }
}

/** told is what is worth telling somebody who doesn't see it. */
const told = () => new Set([...part(document).querySelectorAll("[data-say]")].map((e) => e.dataset.say));

/** lost says that what is shown may be old. */
function lost(is) {
  const note = document.getElementById("lost");
  if (is === !note.hidden) return;
  note.textContent = is ? `The console does not answer. This is as it was at ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}.` : "";
  note.hidden = !is;
}

if (part(document)) {
  follow();
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : follow()));
  addEventListener("pagehide", stop);
  addEventListener("pageshow", follow);
}
