// What all pages share: the stream of changes, and drafts, which are kept in the browser
// until they are saved.

const key = "homing-studio-drafts";

/** drafts are {path: {text, version}}: what was typed and is not saved. */
export function drafts() {
  try { return JSON.parse(localStorage.getItem(key)) ?? {}; } catch { return {}; }
}

export function keepDrafts(all) {
  try { localStorage.setItem(key, JSON.stringify(all)); return true; } catch { return false; }
}

/** follow tells of files that changed, and of a connection that was lost or is back. */
export function follow({ files, lost, back }) {
  const stream = new EventSource("/api/changes");
  stream.addEventListener("files", (e) => files(JSON.parse(e.data)));
  stream.addEventListener("ready", () => back());
  stream.onerror = () => {
    lost();
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => { follow({ files, lost, back }); }, 2000);
  };
  addEventListener("pagehide", () => stream.close());
}

/** ask posts JSON and returns what is answered; what went wrong has a message for people. */
export async function ask(path, body, signal) {
  let res;
  try {
    res = await fetch(path, body === undefined ? { signal } : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
  } catch (e) {
    if (e.name === "AbortError") throw e;
    throw Object.assign(new Error("the studio does not answer"), { lost: true });
  }
  let answer;
  try { answer = await res.json(); } catch { answer = { error: `the studio answered ${res.status}` }; }
  if (!res.ok) throw Object.assign(new Error(answer.error), { status: res.status, answer });
  return answer;
}
