/** A document with its cited place, beside the answer or on a page of its own. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { address } from "../api.js";
import { formatDate, languageName, t } from "../i18n.js";
import { copyText } from "../markdown.js";
import { announce, changed, state } from "../state.js";
import { closeViewer, permalinkOf, scrollToMark } from "../viewer.js";
import { icons } from "./icons.js";
import { dateView, encodingView, problemView, sourceView } from "./parts.js";

/** @param {{alone: boolean}} where alone: the page shows nothing else */
export function viewerView({ alone }) {
  const { viewer } = state;
  if (!viewer) return nothing;
  const title = viewer.document?.title ?? goneTitle(viewer.problem) ?? t("viewer.loading");
  return html`
    <div class="viewer ${alone ? "alone" : ""}">
      <header>
        <div class="tools">
          ${alone
            ? html`<a class="quiet" href=${address("")}>${icons.back} ${t("viewer.to_ask")}</a>`
            : html`<button type="button" class="quiet" @click=${closeViewer}>
                <span class="phone-only">${icons.back}</span><span class="wide-only">${icons.close}</span>
                <span class="phone-only">${t("viewer.back")}</span><span class="wide-only">${t("viewer.close")}</span></button>`}
          <span class="spacer"></span>
          ${viewer.document ? toolsView(viewer) : nothing}
        </div>
        ${alone ? html`<h1 id="viewer-title" tabindex="-1">${title}</h1>` : html`<h2 id="viewer-title" tabindex="-1">${title}</h2>`}
        ${viewer.document ? aboutView(viewer.document) : nothing}
      </header>
      ${viewer.document ? documentView(viewer) : goneView(viewer.problem)}
    </div>
  `;
}

function toolsView(viewer) {
  const link = permalinkOf({ ...viewer.place, hash: viewer.place.hash ?? viewer.document.content_hash });
  const copy = async () => {
    viewer.copied = await copyText(link);
    announce(t(viewer.copied ? "permalink.copied" : "copy.failed"));
    changed();
  };
  return html`
    ${viewer.document.span
      ? html`<button type="button" class="quiet" @click=${scrollToMark}>${t("viewer.to_mark")}</button>`
      : nothing}
    <button type="button" class="quiet" data-link=${link} @click=${copy}>${icons.link}
      ${viewer.copied ? t("permalink.copied") : t("permalink.copy")}</button>
  `;
}

function aboutView(found) {
  return html`<p class="about">
    ${dateView(found.published)}${found.language ? html` · <span>${languageName(found.language)}</span>` : nothing}
    ${found.sources.map((source) => html` · ${sourceView(source)}`)}
    ${encodingView(found.metadata.encoding_note)}
  </p>`;
}

function documentView(viewer) {
  const { document: found, place } = viewer;
  const missing = place.span && !found.span;
  return html`
    ${found.changed ? noticeView("changed", t(found.span ? "viewer.changed" : "viewer.changed.lost")) : nothing}
    ${missing && !found.changed ? noticeView("range", t("viewer.range")) : nothing}
    <div class="scroll ${found.changed ? "uncertain" : ""}" tabindex="0" role="region"
      aria-label=${t("viewer.text")} lang=${found.language ?? ""}>${viewer.text}</div>
  `;
}

const noticeView = (/** @type {string} */ name, /** @type {string} */ text) =>
  html`<div class="notice" role="status" data-notice=${name}>${icons.warning}<p>${text}</p></div>`;

function goneTitle(problem) {
  if (!problem) return null;
  if (problem.code === "document_gone") return t("viewer.gone");
  if (problem.code === "document_unknown") return t("viewer.unknown");
  return t("viewer.failed");
}

function goneView(problem) {
  if (!problem) return html`<p class="working"><span class="dots" aria-hidden="true"></span></p>`;
  const { removed_at: removedAt, replaced_by: replacedBy } = problem.fields;
  if (problem.code === "document_unknown") return noticeView("unknown", t("viewer.unknown.text"));
  if (problem.code !== "document_gone") return problemView(problem);
  const date = removedAt ? formatDate(removedAt) : "";
  return html`
    ${noticeView("gone", date ? t("viewer.gone.text", { date }) : t("viewer.gone.undated"))}
    ${replacedBy
      ? html`<p class="replaced"><a href=${permalinkOf({ id: replacedBy, hash: null, span: null })}>${t("viewer.replaced")}</a></p>`
      : nothing}
  `;
}
