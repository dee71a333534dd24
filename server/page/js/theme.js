// Loaded before the first paint, so that a chosen theme never flashes the other one.
// A classic script on purpose: modules run after parsing.
(() => {
  const chosen = localStorage.getItem("footnote.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
