// The search page, on Pagefind's low level interface. The index is made at the end of the build.
const LABELS = { kind: "Kind", source: "Source", release: "Release", architecture: "Architecture", author: "Author", distribution: "Distribution" };
const STEP = 15;

const form = document.getElementById("search");
const field = document.getElementById("q");
const status = document.getElementById("status");
const list = document.getElementById("results");
const more = document.getElementById("more");
const site = new URL("../", import.meta.url);
let engine;
let found = [];
let run = 0;

async function start() {
  form.hidden = false;
  const wanted = new URLSearchParams(location.search);
  field.value = wanted.get("q") ?? "";
  field.focus();
  status.textContent = "Loading the search index …";
  try {
    engine = await import(new URL("pagefind/pagefind.js", site).href);
    // Without a bonus for short pages: a pasted message shall lead to the long page that explains it, not to a commit.
    await engine.options({ baseUrl: site.pathname, excerptLength: 28, ranking: { pageLength: 0 } });
    await engine.init();
    addSelects(await engine.filters(), wanted);
    status.textContent = "";
  } catch (error) {
    console.warn(error);
    status.className = "notice";
    status.textContent = "The search index is missing, so this copy of the site cannot be searched. " +
      "It is made at the end of a full build. The pages below lead everywhere.";
    return;
  }
  let pause;
  form.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(search, 120); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await search();
    await goStraight((address) => location.assign(address));
  });
  more.addEventListener("click", () => showMore(run));
  await search();
  // Who comes from the field on another page has pressed Enter there; back leads there again.
  if (wanted.get("q")) await goStraight((address) => location.replace(address));
}

const HASH = /^[0-9a-f]{7,64}$/i;
const EXACT = /^(?:<?[^\s@<>]+@[^\s@<>]+>?|[\w.+-]+(?:\/[\w.+-]+)+|[\w.-]+=|\w*_\w+|[\w-]+\.[\w.-]+|\/(?:proc|sys)\/\S+)$/;

// A hash, a Message-ID, a file, a parameter: what has the very name that was typed is what is wanted.
async function goStraight(go) {
  const words = field.value.trim();
  if (!HASH.test(words) && !EXACT.test(words)) return;
  const parameter = HASH.test(words) ? null : await parameterAt(words);
  if (parameter) { go(parameter); return; }
  const pages = await Promise.all(found.slice(0, 8).map((result) => result.data()));
  const places = new Set(pages.map((page) => straightTo(page, words)).filter(Boolean));
  if (places.size === 1) go([...places][0]);
}

// Parameters, sysctls and files of /proc and /sys stand on one page, each with its name as its id.
async function parameterAt(words) {
  const id = (words.toLowerCase().match(/[a-z0-9_]+/g) ?? []).join("-");
  const page = new URL("docs/parameters/", site);
  try {
    const text = await (await fetch(page)).text();
    const known = new DOMParser().parseFromString(text, "text/html");
    const ids = [id, `kernel-${id}`, `vm-${id}`, `${id}-size-offset`];
    const one = ids.find((name) => known.getElementById(name));
    return one ? `${page}#${one}` : null;
  } catch { return null; }
}

function straightTo(page, words) {
  if (HASH.test(words)) return page.url.includes(`/commit/${words.toLowerCase()}`) ? page.url : null;
  const names = (title) => (title ?? "").split(" · ")[0].split(", ").map((name) => name.replace(/^<|>$/g, ""));
  const wanted = words.replace(/^<|>$/g, "");
  if (names(page.meta.title).includes(wanted) || page.content?.split(/\s+/, 400).includes(wanted) && /@/.test(wanted)) return page.url;
  return (page.sub_results ?? []).find((part) => names(part.title).includes(wanted) && part.url.includes("#"))?.url ?? null;
}

function addSelects(filters, wanted) {
  for (const [name, label] of Object.entries(LABELS)) {
    const values = Object.keys(filters[name] ?? {});
    if (!values.length) continue;
    const order = new Intl.Collator("en", { numeric: true }).compare;
    values.sort(name === "release" ? (a, b) => order(b, a) : order);
    const select = document.createElement("select");
    select.name = name;
    select.append(new Option("any", ""), ...values.map((value) => new Option(value, value)));
    select.value = values.includes(wanted.get(name)) ? wanted.get(name) : "";
    const box = document.createElement("label");
    box.append(label, select);
    form.querySelector(".selects").append(box);
  }
}

async function search() {
  const mine = ++run;
  const words = field.value.trim();
  const filters = {};
  for (const select of form.querySelectorAll("select")) if (select.value) filters[select.name] = select.value;
  const address = new URLSearchParams(words ? { q: words, ...filters } : filters).toString();
  history.replaceState(null, "", address ? `?${address}` : location.pathname);
  document.title = document.title.replace(/^.*?(?=Search)/, words ? `${words} - ` : "");
  if (!words && !Object.keys(filters).length) {
    found = [];
    list.replaceChildren();
    more.hidden = true;
    status.textContent = "";
    return;
  }
  status.textContent = "Searching …";
  const answer = await engine.search(words || null, { filters });
  if (mine !== run) return;
  const told = words && !filters.kind ? await explained(answer.results, words, filters) : [];
  if (mine !== run) return;
  found = [...told, ...answer.results.filter((result) => !told.some((one) => one.id === result.id))];
  list.replaceChildren();
  const count = found.length;
  const scope = Object.keys(filters).length ? " with these filters" : "";
  const about = words ? ` for “${words}”` : "";
  status.textContent = count === 0
    ? `Nothing found${about}${scope}. Fewer or shorter words may help.`
    : `${count.toLocaleString("en")} ${count === 1 ? "page" : "pages"}${about}${scope}`;
  await showMore(mine);
}

// A pasted message stands in commits and reports as well; first comes what was written to explain it.
async function explained(all, words, filters) {
  const { results } = await engine.search(words, { filters: { ...filters, kind: "page" } });
  return results.slice(0, 2).filter((result) => result.score > all[0].score / 3);
}

async function showMore(mine) {
  const from = list.childElementCount;
  const pages = await Promise.all(found.slice(from, from + STEP).map((result) => result.data()));
  if (mine !== run) return;
  list.append(...pages.map(entry));
  more.hidden = list.childElementCount >= found.length;
}

function entry(page) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = page.url;
  link.textContent = page.meta.title || page.url;
  const where = document.createElement("p");
  where.className = "where";
  const known = ["kind", "source", "author", "release"].flatMap((name) => page.filters[name] ?? []);
  where.textContent = known.join(" · ");
  const excerpt = document.createElement("p");
  const parsed = new DOMParser().parseFromString(page.excerpt, "text/html").body;
  for (const node of parsed.childNodes) {
    const marked = node.nodeName === "MARK";
    const piece = marked ? document.createElement("mark") : document.createTextNode("");
    piece.textContent = node.textContent;
    excerpt.append(piece);
  }
  const title = document.createElement("h2");
  title.append(link);
  item.append(title, where, excerpt, ...parts(page));
  return item;
}

// The parts of a page in which most of the words stand, the best first.
function parts(page) {
  const score = (part) => part.weighted_locations.reduce((sum, place) => sum + place.balanced_score, 0);
  const best = (page.sub_results ?? []).filter((part) => part.url.includes("#"));
  best.sort((a, b) => score(b) - score(a));
  return best.slice(0, 3).map((part) => {
    const line = document.createElement("p");
    line.className = "part";
    const link = document.createElement("a");
    link.href = part.url;
    link.textContent = part.title;
    line.append(link);
    return line;
  });
}

await start();
