/** The viewer: a document with a span of it highlighted. */

import { address, getJson, Problem } from "./api.js";
import { changed, state } from "./state.js";
import { decoded, documentText } from "./text.js";

const SPAN = /^\d{1,9}-\d{1,9}$/;

/** @type {Element | null} where the focus goes back to */
let opener = null;

/** A place from a permalink such as "/documents/ID?hash=H&span=S-E". @param {string} permalink */
export function placeOf(permalink) {
  const url = new URL(permalink, location.href);
  const id = /\/documents\/([^/]+)$/.exec(url.pathname)?.[1] ?? "";
  const { searchParams } = url;
  return { id: decoded(id) ?? id, hash: searchParams.get("hash"), span: searchParams.get("span") };
}

/** The address of a place on this server. @param {import("./state.js").Place} place */
export function permalinkOf({ id, hash, span }) {
  const search = new URLSearchParams();
  if (hash) search.set("hash", hash);
  if (span) search.set("span", span);
  const query = search.size ? `?${search}` : "";
  return address(`documents/${encodeURIComponent(id)}${query}`);
}

/**
 * Open a place beside the answer; the browser's Back closes it again.
 * @param {string} permalink @param {Element | null} [from] what was pressed
 */
export function openBeside(permalink, from = null) {
  opener = from ?? opener;
  const place = placeOf(permalink);
  const step = { ...history.state, viewer: place };
  if (history.state?.viewer) history.replaceState(step, "");
  else history.pushState(step, "");
  return show(place);
}

/** @param {import("./state.js").Place} place */
export async function show(place) {
  const viewer = { place, document: null, text: null, problem: null, copied: false };
  state.viewer = viewer;
  await changed();
  const search = new URLSearchParams();
  // A truncated link still opens its document.
  if (place.hash) search.set("hash", place.hash.slice(0, 128));
  if (SPAN.test(place.span ?? "")) search.set("span", String(place.span));
  try {
    const found = await getJson(`documents/${encodeURIComponent(place.id)}?${search}`);
    Object.assign(viewer, { document: found, text: documentText(found) });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    viewer.problem = error;
  }
  if (state.viewer !== viewer) return;
  await changed();
  document.querySelector("#viewer-title")?.focus({ preventScroll: true });
  scrollToMark();
}

/** Twice: blocks out of sight get their true height only when they come near. */
export function scrollToMark() {
  const scroll = () => document.querySelector(".viewer mark")?.scrollIntoView({ block: "center" });
  scroll();
  requestAnimationFrame(scroll);
}

/** Close what was opened beside. */
export function closeViewer() {
  if (history.state?.viewer) history.back();
  else forgetViewer();
}

/** The viewer is gone; the focus goes back to what opened it. */
export async function forgetViewer() {
  state.viewer = null;
  await changed();
  if (opener?.isConnected) /** @type {HTMLElement} */ (opener).focus();
  opener = null;
}
