// Keys, and ways to look at a diff. Comfort only: without this file every diff is there, unified and whole.
const diffs = [...document.querySelectorAll("pre.diff > code")];
const kept = new Map(diffs.map((code) => [code, [...code.childNodes]]));
const wide = matchMedia("(min-width: 60rem)");
const state = { split: remembered("split"), plain: remembered("plain") };

function remembered(name) {
  try { return localStorage.getItem(`diff-${name}`) === "yes"; } catch { return false; }
}

function remember(name, value) {
  try {
    if (value) localStorage.setItem(`diff-${name}`, "yes");
    else localStorage.removeItem(`diff-${name}`);
  } catch { /* not remembered, still shown */ }
}

const isRow = (node) => node.nodeName === "SPAN" || isChange(node);
const isChange = (row) => row.nodeName === "DEL" || row.nodeName === "INS";
const words = (row) => [...row.childNodes].filter((part) => !["A", "U"].includes(part.nodeName))
  .map((part) => part.textContent).join("").slice(1).replace(/\s+/g, "");

// Runs of removed and added lines, each with what stands between them.
function* runs(rows) {
  let run = [];
  for (const row of rows) {
    if (isChange(row)) { run.push(row); continue; }
    if (run.length) yield run;
    run = [];
    yield [row];
  }
  if (run.length) yield run;
}

// A removed and an added line that differ by white space alone: the new one is shown as if it were unchanged.
function markWhiteSpace(run) {
  const gone = run.filter((row) => row.nodeName === "DEL");
  const come = run.filter((row) => row.nodeName === "INS");
  if (gone.length !== come.length) return;
  gone.forEach((row, at) => {
    const same = state.plain && words(row) === words(come[at]);
    row.classList.toggle("same", same);
    come[at].classList.toggle("same", same);
  });
}

// Unchanged lines have no element of their own; side by side they need one. Each begins with the link of its number.
function rowsOf(nodes) {
  const rows = [];
  let line;
  for (const node of nodes) {
    if (isRow(node)) { rows.push(node); continue; }
    if (node.nodeName === "A") rows.push(line = document.createElement("span"));
    line.append(node);
  }
  return rows;
}

function leftOf(row) {
  const left = row.cloneNode(true);
  left.removeAttribute("id");
  left.querySelectorAll("[id]").forEach((part) => part.removeAttribute("id"));
  left.querySelectorAll("a").forEach((link) => link.tabIndex = -1);
  left.setAttribute("aria-hidden", "true");
  left.classList.add("left");
  number(left, 0);
  return left;
}

// Unchanged lines have two numbers; side by side each side has its own.
function number(row, side) {
  const link = row.querySelector("a");
  const both = link?.textContent.match(/\d+/g);
  if (both?.length !== 2) return;
  link.dataset.both = link.textContent;
  link.textContent = both[side].padStart(both[1].length);
}

function renumber(node) {
  if (!node.dataset?.both) return;
  node.textContent = node.dataset.both;
  delete node.dataset.both;
}

function show() {
  const split = state.split && wide.matches;
  for (const [code, nodes] of kept) {
    for (const run of runs(nodes)) if (isChange(run[0])) markWhiteSpace(run);
    nodes.forEach(renumber);
    code.closest("pre").classList.toggle("split", split);
    if (!split) { code.replaceChildren(...nodes); continue; }
    code.replaceChildren(...[...runs(rowsOf(nodes))].map((run) => {
      if (!isChange(run[0]) && (run[0].nodeName !== "SPAN" || run[0].classList.contains("h"))) return run[0];
      const pair = document.createElement("span");
      pair.className = "pair";
      if (isChange(run[0])) pair.append(...run);
      else {
        pair.append(leftOf(run[0]), run[0]);
        number(run[0], 1);
      }
      return pair;
    }));
  }
  for (const button of document.querySelectorAll("button[data-view]")) {
    button.setAttribute("aria-pressed", String(state[button.dataset.view]));
  }
}

function toggle(name) {
  if (!diffs.length) return;
  const here = document.querySelector(".diff :target") ?? hunkInSight();
  state[name] = !state[name];
  remember(name, state[name]);
  show();
  here?.scrollIntoView({ block: "center" });
}

function addButton(bar, name, text, key) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.view = name;
  button.title = `Key: ${key}`;
  button.textContent = text;
  button.addEventListener("click", () => toggle(name));
  bar.append(button);
}

const hunks = () => [...document.querySelectorAll(".diff .h")].filter((hunk) => hunk.closest("details")?.open !== false);
const hunkInSight = () => hunks().find((hunk) => hunk.getBoundingClientRect().top > 0);

function goToHunk(step) {
  const all = hunks();
  const top = (hunk) => hunk.getBoundingClientRect().top;
  const next = step > 0 ? all.find((hunk) => top(hunk) > 140) : all.findLast((hunk) => top(hunk) < 90);
  next?.scrollIntoView({ block: "start" });
  if (next) next.closest("pre").focus({ preventScroll: true });
}

async function copyLink() {
  const text = location.href;
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied: ${text}`);
  } catch { say("Not copied"); }
}

function say(text) {
  let line = document.querySelector(".said");
  if (!line) {
    line = document.createElement("p");
    line.className = "said";
    line.setAttribute("role", "status");
    document.body.append(line);
  }
  line.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => line.remove(), 3000);
}

const follow = (way) => document.querySelector(`.pager a[rel=${way}]`)?.click();
const KEYS = {
  "/": ["search", null],
  n: ["next page or commit", () => follow("next")],
  p: ["previous page or commit", () => follow("prev")],
  j: ["next hunk", () => goToHunk(1)],
  k: ["previous hunk", () => goToHunk(-1)],
  s: ["side by side, or unified", () => toggle("split")],
  w: ["hide changes of white space, or show them", () => toggle("plain")],
  c: ["copy the address, with the line that is chosen", copyLink],
  "?": ["these keys", help],
};

function help() {
  let box = document.querySelector("dialog.keys");
  if (!box) {
    box = document.createElement("dialog");
    box.className = "keys";
    box.setAttribute("aria-label", "Keys");
    const list = document.createElement("dl");
    for (const [key, [what]] of Object.entries(KEYS)) {
      const term = document.createElement("dt");
      const meaning = document.createElement("dd");
      const cap = document.createElement("kbd");
      cap.textContent = key;
      term.append(cap);
      meaning.textContent = what;
      list.append(term, meaning);
    }
    const title = document.createElement("h2");
    title.textContent = "Keys";
    const form = document.createElement("form");
    form.method = "dialog";
    const close = document.createElement("button");
    close.textContent = "Close";
    form.append(close);
    box.append(title, list, form);
    document.body.append(box);
  }
  if (box.open) box.close();
  else box.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const action = KEYS[event.key]?.[1];
  if (!action) return;
  if (document.querySelector("dialog[open]") && event.key !== "?") return;
  event.preventDefault();
  action();
});

if (diffs.length) {
  const bar = document.querySelector(".toolbar");
  if (bar) {
    addButton(bar, "split", "Side by side", "s");
    addButton(bar, "plain", "Hide white space", "w");
  }
  wide.addEventListener("change", show);
  if (state.split || state.plain) show();
}
