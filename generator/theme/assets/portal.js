// Comfort only: everything on a page works without this file.
const root = document.documentElement;

function setUpScheme(button) {
  const order = ["system", "light", "dark"];
  const show = (name) => {
    if (name === "system") delete root.dataset.scheme;
    else root.dataset.scheme = name;
    button.querySelector(".word").textContent = `Colours: ${name}`;
    button.title = `Colours: ${name}`;
  };
  button.addEventListener("click", () => {
    const next = order[(order.indexOf(root.dataset.scheme ?? "system") + 1) % order.length];
    try {
      if (next === "system") localStorage.removeItem("scheme");
      else localStorage.setItem("scheme", next);
    } catch { /* not remembered, still shown */ }
    show(next);
  });
  show(root.dataset.scheme ?? "system");
  button.hidden = false;
}

function focusSearchOnSlash(event) {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const field = document.getElementById("q") ?? document.querySelector(".find input");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}

function addCopyButton(box) {
  const code = box.querySelector("pre");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    // Of a shell session only what one types is copied: no prompts, no output.
    const copy = code.cloneNode(true);
    const prompts = copy.querySelectorAll(".gp, .go");
    prompts.forEach((prompt) => prompt.remove());
    let text = copy.textContent.replace(/^\n+|\s+$/g, "") + "\n";
    if (prompts.length) text = text.replace(/\n{2,}/g, "\n");
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  box.append(button);
}

function makeScrollable(box) {
  // A box that scrolls and holds nothing to focus can otherwise not be moved with the keyboard.
  if (box.scrollWidth <= box.clientWidth || box.querySelector("a[href]")) return;
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Code, scrolls sideways");
}

for (const button of document.querySelectorAll("button.scheme")) setUpScheme(button);
document.addEventListener("keydown", focusSearchOnSlash);
if (navigator.clipboard) document.querySelectorAll(".prose .hl, .home .hl, .wide .hl").forEach(addCopyButton);
const watch = new ResizeObserver((boxes) => boxes.forEach(({ target }) => makeScrollable(target)));
document.querySelectorAll("pre:not(.diff, .code, .message)").forEach((box) => watch.observe(box));
