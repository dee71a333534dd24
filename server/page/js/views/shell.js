/** The frame around every view: bar, conversations, main part, viewer. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { address, Problem, renewKey } from "../api.js";
import { deleteConversation, loadOlderConversations } from "../conversation.js";
import { confirmed } from "../dialogs.js";
import { chooseLanguage, currentLanguage, t } from "../i18n.js";
import { changed, state } from "../state.js";
import { keep } from "../storage.js";
import { languageOf } from "../text.js";
import { askView, questionBox } from "./ask.js";
import { documentsView } from "./documents.js";
import { icons } from "./icons.js";
import { problemView } from "./parts.js";
import { viewerView } from "./viewer.js";

const narrow = matchMedia("(max-width: 60rem)");
narrow.addEventListener("change", () => changed());
const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", () => changed());

/** @param {{rekeyed: () => void, begin: () => void}} actions */
export function shellView(actions) {
  const alone = state.view === "document";
  const beside = !alone && state.viewer;
  const covered = narrow.matches && (beside || state.drawer);
  return html`
    <div class="app ${beside ? "with-viewer" : ""} ${alone ? "single" : ""}">
      ${alone ? nothing : html`<a class="skip" href="#question" @click=${skip}>${t("skip")}</a>`}
      ${barView(alone)} ${alone ? nothing : sideView(actions)}
 ${narrow.matches && state.drawer ? html`<div class="shade" @click=${closeDrawer}></div>` : nothing}
      <main id="main" ?inert=${Boolean(covered)}>
        ${alone ? viewerView({ alone }) : state.view === "documents" ? documentsView() : askView()}
      </main>
      ${beside ? html`<aside class="beside" aria-label=${t("viewer.label")}>${viewerView({ alone: false })}</aside>` : nothing}
    </div>
  `;
}

/** The focus goes back to what opened it. */
export async function closeDrawer() {
  state.drawer = false;
  await changed();
  /** @type {HTMLElement | null} */ (document.querySelector(".menu"))?.focus();
}

/** The hash is the page's route, so the skip link moves the focus itself. */
function skip(/** @type {Event} */ event) {
  event.preventDefault();
  /** @type {HTMLElement | null} */ (questionBox() ?? document.querySelector("main h1"))?.focus();
}

function barView(alone) {
  const other = currentLanguage() === "en" ? "zh" : "en";
  const chooseOther = () => {
    chooseLanguage(other);
    changed();
  };
  const isDark = (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const theme = () => {
    document.documentElement.dataset.theme = isDark ? "light" : "dark";
    keep("localStorage", "footnote.theme", isDark ? "light" : "dark");
    changed();
  };
  const drawer = () => {
    state.drawer = !state.drawer;
    changed();
  };
  return html`
    <header class="bar">
      ${alone
        ? nothing
        : html`<button type="button" class="quiet icon-only menu" aria-label=${t("menu")} aria-expanded=${state.drawer}
            aria-controls="side" @click=${drawer}>${icons.menu}</button>`}
      <a class="wordmark" href=${alone ? address("") : "#/"}>Footnote<sup aria-hidden="true">1</sup></a>
      <span class="spacer"></span>
      <button type="button" class="quiet" lang=${other} @click=${chooseOther}>${other === "zh" ? "中文" : "English"}</button>
      <button type="button" class="quiet icon-only" aria-label=${t(isDark ? "theme.light" : "theme.dark")}
        @click=${theme}>${isDark ? icons.sun : icons.moon}</button>
    </header>
  `;
}

function sideView({ begin, rekeyed }) {
  const here = (/** @type {boolean} */ current) => (current ? "page" : nothing);
  const { conversations, about } = state;
  const key = async () => {
    if (await renewKey()) rekeyed();
  };
  return html`
    <nav id="side" class="side ${state.drawer ? "open" : ""}" aria-label=${t("side.label")}>
      <button type="button" class="button new" @click=${begin}>${icons.add} ${t("conversation.new")}</button>
      <a class="to-documents" href="#/documents" aria-current=${here(state.view === "documents")}>${icons.documents}
        ${t("documents.title")}<span class="number">${about?.documents ?? ""}</span></a>
      <h2>${t("conversations.title")}</h2>
      ${problemView(conversations.problem)}
      ${conversations.items.length
        ? html`<ul>${repeat(conversations.items, (item) => item.id, conversationView)}</ul>`
        : conversations.problem || state.locked
          ? nothing
          : html`<p class="none">${t("conversations.none")}</p>`}
      ${conversations.total > conversations.items.length
        ? html`<p><button type="button" class="quiet" @click=${loadOlderConversations}>${t("conversations.older")}</button></p>`
        : nothing}
      ${about?.authentication || state.locked
        ? html`<p class="foot"><button type="button" class="quiet" @click=${key}>${icons.key} ${t("key.change")}</button></p>`
        : nothing}
    </nav>
  `;
}

function conversationView(item) {
  const current = state.view === "ask" && state.conversationId === item.id;
  return html`
    <li>
      <a href="#/c/${encodeURIComponent(item.id)}" lang=${languageOf(item.title)} title=${item.title}
        aria-current=${current ? "page" : nothing}>${item.title}</a>
      <button type="button" class="quiet icon-only" aria-label=${t("conversation.delete", { title: item.title })}
        @click=${() => removeConversation(item)}>${icons.trash}</button>
    </li>
  `;
}

async function removeConversation(item) {
  const title = t("conversation.delete.title");
  const text = t("conversation.delete.text", { title: item.title });
  if (!(await confirmed({ title, text, action: t("conversation.delete.action") }))) return;
  try {
    if (await deleteConversation(item.id)) location.hash = "#/";
    await changed();
    /** @type {HTMLElement | null} */ (document.querySelector(".side .new"))?.focus();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    state.conversations.problem = error;
    changed();
  }
}
