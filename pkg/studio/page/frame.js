// The page around an email. The first rendering is loaded behind nothing; a new one takes
// the place of what is in its document, which is as quick as typing and stays where it was
// scrolled to. What changes how it is loaded (dark, pictures, another sample) is loaded
// behind the one that is seen. Only the studio can show this page (frame-ancestors), so only
// it can send messages here.

let seen = null, next = null, loaded = "", last = 0;

addEventListener("message", (e) => {
  if (e.source !== parent || typeof e.data?.view !== "string" || !/^[A-Z0-9]+$/.test(e.data.view)) return;
  const { view, dark, pictures, fresh } = e.data;
  const how = `scheme=${dark ? "dark" : "light"}&pictures=${pictures ? "on" : "off"}`;
  const mine = ++last;
  if (fresh || how !== loaded || !seen) load(view, dark, how, fresh);
  else replace(view, how).then((done) => { if (!done && mine === last) load(view, dark, how, fresh); });
});

/** replace puts a rendering into the document that is seen; false: it could not. */
async function replace(view, how) {
  const mine = last;
  try {
    const answer = await fetch(`/view/${view}?${how}`);
    const text = await answer.text();
    if (!answer.ok || !seen) return false;
    // By the parser of its document, under whose policy it is: styles are in order there.
    const made = new seen.contentWindow.DOMParser().parseFromString(text, "text/html");
    if (mine !== last) return true; // another one is on its way
    const doc = seen.contentDocument;
    if (doc.compatMode !== made.compatMode) return false; // one has a doctype, the other none
    const at = seen.contentWindow.scrollY;
    doc.replaceChild(doc.adoptNode(made.documentElement), doc.documentElement);
    seen.contentWindow.scrollTo(0, at);
    tell(view, seen);
    return true;
  } catch {
    return false;
  }
}

function load(view, dark, how, fresh) {
  next?.remove();
  const frame = document.createElement("iframe");
  next = frame;
  frame.title = "The email";
  frame.setAttribute("sandbox", "allow-same-origin allow-popups allow-popups-to-escape-sandbox");
  frame.className = (dark ? "dark " : "") + "next";
  frame.onload = () => {
    if (next !== frame) return;
    const at = fresh ? 0 : seen?.contentWindow?.scrollY ?? 0;
    frame.contentWindow?.scrollTo(0, at);
    frame.classList.remove("next");
    seen?.remove();
    seen = frame;
    next = null;
    loaded = how;
    tell(view, frame);
  };
  frame.src = `/view/${view}?${how}`;
  document.body.append(frame);
}

function tell(view, frame) {
  parent.postMessage({ shown: view, height: frame.contentDocument?.documentElement?.scrollHeight ?? 0 }, "*");
}

parent.postMessage({ ready: true }, "*");
