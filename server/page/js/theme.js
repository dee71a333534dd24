// Loaded before the first paint, so that a chosen theme never flashes the other one.
// A classic script on purpose: modules run after parsing.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("footnote.theme");
  } catch (error) {
    // Some browsers do not allow storage.
    if (!(error instanceof DOMException)) throw error;
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
