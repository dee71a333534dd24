/** Small parts that several views share. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { formatDate, t } from "../i18n.js";
import { previewOf } from "../preview.js";
import { languageOf, shortSource, webAddress } from "../text.js";
import { openBeside } from "../viewer.js";
import { icons } from "./icons.js";

/** @param {any} problem what went wrong and what to do */
export function problemView(problem) {
  if (!problem) return nothing;
  return html`
    <div class="problem" role="alert">
      ${icons.warning}
      <p><strong>${problem.message}</strong>${problem.remedy ? html` <span>${problem.remedy}</span>` : nothing}</p>
    </div>
  `;
}

/** @param {string | null | undefined} iso */
export const dateView = (iso) =>
  iso ? html`<time datetime=${iso}>${formatDate(iso)}</time>` : html`<span class="undated">${t("date.none")}</span>`;

/**
 * A source: a web page is a link that tells it nothing of us; anything else is only text,
 * since a path or an upload's name must never become a link.
 * @param {string} source
 */
export function sourceView(source) {
  const url = webAddress(source);
  if (!url) return html`<span class="source" title=${source}>${shortSource(source)}</span>`;
  return html`<a class="source" href=${url} target="_blank" rel="noopener noreferrer">${shortSource(url)}<span
    class="visually-hidden"> ${t("link.newtab")}</span></a>`;
}

/** How a text was read, where that is in doubt.
 * @param {string | null | undefined} note */
export const encodingView = (note) =>
  note ? html`<span class="encoding" lang="en">${note}</span>` : nothing;

/** @param {import("../state.js").Citation} citation */
export const open = (citation) => (/** @type {Event} */ event) => {
  openBeside(citation.permalink, /** @type {Element} */ (event.currentTarget));
};

/** The number of a footnote: a button with its quote as a card.
 * @param {number} number @param {import("../state.js").Citation | undefined} citation */
export function footnoteMark(number, citation) {
  const card = previewOf(citation);
  const label = t("footnote.label", { number, title: citation?.title ?? "" });
  return html`<button type="button" class="mark" aria-label=${label}
    @click=${citation ? open(citation) : nothing} @pointerenter=${card.enter}
    @pointerleave=${card.leave} @focus=${card.focus} @blur=${card.blur}>${number}</button>`;
}

/** A passage as a button that opens it.
 * @param {import("../state.js").Citation} citation @param {boolean} [quoted] with its words */
export function passageView(citation, quoted = true) {
  return html`
    <button type="button" class="passage" @click=${open(citation)}>
      ${quoted ? html`<span class="quote" lang=${languageOf(citation.shown)}>${citation.shown}</span>` : nothing}
      <span class="about"><cite lang=${languageOf(citation.title)}>${citation.title}</cite>
        ${citation.published ? dateView(citation.published) : nothing}
        ${encodingView(citation.encoding_note)}</span>
    </button>
  `;
}
