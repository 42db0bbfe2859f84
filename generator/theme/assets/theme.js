// Runs before the first paint: says that scripts run, and puts back the colour scheme the reader chose.
document.documentElement.dataset.scripted = "";
try {
  const saved = localStorage.getItem("scheme");
  if (saved === "light" || saved === "dark") document.documentElement.dataset.scheme = saved;
} catch { /* storage may be forbidden; then the system's scheme is used */ }
