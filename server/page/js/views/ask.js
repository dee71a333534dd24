/** The conversation and the question box. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { ask, stop } from "../conversation.js";
import { filterChips } from "../filters.js";
import { languageName, t, tn } from "../i18n.js";
import { announce, changed, noFilters, state } from "../state.js";
import { icons } from "./icons.js";
import { problemView } from "./parts.js";
import { turnView } from "./turn.js";

const DATE = /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/;
/** @type {(keyof import("../state.js").Filters)[]} */
const DATES = ["since", "until", "asOf"];
const touch = matchMedia("(hover: none)");

export function askView() {
  const begun = state.turns.length > 0;
  return html`
    <div class="conversation ${begun ? "begun" : "empty"}">
      ${begun
        ? html`<h1 class="visually-hidden">${t("ask.title")}</h1>
            <ol class="turns">${repeat(state.turns, (turn) => turn.key, turnView)}</ol>`
        : state.opening
          ? html`<p class="working"><span class="dots" aria-hidden="true"></span>${t("viewer.loading")}</p>`
          : emptyView()}
      ${composerView(begun)}
    </div>
  `;
}

function emptyView() {
  const { about } = state;
  const languages = (about?.languages ?? []).map(languageName).join(" · ");
  return html`
    <div class="hero">
      <h1>${t("ask.title")}</h1>
      <p class="promise">${t("ask.promise")}</p>
      ${problemView(state.problem)}
      ${about ? html`<p class="holdings">${tn("documents.count", about.documents)}${languages ? html` · ${languages}` : nothing}</p>` : nothing}
      ${about?.documents === 0 ? html`<p><a href="#/documents">${t("ask.upload_first")}</a></p>` : nothing}
    </div>
  `;
}

/** Ask what stands in the box, unless a filter cannot be understood. */
async function submit(/** @type {Event} */ event) {
  event.preventDefault();
  const box = questionBox();
  const question = box.value.trim();
  if (!question || state.asking) return;
  if (state.excess) {
    announce(tooLong());
    return;
  }
  state.wrongFilter = DATES.find((name) => state.filters[name] && !DATE.test(state.filters[name])) ?? null;
  if (state.wrongFilter) {
    state.filtersOpen = true;
    await changed();
    document.querySelector(`#filter-${state.wrongFilter}`)?.focus();
    return;
  }
  box.value = "";
  fit(box);
  state.filtersOpen = false;
  const asked = ask(question);
  await changed();
  document.querySelector(".turn:last-child")?.scrollIntoView({ block: "start" });
  // With the focus in the box a phone's keyboard would cover the answer.
  if (touch.matches) box.blur();
  else box.focus();
  await asked;
}

export const questionBox = () =>
  /** @type {HTMLTextAreaElement} */ (document.querySelector("#question"));

/** Enter asks; but not the Enter that ends the input of a Chinese word. */
function keydown(/** @type {KeyboardEvent} */ event) {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
}

/** As high as its text, up to a third of the window. */
function fit(/** @type {HTMLTextAreaElement} */ box) {
  box.style.height = "auto";
  if (box.value) box.style.height = `${Math.min(box.scrollHeight, innerHeight / 3)}px`;
}

/** Report a question that is too long while it is written: pasted text is never cut silently. */
function written(/** @type {Event} */ event) {
  const box = /** @type {HTMLTextAreaElement} */ (event.target);
  fit(box);
  const most = state.about?.max_question_characters ?? Infinity;
  const excess = Math.max(0, [...box.value.trim()].length - most);
  if (excess !== state.excess) changed();
  state.excess = excess;
}

const tooLong = () => tn("ask.too_long", state.excess);

function composerView(begun) {
  const { excess } = state;
  return html`
    <form class="composer" @submit=${submit}>
      <div class="box">
        <label class="visually-hidden" for="question">${t("ask.label")}</label>
        <textarea id="question" rows="1" aria-invalid=${excess ? "true" : nothing} autocomplete="off"
          aria-describedby="hint" placeholder=${t(begun ? "ask.placeholder.next" : "ask.placeholder")}
          @keydown=${keydown} @input=${written}></textarea>
        ${state.asking
          ? html`<button type="button" class="send" @click=${stop}>${icons.stop}<span>${t("ask.stop")}</span></button>`
          : html`<button type="submit" class="primary send">${icons.send}<span>${t("ask.action")}</span></button>`}
      </div>
      ${filtersView()}
      <p id="hint" class=${excess ? "wrong" : "hint"}>${excess ? tooLong() : t("ask.hint")}</p>
    </form>
  `;
}

function filtersView() {
  const chips = filterChips(state.filters);
  const toggle = (/** @type {Event} */ event) => {
    const open = /** @type {HTMLDetailsElement} */ (event.target).open;
    if (open !== state.filtersOpen) {
      state.filtersOpen = open;
      changed();
    }
  };
  const clear = () => {
    Object.assign(state, { filters: noFilters(), wrongFilter: null });
    changed();
  };
  return html`
    <details class="filters" ?open=${state.filtersOpen} @toggle=${toggle}>
      <summary>${t("filters.title")}
        <span class="chips">${chips.map((chip) => html`<span>${chip}</span>`)}</span></summary>
      <div class="fields">
        ${field("source", t("filters.source"), t("filters.source.example"))}
        ${field("since", t("filters.since"), t("filters.date.example"))}
        ${field("until", t("filters.until"), t("filters.date.example"))}
        ${languageField()} ${field("asOf", t("filters.as_of"), t("filters.date.example"), t("filters.as_of.help"))}
        <p class="actions"><button type="button" class="quiet" @click=${clear}>${t("filters.clear")}</button></p>
      </div>
    </details>
  `;
}

/** @param {keyof import("../state.js").Filters} name */
const keep = (name) => (/** @type {Event} */ event) => {
  state.filters[name] = /** @type {HTMLInputElement} */ (event.target).value.trim();
  if (state.wrongFilter === name) state.wrongFilter = null;
  changed();
};

/** @param {keyof import("../state.js").Filters} name */
function field(name, label, example, help = "") {
  const wrong = state.wrongFilter === name;
  const about = wrong ? t("filters.date.wrong") : help;
  return html`
    <div class="field">
      <label for="filter-${name}">${label}</label>
      <input id="filter-${name}" type="text" autocomplete="off" placeholder=${example}
        .value=${state.filters[name]} aria-invalid=${wrong ? "true" : nothing}
        aria-describedby=${about ? `about-${name}` : nothing} @change=${keep(name)}>
      ${about ? html`<p id="about-${name}" class=${wrong ? "wrong" : "help"}>${about}</p>` : nothing}
    </div>
  `;
}

function languageField() {
  const tags = state.about?.languages ?? ["en", "zh"];
  return html`
    <div class="field">
      <label for="filter-language">${t("filters.language")}</label>
      <select id="filter-language" @change=${keep("language")}>
        <option value="" ?selected=${!state.filters.language}>${t("filters.language.any")}</option>
        ${tags.map((tag) => html`<option value=${tag} ?selected=${state.filters.language === tag}>${languageName(tag)}</option>`)}
      </select>
    </div>
  `;
}
