/** The small card that shows a footnote's quote on hover and on keyboard focus. */

import { html, nothing, render } from "../vendor/lit-html/lit-html.js";
import { formatDate } from "./i18n.js";
import { languageOf } from "./text.js";

const LINGER_MILLISECONDS = 160;
const GAP = 8;

/** @type {HTMLElement | null} */
let anchor = null;
let leaving = 0;

const card = () => /** @type {HTMLElement} */ (document.querySelector("#preview"));

/** Handlers for a footnote's button. @param {import("./state.js").Citation | undefined} citation */
export function previewOf(citation) {
  return {
    enter: (/** @type {PointerEvent} */ event) => {
      if (event.pointerType === "mouse") show(event.currentTarget, citation);
    },
    leave: linger,
    focus: (/** @type {FocusEvent} */ event) => {
      const target = /** @type {HTMLElement} */ (event.currentTarget);
      if (target.matches(":focus-visible")) show(target, citation);
    },
    blur: hidePreview,
  };
}

function show(target, citation) {
  if (!citation) return;
  clearTimeout(leaving);
  hidePreview();
  anchor = /** @type {HTMLElement} */ (target);
  const { shown, title, published, encoding_note: encoding } = citation;
  const date = published ? html`<time datetime=${published}>${formatDate(published)}</time>` : nothing;
  render(
    html`<q lang=${languageOf(shown)}>${shown}</q>
      <p><cite lang=${languageOf(title)}>${title}</cite> ${date} ${encoding ? html`<span class="encoding" lang="en">${encoding}</span>` : nothing}</p>`,
    card(),
  );
  anchor.setAttribute("aria-describedby", "preview");
  card().hidden = false;
  place(anchor.getBoundingClientRect());
}

/** Above the number where there is room, else below; never out of the window. */
function place(/** @type {DOMRect} */ at) {
  const { offsetWidth: width, offsetHeight: height, style } = card();
  const left = Math.min(at.left - 24, document.documentElement.clientWidth - width - GAP);
  const above = at.top - height - GAP;
  style.left = `${Math.max(GAP, left)}px`;
  style.top = `${above > GAP ? above : at.bottom + GAP}px`;
}

/** The pointer may cross the gap to the card, to read or to select in it. */
function linger() {
  clearTimeout(leaving);
  leaving = window.setTimeout(hidePreview, LINGER_MILLISECONDS);
}

/** @returns {boolean} whether there was one to hide */
export function hidePreview() {
  clearTimeout(leaving);
  const shown = Boolean(anchor);
  anchor?.removeAttribute("aria-describedby");
  anchor = null;
  card().hidden = true;
  return shown;
}

export function watchPreview() {
  card().addEventListener("pointerenter", () => clearTimeout(leaving));
  card().addEventListener("pointerleave", linger);
  document.addEventListener("scroll", hidePreview, { capture: true, passive: true });
}
