// The page of one email: files on the left, what becomes of them on the right.
import { Editor } from "./editor.js";
import { complete, setWords } from "./complete.js";
import { ask, drafts, follow, keepDrafts } from "./shared.js";
import { Preview } from "./preview.js";

const $ = (id) => document.getElementById(id);
const bench = $("bench"), email = bench.dataset.email, mayEdit = "editor" in document.body.dataset;
const nonce = document.body.dataset.nonce;
const groups = [["html", "HTML"], ["text", "Plain text"], ["samples", "Samples"], ["phrases", "Phrases"], ["surveys", "Surveys"], ["partials", "Partials"], ["layout", "Layout"]];

/** files by path: {path, group, name, text, version}; text is what is saved. */
const files = new Map();
const last = {}; // the file that was open in each group
let group = "html", found = [], elsewhere = [], remarks = [], isNew = false;

const editor = new Editor({
  parent: $("code"), nonce, label: "Source of", readOnly: !mayEdit, onSave: save,
  onChange: (path) => { remember(path); preview.soon(); checkSoon(); },
  complete: (path, text, at, explicit) => complete(path, text, at, explicit, [...files.values()].map((f) => ({ ...f, text: current(f) })), email),
});
const preview = new Preview({ email, nonce, changes, onResult: (r) => { found = r.mistakes ?? []; if (r.rendered) { $("about").textContent = r.about; $("about").title = r.about; } mark(); }, onLost: lost, onBack: back });

const current = (f) => editor.text(f.path) ?? f.text;
const changed = (f) => editor.has(f.path) && editor.text(f.path) !== f.text;

/** changes are the drafts as the studio is sent them. */
function changes() {
  const out = [...files.values()].filter(changed).map((f) => ({ path: f.path, text: current(f), version: f.version }));
  const open = new Set(files.keys());
  for (const [path, d] of Object.entries(drafts())) if (!open.has(path)) out.push({ path, ...d });
  return out;
}

/** remember keeps what was typed in the browser, until it is saved. */
function remember(path) {
  const all = drafts(), f = files.get(path);
  if (changed(f)) all[path] = { text: current(f), version: f.version };
  else delete all[path];
  if (!keepDrafts(all)) notice("This browser keeps nothing: what you type is lost if you leave without saving.");
  paint();
}

function paint() {
  const n = changes().length;
  $("state").textContent = n ? `${n} ${n === 1 ? "file" : "files"} not saved` : saidSaved;
  $("save").disabled = !n || !mayEdit;
  $("discard").hidden = !n;
  $("discard").textContent = "Discard changes";
  $("discard").classList.remove("sure");
  for (const b of $("tabs").children) {
    const own = [...files.values()].filter((f) => f.group === b.dataset.group);
    const wrong = own.some((f) => problems(f.path).length), draft = own.some(changed);
    b.querySelector(".dot")?.remove();
    if (!wrong && !draft) continue;
    const dot = document.createElement("span");
    dot.className = "dot" + (wrong ? " wrong" : "");
    dot.title = wrong ? "something to correct" : "not saved";
    b.append(dot);
  }
}
let saidSaved = "";

const problems = (path) => [...found, ...elsewhere.filter((m) => !found.some((f) => f.file === m.file && f.line === m.line && f.text === m.text))].filter((m) => m.file === path);

/** mark shows what is wrong: at its line, and as a list. */
function mark() {
  if (editor.path) editor.problems(marks(editor.path));
  const all = [...found, ...elsewhere.filter((m) => !found.some((f) => f.file === m.file && f.line === m.line && f.text === m.text))];
  $("mistakes").hidden = !all.length;
  $("mistakes-title").textContent = `${all.length} to correct`;
  $("mistakes-list").replaceChildren(...all.map(entry));
  $("remarks").hidden = !remarks.length;
  $("remarks-title").textContent = `${remarks.length} ${remarks.length === 1 ? "remark" : "remarks"}: it can be sent like this`;
  $("remarks-list").replaceChildren(...remarks.map(entry));
  paint();
}

const marks = (path) => [...problems(path), ...remarks.filter((m) => m.file === path && m.line).map((m) => ({ ...m, level: "warning" }))];

/** entry is one line of the list, which leads to its place. */
function entry(m) {
  const li = document.createElement("li"), b = document.createElement("button"), place = document.createElement("span"), said = document.createElement("span");
  b.type = "button";
  place.className = "place";
  place.textContent = m.file ? m.file + (m.line ? ":" + m.line : "") + " " : "";
  said.className = "said";
  said.textContent = m.text;
  b.append(place, said);
  b.onclick = () => {
    if (files.has(m.file)) { openFile(m.file); pane("edit"); editor.goto(m.line, m.column); }
    else if (m.file) location.href = "/emails/" + m.file.split(".")[0];
  };
  li.append(b);
  return li;
}

function tabs() {
  $("tabs").replaceChildren(...groups.filter(([g]) => [...files.values()].some((f) => f.group === g)).map(([g, name]) => {
    const b = document.createElement("button");
    Object.assign(b, { type: "button", id: "tab-" + g, textContent: name, onclick: () => openGroup(g, true) });
    b.dataset.group = g;
    b.setAttribute("role", "tab");
    b.setAttribute("aria-controls", "code");
    return b;
  }));
}
$("tabs").onkeydown = (e) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key], all = [...$("tabs").children];
  if (!step) return;
  const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
  openGroup(next.dataset.group, false);
  next.focus();
};

function openGroup(g, focus) {
  const own = [...files.values()].filter((f) => f.group === g);
  const path = last[g] ?? (own.find((f) => f.name === (g === "phrases" ? "en" : f.name)) ?? own[0])?.path;
  if (path) openFile(path, focus);
}

function openFile(path, focus) {
  const f = files.get(path);
  group = f.group;
  last[group] = path;
  if (!editor.has(path)) editor.open(path, f.text);
  editor.show(path);
  for (const b of $("tabs").children) {
    const on = b.dataset.group === group;
    b.setAttribute("aria-selected", on);
    b.tabIndex = on ? 0 : -1;
  }
  $("code").setAttribute("aria-labelledby", "tab-" + group);
  const own = [...files.values()].filter((x) => x.group === group);
  $("which").hidden = own.length < 2;
  $("file").replaceChildren(...own.map((x) => new Option(x.name, x.path, false, x.path === path)));
  $("shared").textContent = ["phrases", "surveys", "partials", "layout"].includes(group) ? "shared by several emails" : "";
  editor.problems(marks(path));
  if (group === "phrases" && focus) {
    const at = current(f).split("\n").findIndex((l) => l.replace(/["']/g, "").startsWith(email + ":"));
    if (at >= 0) editor.goto(at + 1, 1);
  } else if (focus) editor.focus();
}
$("file").onchange = () => openFile($("file").value, true);

/** load reads the files again; what is being edited stays. An answer that was overtaken, by
    another or by a save, says how it was. */
let loads = 0;
async function load() {
  const turn = ++loads, answer = await ask("/api/emails/" + email);
  if (turn !== loads) return;
  isNew = answer.new;
  const there = new Set(answer.files.map((f) => f.path)), theirs = [];
  for (const f of answer.files) {
    const old = files.get(f.path), kept = old ? (changed(old) ? current(old) : undefined) : drafts()[f.path]?.text;
    const base = old?.version ?? drafts()[f.path]?.version;
    files.set(f.path, f);
    if (kept !== undefined && kept !== f.text) {
      if (base !== undefined && base !== f.version) theirs.push({ ...f });
      editor.open(f.path, kept);
      if (base !== undefined) f.version = base; // so that saving asks first
    } else {
      if (editor.has(f.path)) editor.open(f.path, f.text);
      const all = drafts();
      if (all[f.path]) { delete all[f.path]; keepDrafts(all); }
    }
  }
  for (const [path, f] of files) if (!there.has(path) && !changed(f)) { files.delete(path); editor.close(path); }
  tabs();
  languages();
  openFile(files.has(editor.path) ? editor.path : ([...files.values()].find((f) => f.group === "html") ?? [...files.values()][0]).path);
  if (theirs.length) conflict(theirs, false);
  paint();
  preview.soon();
}

function languages() {
  const own = $("locale").value;
  const known = [...files.values()].filter((f) => f.group === "phrases" && f.path.startsWith("phrases/")).map((f) => f.name);
  for (const f of files.values()) {
    const tag = f.path.startsWith(email + ".") && /\.([a-z]{2,3}(?:-[A-Za-z0-9]+)*)\.(?:html|txt)$/.exec(f.path);
    if (tag && !known.includes(tag[1])) known.push(tag[1]);
  }
  const names = new Intl.DisplayNames(["en"], { type: "language" });
  const label = (l) => { try { return names.of(l); } catch { return l; } };
  $("locale").replaceChildren(new Option("the sample’s", ""), ...known.sort().map((l) => new Option(label(l), l, false, l === own)));
  $("locale").closest("label").hidden = known.length < 2;
}

/** conflict asks whose text is to stay, where somebody else changed what is being edited.
    Keeping mine is to save over what they wrote, and over nothing that came after it. */
function conflict(list, saving) {
  const settle = (c, mine) => {
    const f = files.get(c.path), all = drafts();
    if (f) {
      Object.assign(f, { text: c.text, version: c.version });
      if (!mine) editor.open(c.path, c.text);
      remember(c.path);
    } else { // of another email
      if (mine) all[c.path].version = c.version; else delete all[c.path];
      keepDrafts(all);
      paint();
    }
  };
  const who = [...new Set(list.map((c) => c.by || "another program"))].join(" and ");
  notice(`${list.map((c) => c.path).join(", ")} was changed by ${who}, and you have changes of your own.`, [
    [saving ? "Save mine" : "Keep mine", () => { for (const c of list) settle(c, true); if (saving) save(); }],
    ["Take theirs", () => { for (const c of list) settle(c, false); preview.soon(); }],
  ]);
}

function notice(text, buttons = []) {
  const box = $("notice");
  box.hidden = false;
  box.replaceChildren(text, ...[...buttons, ["Close", () => {}]].map(([label, act]) => {
    const b = document.createElement("button");
    Object.assign(b, { type: "button", className: "button small", textContent: label, onclick: () => { box.hidden = true; act(); } });
    return b;
  }));
}

async function save() {
  const all = changes();
  if (!all.length || !mayEdit) return;
  try {
    const { versions: saved } = await ask("/api/save", { files: all });
    for (const c of all) {
      const f = files.get(c.path);
      if (f) { f.text = c.text; f.version = saved[c.path]; }
    }
    const kept = drafts();
    for (const c of all) if (!files.has(c.path) || !changed(files.get(c.path))) delete kept[c.path];
    keepDrafts(kept);
    saidSaved = isNew ? "Saved; the templates are in a folder of their own now" : "shared" in document.body.dataset ? "Saved in the draft" : "Saved";
    isNew = false;
    loads++; // what is being read is from before
    paint();
    load().catch(lost);
  } catch (e) {
    if (e.status === 409) conflict(e.answer.conflicts, true);
    else notice(e.lost ? "Not saved: the studio does not answer. What you typed is kept in this browser." : "Not saved: " + e.message);
  }
}
$("save").onclick = save;
addEventListener("keydown", (e) => { if ((e.ctrlKey || e.metaKey) && e.key === "s") { e.preventDefault(); save(); } });

$("discard").onclick = () => {
  const b = $("discard");
  if (!b.classList.contains("sure")) { b.classList.add("sure"); b.textContent = "Really discard?"; return; }
  keepDrafts({});
  for (const f of files.values()) if (changed(f)) editor.open(f.path, f.text); // undo brings it back
  paint();
  preview.soon();
};

// What is wrong is looked for once the keyboard is silent: in this email soon, in all
// others later. An answer about a text that was changed since is dropped.
let checking = [], asking;
function checkSoon() {
  checking.forEach(clearTimeout);
  asking?.abort();
  checking = [setTimeout(() => check(false), 250), setTimeout(() => check(true), 900)];
}
async function check(all) {
  asking?.abort();
  const own = asking = new AbortController();
  try {
    const answer = await ask("/api/check", { email, all, drafts: changes() }, own.signal);
    if (own.signal.aborted) return;
    const others = all ? [] : elsewhere.filter((m) => m.file && !files.has(m.file));
    elsewhere = [...answer.mistakes, ...others];
    remarks = answer.remarks;
    mark();
  } catch { /* the preview says so */ }
}

function lost() {
  $("state").textContent = "The studio does not answer; what you type is kept in this browser";
  $("state").classList.add("bad");
}
function back() {
  if (!$("state").classList.contains("bad")) return;
  $("state").classList.remove("bad");
  load().catch(lost);
}

function pane(which) {
  bench.dataset.pane = which;
  for (const b of document.querySelectorAll("[data-show]")) b.setAttribute("aria-pressed", b.dataset.show === which);
}
for (const b of document.querySelectorAll("[data-show]")) b.onclick = () => pane(b.dataset.show);

// Send me this
const dialog = $("sending");
$("send").onclick = () => {
  $("to").value ||= localStorage.getItem("homing-studio-to") ?? "";
  $("sending-error").hidden = true;
  dialog.showModal();
};
$("sending-cancel").onclick = () => dialog.close();
$("sending-form").onsubmit = async (e) => {
  e.preventDefault();
  const to = $("to").value.trim(), submit = dialog.querySelector("[type=submit]");
  submit.disabled = true;
  try {
    await ask("/api/send", { ...preview.look(), to });
    localStorage.setItem("homing-studio-to", to);
    dialog.close();
    saidSaved = "Sent to " + to;
    $("state").textContent = saidSaved;
  } catch (err) {
    $("sending-error").textContent = err.message;
    $("sending-error").hidden = false;
  } finally { submit.disabled = false; }
};

setWords(await ask("/api/vocabulary").catch(() => ({ types: {}, functions: [] })));
await load().catch(lost);
checkSoon();
follow({ files: () => load().then(checkSoon).catch(lost), lost, back });
