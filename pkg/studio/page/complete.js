// What can be completed where: the fields of what the dot is at that place, functions,
// partials and phrases, each with what it means. The meanings are the renderer's own.

let words = { types: {}, functions: [] };
export function setWords(w) { words = w; }

const opening = /\{\{-?\s*(?:(with|range|if|block|define)\b\s*([^}]*?)|(else)(?:\s+(with|if)\s+([^}]*?))?|(end))\s*-?\}\}/g;

/** fieldOf follows .A.B from a type; undefined if there is no such thing. */
function fieldOf(type, path) {
  let field = { type, list: false };
  for (const name of path.split(".").filter(Boolean)) {
    field = (words.types[field.type] ?? []).find((f) => f.name === name);
    if (!field) return undefined;
  }
  return field;
}

/** dotAt returns the type of the dot at the end of some source. */
export function dotAt(source, root) {
  const stack = [root];
  for (const m of source.matchAll(opening)) {
    const dot = stack.at(-1);
    if (m[1] === "with" || m[1] === "range") stack.push(target(m[2], dot, root));
    else if (m[1]) stack.push(dot);
    else if (m[3] && stack.length > 1) { stack.pop(); stack.push(m[4] === "with" ? target(m[5], stack.at(-1), root) : stack.at(-1)); }
    else if (m[6] && stack.length > 1) stack.pop();
  }
  return stack.at(-1);
}

function target(expression, dot, root) {
  const path = /(?:^|[\s=(])(\$?)((?:\.[A-Z]\w*)+)\s*\)?$/.exec(expression.trim());
  if (!path) return "string";
  return fieldOf(path[1] ? root : dot, path[2])?.type ?? "string";
}

function describe(f) {
  return (f.list ? "list of " : "") + f.type + (f.pointer ? ", may be missing" : "");
}

/** partialRoot guesses what a partial is given, by the emails' calls of it. */
function partialRoot(path, files) {
  const name = /partials\/([^/]+)\.(?:html|txt)$/.exec(path)?.[1];
  if (!name) return "Data";
  for (const f of files) {
    const at = f.text.search(new RegExp(`\\{\\{-?\\s*template\\s+"${name}"`));
    if (at < 0 || f.path === path) continue;
    const call = /template\s+"[^"]+"\s*([^}]*)/.exec(f.text.slice(at))[1].trim();
    const dot = f.path.includes("partials/") ? null : dotAt(f.text.slice(0, at), "Data");
    if (call.startsWith("(link")) return "Link";
    if (call === "." && dot) return dot;
    if (call.startsWith(".") && dot) return fieldOf(dot, call)?.type ?? "Data";
  }
  return "Data";
}

/** phrasesOf reads the keys of a section of a language's file, as far as they are simple. */
export function phrasesOf(yaml, section) {
  const out = [];
  let inside = false;
  for (const line of yaml.split("\n")) {
    const top = /^["']?([\w./-]+)["']?:/.exec(line);
    if (top) { inside = top[1] === section; continue; }
    const key = inside && /^ {1,4}["']?([\w.-]+)["']?:\s*(.*)$/.exec(line);
    if (key) out.push({ key: key[1], text: key[2].replace(/^(["'])(.*)\1$/, "$2") });
  }
  return out;
}

/** complete is what the editor asks; files are all that are open, email the email's name. */
export function complete(path, text, at, explicit, files, email) {
  const before = text.slice(0, at);
  const open = before.lastIndexOf("{{");
  if (open < 0 || before.indexOf("}}", open) >= 0) return snippets(before, at, explicit, path);
  if (path.endsWith(".sample.yaml")) return null;
  const inside = before.slice(open + 2);
  const call = /\btemplate\s+"([\w-]*)$/.exec(inside);
  if (call) return { from: at - call[1].length, validFor: /^[\w-]*$/, options: partials(path, files) };
  const phrase = /\bt\s+"([\w.-]*)$/.exec(inside);
  if (phrase) return { from: at - phrase[1].length, validFor: /^[\w.-]*$/, options: phrases(files, email) };
  const field = /(\$?)((?:\.[A-Z]\w*)*)\.(\w*)$/.exec(inside);
  if (field) {
    const root = path.includes("phrases/") ? "Data" : partialRoot(path, files);
    const dot = field[1] ? root : dotAt(before.slice(0, open), root);
    const owner = field[2] ? fieldOf(dot, field[2])?.type : dot;
    const options = (words.types[owner] ?? []).map((f) => ({ label: f.name, type: "property", detail: describe(f), info: f.doc }));
    return { from: at - field[3].length, validFor: /^\w*$/, options };
  }
  const word = /(?:^|[\s(|-])([a-z]*)$/.exec(inside);
  if (!word || (!word[1] && !explicit)) return null;
  const options = words.functions.map((f) => ({ label: f.name, type: "function", detail: f.use, info: f.doc }));
  for (const [label, detail, info] of [
    ["if", "{{if .Offer}}…{{end}}", "Shows what follows if something is there."], ["with", "{{with .Offer}}…{{end}}", "As if, and makes it the dot: .Code instead of .Offer.Code."],
    ["range", "{{range .Items}}…{{end}}", "Repeats what follows for each of a list."], ["else", "{{else}}", "What is shown otherwise."], ["end", "{{end}}", "Ends if, with or range."],
    ["template", '{{template "items" .}}', "Shows a partial."], ["t", '{{t "title"}}', "A phrase, in the language of the customer."],
  ]) options.push({ label, type: "keyword", detail, info });
  return { from: at - word[1].length, validFor: /^[a-z]*$/, options };
}

function partials(path, files) {
  const kind = path.endsWith(".txt") ? ".txt" : ".html";
  return files.filter((f) => f.group === "partials" && f.path.startsWith("partials/") && f.path.endsWith(kind)).map((f) => ({
    label: f.name.replace(kind, ""), type: "class", info: /\{\{\/\*\s*([^]*?)\s*\*\//.exec(f.text)?.[1].replace(/\s+/g, " ") ?? "",
  }));
}

function phrases(files, email) {
  const all = files.filter((f) => f.group === "phrases");
  const first = all.find((f) => f.name === "en") ?? all[0];
  if (!first) return [];
  return [email, "shared"].flatMap((section) => phrasesOf(first.text, section).map((p) => ({ label: p.key, type: "text", detail: section === "shared" ? "shared" : "", info: p.text })));
}

/** snippets are whole expressions, offered after {{ is not there yet. */
function snippets(before, at, explicit, path) {
  const brace = /\{$/.test(before) && !/\{\{$/.test(before);
  if (!explicit || brace || path.endsWith(".sample.yaml")) return null;
  const ready = [
    ["name of the customer", "{{with .Customer.FirstName}}, {{.}}{{end}}", "The first name with a comma before it, or nothing if it is not known."],
    ["offer", '{{with .Offer}}{{template "offer" .}}{{end}}', "The box with the code, if there is an offer."],
    ["button", '{{template "button" (link "Visit the shop" .Store.URL)}}', "A button."],
  ];
  if (path.endsWith(".txt")) ready.pop();
  return { from: at, options: ready.map(([label, apply, info]) => ({ label, apply, info, type: "text", detail: "insert" })) };
}
