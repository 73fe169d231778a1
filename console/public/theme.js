// Runs before the first paint, so that a page in the chosen theme does not flash in the other one.
try {
  const theme = localStorage.getItem("orchestack-theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's theme is used.
}
