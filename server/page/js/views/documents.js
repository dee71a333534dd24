/** The list of documents, with upload and removal. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { Problem } from "../api.js";
import { confirmed } from "../dialogs.js";
import { deleteDocument, loadDocuments, PAGE, replaceDocument, uploadFiles, uploadStatus } from "../documents.js";
import { languageName, t, tn } from "../i18n.js";
import { changed, state } from "../state.js";
import { languageOf } from "../text.js";
import { openBeside } from "../viewer.js";
import { icons } from "./icons.js";
import { dateView, encodingView, problemView, sourceView } from "./parts.js";

const TYPING_MILLISECONDS = 200;
let typing = 0;

export function documentsView() {
  const { documents } = state;
  return html`
    <div class="documents">
      <h1 tabindex="-1">${t("documents.title")}</h1>
      ${state.about?.writable ? uploadView() : nothing}
      <div class="find">
        <label class="visually-hidden" for="find">${t("documents.find")}</label>
        <input id="find" type="search" placeholder=${t("documents.find")} autocomplete="off" maxlength="200"
          .value=${documents.query} @input=${find}>
        <p class="count" role="status">${documents.loading || documents.problem ? "" : tn("documents.count", documents.total)}</p>
      </div>
      ${problemView(documents.problem)}
      ${documents.items.length ? listView() : emptyView()}
      ${documents.total > PAGE ? pagesView() : nothing}
    </div>
  `;
}

function find(/** @type {Event} */ event) {
  const query = /** @type {HTMLInputElement} */ (event.target).value;
  clearTimeout(typing);
  typing = window.setTimeout(() => loadDocuments({ query, offset: 0 }), TYPING_MILLISECONDS);
}

function emptyView() {
  const { loading, query, problem } = state.documents;
  if (loading || problem) return nothing;
  return html`<p class="none">${query ? t("documents.none_found") : t("documents.none")}</p>`;
}

const listView = () => html`
  <ul class="list" aria-label=${t("documents.title")}>
    ${repeat(state.documents.items, (item) => item.id, itemView)}
  </ul>
`;

function itemView(item) {
  const open = (/** @type {Event} */ event) =>
    openBeside(item.permalink, /** @type {Element} */ (event.currentTarget));
  return html`
    <li>
      <div>
        <button type="button" class="title" lang=${languageOf(item.title)} @click=${open}>${item.title}</button>
        <p class="about">${dateView(item.published)}${item.language ? html` · ${languageName(item.language)}` : nothing}
          · ${tn("documents.passages", item.passages)}
          ${item.sources.map((source) => html` · ${sourceView(source)}`)}
          ${encodingView(item.encoding_note)}</p>
      </div>
      ${state.about?.writable
        ? html`<button type="button" class="quiet icon-only" aria-label=${t("documents.delete", { title: item.title })}
            @click=${() => removeItem(item)}>${icons.trash}</button>`
        : nothing}
    </li>
  `;
}

async function removeItem(item) {
  const title = t("documents.delete.title");
  const text = t("documents.delete.text", { title: item.title });
  if (!(await confirmed({ title, text, action: t("documents.delete.action") }))) return;
  try {
    await deleteDocument(item.id);
    if (state.viewer?.place.id === item.id) state.viewer = null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    state.documents.problem = error;
  }
  await changed();
  /** @type {HTMLElement | null} */ (document.querySelector(".documents h1"))?.focus();
}

function pagesView() {
  const { offset, total } = state.documents;
  const go = (/** @type {number} */ to) => async () => {
    await loadDocuments({ offset: to });
    /** @type {HTMLElement | null} */ (document.querySelector(".documents h1"))?.focus();
  };
  const values = { from: offset + 1, to: Math.min(offset + PAGE, total), total };
  return html`
    <nav class="pages" aria-label=${t("documents.pages")}>
      <button type="button" ?disabled=${offset === 0} @click=${go(Math.max(0, offset - PAGE))}>${t("documents.previous")}</button>
      <span>${t("documents.range", values)}</span>
      <button type="button" ?disabled=${offset + PAGE >= total} @click=${go(offset + PAGE)}>${t("documents.next")}</button>
    </nav>
  `;
}

function uploadView() {
  const { suffixes, max_upload_bytes: most } = state.about;
  const chosen = (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    uploadFiles([...(input.files ?? [])]);
    // So that the same file can be chosen again.
    input.value = "";
  };
  const megabytes = Math.floor(most / 1_000_000);
  return html`
    <section class="upload ${state.dragging ? "dragging" : ""}" aria-label=${t("upload.title")}>
      <label class="button">${icons.upload} ${t("upload.action")}
        <input class="visually-hidden" id="files" type="file" multiple accept=${suffixes.join(",")} @change=${chosen}></label>
      <p>${t("upload.drop")} <span class="help">${t("upload.kinds", { kinds: suffixes.join(" "), megabytes })}</span></p>
    </section>
    ${state.uploads.length
      ? html`<section class="uploads" aria-label=${t("upload.results")}>
          ${state.uploads.length > 1 ? html`<p class="summary">${summary()}</p>` : nothing}
          <ul tabindex="0" aria-label=${t("upload.results")}>${state.uploads.map(uploadedView)}</ul></section>`
      : nothing}
  `;
}

/** How far many uploads are. */
function summary() {
  const count = (/** @type {string[]} */ ...states) =>
    state.uploads.filter((item) => states.includes(item.state)).length;
  const values = { done: count("done"), failed: count("failed", "taken"), total: state.uploads.length };
  return t(values.failed ? "upload.summary.failed" : "upload.summary", values);
}

function uploadedView(item) {
  const busy = item.state === "sending" || item.state === "reading" || item.state === "waiting";
  // Without a value the bar is indeterminate: how long the server reads is unknown.
  const value = item.state === "sending" ? item.fraction : nothing;
  const document = item.result?.document_id;
  return html`
    <li data-state=${item.state}>
      <span class="name">${item.name}</span>
      ${busy ? html`<progress max="1" value=${value} aria-label=${item.name}></progress>` : nothing}
      <span class="status">${item.state === "done" ? icons.good : item.state === "failed" ? icons.warning : nothing}
        ${uploadStatus(item)}</span>
      ${item.state === "taken"
        ? html`<button type="button" @click=${() => replaceDocument(item)}>${t("upload.replace")}</button>`
        : nothing}
      ${document && item.state === "done"
        ? html`<button type="button" class="quiet" @click=${(event) =>
            openBeside(`/documents/${encodeURIComponent(document)}`, event.currentTarget)}>${t("upload.open")}</button>`
        : nothing}
    </li>
  `;
}
