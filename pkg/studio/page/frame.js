// The page around an email. A new rendering is loaded behind the one that is seen, and
// takes its place, scrolled to where that one was, when it is there. Only the studio can
// show this page (frame-ancestors), so only it can send messages here.

let seen = null, next = null;

addEventListener("message", (e) => {
  if (e.source === parent && e.data?.hello) parent.postMessage({ ready: true }, "*");
  if (e.source !== parent || typeof e.data?.view !== "string" || !/^[A-Z0-9]+$/.test(e.data.view)) return;
  const { view, dark, pictures, fresh } = e.data;
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
    parent.postMessage({ shown: view, height: frame.contentDocument?.documentElement?.scrollHeight ?? 0 }, "*");
  };
  frame.src = `/view/${view}?scheme=${dark ? "dark" : "light"}&pictures=${pictures ? "on" : "off"}`;
  document.body.append(frame);
});

parent.postMessage({ ready: true }, "*");
