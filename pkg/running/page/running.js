// Today is brought up to date while somebody looks at it.
const every = 5000;

async function renew() {
  if (document.hidden) return;
  const answer = await fetch("/today", { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.getElementById("live");
  const now = document.getElementById("live");
  if (!next || next.innerHTML === now.innerHTML || now.contains(document.activeElement)) return;
  now.innerHTML = next.innerHTML;
}

setInterval(() => renew().catch(() => {}), every);
