/**
 * The one state of the page and the one way to say that it changed.
 *
 * @typedef {{document_id: string, title: string, source: string, published: string | null,
 *   start: number, end: number, quote: string, shown: string, permalink: string,
 *   encoding_note: string | null}} Citation
 *   `start` and `end` count Unicode code points.
 * @typedef {{text: string, shown: string, support: number, footnotes: number[], context: Citation[]}} Claim
 * @typedef {{source: string, since: string, until: string, language: string, asOf: string}} Filters
 * @typedef {{key: string, question: string, filters: Filters,
 *   status: "asking" | "done" | "stopped" | "failed",
 *   claims: Claim[], sure: boolean, citations: Citation[], outcome: any, problem: any, turnId: string | null,
 *   feedback: any, note: string}} Turn
 * @typedef {{id: string, hash: string | null, span: string | null}} Place  a place in a document
 */

/** @returns {Filters} */
export const noFilters = () => ({ source: "", since: "", until: "", language: "", asOf: "" });

export const state = {
  /** @type {"ask" | "documents" | "document"} */
  view: "ask",
  /** @type {any} */
  about: null,
  /** whether the server requires a key that has not been entered */
  locked: false,
  /** @type {{items: any[], total: number, pages: number, problem: any}} pages: how many are shown */
  conversations: { items: [], total: 0, pages: 1, problem: null },
  /** @type {string | null} */
  conversationId: null,
  /** @type {string | null} the mark of the step in the history where the conversation began */
  draft: null,
  /** whether a stored conversation is loading */
  opening: false,
  /** @type {Turn[]} */
  turns: [],
  /** @type {any} why the conversation could not be opened */
  problem: null,
  /** @type {AbortController | null} */
  asking: null,
  /** by how many characters the question is too long */
  excess: 0,
  filters: noFilters(),
  filtersOpen: false,
  /** @type {keyof Filters | null} */
  wrongFilter: null,
  /** @type {any} what the viewer shows; null when it is closed */
  viewer: null,
  documents: { items: [], total: 0, offset: 0, query: "", loading: true, problem: null },
  /** @type {any[]} */
  uploads: [],
  dragging: false,
  drawer: false,
};

let draw = () => {};
let queued = false;

/** @param {() => void} listener draws the page from the state */
export function onChange(listener) {
  draw = listener;
}

/** Draw soon, once for all changes made by then. @returns {Promise<void>} settled when drawn */
export function changed() {
  if (!queued) {
    queued = true;
    queueMicrotask(() => {
      queued = false;
      draw();
    });
  }
  return Promise.resolve();
}

/** Tell people who listen instead of looking. @param {string} text */
export function announce(text) {
  const log = document.querySelector("#announcements");
  const line = document.createElement("p");
  line.textContent = text;
  log?.append(line);
  while (log && log.childElementCount > 20) log.firstElementChild?.remove();
}
