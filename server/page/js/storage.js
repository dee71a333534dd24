/**
 * What the browser stores for the page: choices permanently, the key for this tab. Some
 * browsers do not allow storage; then it lasts until the page is closed.
 */

/** @type {Map<string, string>} */
const forNow = new Map();

/** @param {"localStorage" | "sessionStorage"} area @param {string} key @returns {string | null} */
export function recall(area, key) {
  try {
    return window[area].getItem(key);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return forNow.get(key) ?? null;
  }
}

/** @param {"localStorage" | "sessionStorage"} area @param {string} key @param {string} value */
export function keep(area, key, value) {
  try {
    window[area].setItem(key, value);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    forNow.set(key, value);
  }
}
