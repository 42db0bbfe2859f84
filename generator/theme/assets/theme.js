// Runs before the first paint: puts back the colour scheme the reader chose.
try {
  const saved = localStorage.getItem("scheme");
  if (saved === "light" || saved === "dark") document.documentElement.dataset.scheme = saved;
} catch { /* storage may be forbidden; then the system's scheme is used */ }
