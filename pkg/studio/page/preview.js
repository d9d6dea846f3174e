// The preview: what the renderer makes of the files, as they are typed.
import { Editor } from "./editor.js";
import { ask } from "./shared.js";

const $ = (id) => document.getElementById(id);

export class Preview {
  constructor({ email, nonce, changes, onResult, onLost, onBack }) {
    Object.assign(this, { email, changes, onResult, onLost, onBack });
    this.view = "desktop";
    this.dark = false;
    this.pictures = true;
    this.who = "";
    this.ready = false;
    this.source = new Editor({ parent: $("markup"), nonce, label: "HTML of the email", readOnly: true });
    addEventListener("message", (e) => {
      if (e.source !== this.mail.contentWindow) return;
      if (e.data?.ready) { this.ready = true; this.show(true); }
      if (e.data?.shown) { document.documentElement.dataset.shown = e.data.shown; performance.mark("shown"); }
    });
    // It says so when it is ready to be told what to show.
    $("frame").replaceWith($("frame").content);
    this.mail = $("mail");
    this.controls();
  }

  controls() {
    const views = [...$("views").children];
    for (const b of views) b.onclick = () => this.choose(b.dataset.view);
    $("views").onkeydown = (e) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
      if (!step) return;
      e.preventDefault();
      const next = views[(views.indexOf(document.activeElement) + step + views.length) % views.length];
      this.choose(next.dataset.view);
      next.focus();
    };
    const toggle = (id, act) => $(id).onclick = () => { const on = $(id).getAttribute("aria-pressed") !== "true"; $(id).setAttribute("aria-pressed", on); act(on); this.show(); };
    toggle("dark", (on) => { this.dark = on; });
    toggle("pictures", (on) => { this.pictures = !on; });
    for (const id of ["sample", "locale", "store"]) $(id)?.addEventListener("change", () => {
      if (id === "sample") { this.who = ""; if ($("who")) $("who").value = ""; }
      this.now();
    });
    if ($("who-form")) $("who-form").onsubmit = (e) => { e.preventDefault(); this.who = $("who").value.trim(); this.now(); };
  }

  choose(view) {
    this.view = view;
    for (const b of $("views").children) {
      b.setAttribute("aria-checked", b.dataset.view === view);
      b.tabIndex = b.dataset.view === view ? 0 : -1;
    }
    this.show();
  }

  /** look is what the studio is asked to render. */
  look() {
    return { email: this.email, sample: $("sample").value, locale: $("locale").value, store: $("store")?.value ?? "", who: this.who, lang: this.shownAs === this.choice() ? this.last?.lang ?? "" : "", drafts: this.changes() };
  }

  /** choice is what decides on the language, apart from what is typed. */
  choice() { return [$("sample").value, $("locale").value, $("store")?.value ?? "", this.who].join("\n"); }

  /** soon shows what was typed, at once, or else when what was typed before is there: so
   * what is seen follows also somebody who does not pause. */
  soon() {
    this.again = true;
    if (this.asking && !this.waiting) return;
    this.now();
  }

  /** now shows what is to be seen; an answer to what was asked before is dropped. */
  async now() {
    this.asking?.abort();
    clearTimeout(this.waiting);
    this.again = this.waiting = undefined;
    const asking = this.asking = new AbortController();
    try {
      const result = await ask("/api/preview", this.look(), asking.signal);
      this.onBack();
      this.take(result);
    } catch (e) {
      if (e.name === "AbortError") return;
      if (e.lost) { this.onLost(); this.waiting = setTimeout(() => this.now(), 1500); return; }
      this.note(e.message);
    } finally {
      if (this.asking === asking && !this.waiting) {
        this.asking = undefined;
        if (this.again) this.now();
      }
    }
  }

  take(r) {
    this.onResult(r);
    this.note(r.note ?? "");
    if (r.samples?.length) {
      const names = [...$("sample").options].map((o) => o.value);
      if (names.join() !== r.samples.join()) $("sample").replaceChildren(...r.samples.map((s) => new Option(s, s, false, s === r.sample)));
    }
    const stage = $("stage");
    if (!r.rendered) {
      stage.dataset.stale = "";
      $("stale").hidden = false;
      $("stale").textContent = this.last ? "This is how it was before the mistake." : "It can be shown when the mistakes are corrected.";
      return;
    }
    delete stage.dataset.stale;
    $("stale").hidden = true;
    const fresh = this.shownFor !== r.sample + this.who;
    this.shownFor = r.sample + this.who;
    this.last = r;
    this.shownAs = this.choice();
    this.show(fresh);
  }

  note(text) { $("note").hidden = !text; $("note").textContent = text; }

  show(fresh = false) {
    const r = this.last, stage = $("stage");
    stage.dataset.view = this.view;
    stage.classList.toggle("dark", this.dark);
    $("inbox").hidden = this.view !== "inbox";
    $("plain").hidden = this.view !== "text";
    $("markup").hidden = this.view !== "source";
    if (!r) return;
    if (this.ready && (this.view === "desktop" || this.view === "phone")) {
      this.mail.contentWindow.postMessage({ view: r.view, dark: this.dark, pictures: this.pictures, fresh }, new URL(this.mail.src).origin);
    }
    $("plain").textContent = `Subject: ${r.subject}\n\n${r.text}`;
    if (this.view === "source") { this.source.open("email.html", r.html); this.source.show("email.html"); }
    if (this.view === "inbox") this.inbox(r);
    const kb = (n) => (n / 1024).toFixed(0);
    $("size").textContent = r.size > r.clip ? `${kb(r.size)} KB: Gmail cuts it at ${kb(r.clip)} KB` : `${kb(r.size)} KB of ${kb(r.clip)} before Gmail cuts it`;
    $("size").classList.toggle("over", r.size > r.clip);
    $("meter").value = r.size;
    $("took").textContent = `rendered in ${r.took.toFixed(0)} ms`;
  }

  inbox(r) {
    const make = (tag, cls, ...kids) => { const e = document.createElement(tag); if (cls) e.className = cls; e.append(...kids); return e; };
    const wide = make("div", "", make("h3", "", "On a desktop"), make("div", "list wide-list", make("div", "mail",
      make("span", "from", r.sender), make("span", "line", make("b", "", r.subject), " – ", r.preheader))));
    const narrow = make("div", "", make("h3", "", "On a phone"), make("div", "list narrow", make("div", "mail",
      make("span", "from", r.sender), make("span", "subject", r.subject), make("span", "pre", r.preheader))));
    const length = (s, most) => { const n = [...s].length; return `${n} characters${n > most ? `; a phone shows about ${most}` : ""}`; };
    const lengths = make("dl", "lengths", make("dt", "", "Subject"), make("dd", "", length(r.subject, 45)), make("dt", "", "Preheader"), make("dd", "", length(r.preheader, 90)));
    $("inbox").replaceChildren(wide, narrow, lengths);
  }
}
