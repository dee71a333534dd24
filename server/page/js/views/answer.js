/** What the archive says, or that it does not say. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { t } from "../i18n.js";
import { explanationOf, languageOf, lastLetters } from "../text.js";
import { icons } from "./icons.js";
import { dateView, footnoteMark, open, passageView, sourceView } from "./parts.js";

const FIRST_PASSAGES = 3;

/** @param {import("../state.js").Turn} turn */
export function answerView(turn) {
  const conflict = Boolean(turn.outcome?.conflict);
  return html`
    <div class=${turn.sure ? "answer" : "answer unsure"} data-outcome=${turn.sure ? "answered" : "uncertain"}>
      ${turn.sure ? nothing : unsureView()} ${conflict ? conflictView() : nothing} ${shortView(turn)} ${countView(turn)}
      <div class="claims">${turn.claims.map((claim) => claimView(claim, turn, conflict))}</div>
      ${turn.outcome ? selectionView(turn.outcome) : nothing}
      ${turn.citations.length ? notesView(turn) : nothing}
    </div>
  `;
}

const unsureView = () => html`
  <div class="maybe">${icons.unsure}
    <div><h3>${t("uncertain.title")}</h3> <p>${t("uncertain.text")}</p></div></div>
`;

const conflictView = () => html`
  <div class="conflict">${icons.conflict}
    <p><strong>${t("conflict.title")}</strong> <span>${t("conflict.text")}</span></p></div>
`;

/**
 * What a language model had to do with the outcome; nothing where none is configured.
 * @param {{ selection?: Record<string, any> | null }} outcome
 */
function selectionView({ selection }) {
  if (!selection) return nothing;
  const { failure, chosen, shown } = selection;
  const named = { model: selection.model.name, shown, reason: failure };
  const said = failure ? "selection.failed" : chosen.length ? "selection.chose" : "selection.none";
  return html`<p class="selection">${t(said, named)}</p>`;
}

/** The thing asked for, where the first claim names it. @param {import("../state.js").Turn} turn */
function shortView(turn) {
  const short = turn.outcome?.short_answer;
  if (!short) return nothing;
  return html`<p class="short"><span class="visually-hidden">${t("answer.short")}</span>
    <button type="button" @click=${open(short)} lang=${languageOf(short.shown)}>${short.shown}</button></p>`;
}

/** How many items are quoted, where that is asked. @param {import("../state.js").Turn} turn */
function countView(turn) {
  const count = turn.outcome?.counted;
  return count ? html`<p class="short">${t("answer.counted", { count })}</p>` : nothing;
}

/** @param {import("../state.js").Claim} claim @param {import("../state.js").Turn} turn */
function claimView(claim, turn, conflict) {
  const [head, tail] = lastLetters(claim.shown);
  const dates = claim.footnotes.map((number) => turn.citations[number - 1]?.published);
  return html`
    ${claim.context.map(contextView)}
    <p class="claim" lang=${languageOf(claim.shown)}>
      ${conflict ? html`<span class="dated">${dateView(dates.find(Boolean))}</span>` : nothing}
      ${head}<span class="marks">${tail}${claim.footnotes.map((number) =>
        footnoteMark(number, turn.citations[number - 1]),
      )}</span>
    </p>
  `;
}

/** What a statement is not understood without. @param {import("../state.js").Citation} citation */
const contextView = (citation) => html`
  <p class="context"><button type="button" title=${t("answer.context")} @click=${open(citation)}
    lang=${languageOf(citation.shown)}>${citation.shown}</button></p>
`;

/** @param {import("../state.js").Turn} turn */
function notesView(turn) {
  // A sentence that is its own quote need not be read twice.
  const said = new Set(turn.claims.map((claim) => claim.shown.trim()));
  return html`<section class="notes" aria-label=${t("answer.footnotes")}>
    <ol>${turn.citations.map(
      (citation) => html`<li>
        ${passageView(citation, !said.has(citation.shown.trim()))}
        <span class="from">${citation.published ? nothing : dateView(null)} ${sourceView(citation.source)}</span>
      </li>`,
    )}</ol>
  </section>`;
}

const EXPLAINED = {
  off_topic: "abstention.off_topic",
  missing_fact: "abstention.missing_fact",
  premise: "abstention.premise",
};

/** @param {import("../state.js").Turn} turn */
export function abstentionView({ outcome }) {
  const kind = EXPLAINED[/** @type {keyof typeof EXPLAINED} */ (outcome.kind)];
  const nearest = outcome.nearest ?? [];
  const explanation = explanationOf(outcome);
  return html`
    <div class="answer abstention" data-outcome="abstained">
      <div class="absent">
        ${icons.absent}
        <div>
          <h3>${t("abstention.title")}</h3>
          ${explanation
            ? html`<p class="explanation" lang=${languageOf(explanation) || "en"}>${explanation}</p>`
            : nothing}
          ${kind ? html`<p class="kind">${t(kind)}</p>` : nothing}
        </div>
      </div>
      ${selectionView(outcome)}
      ${listView("mentions", t("abstention.mentions"), outcome.mentions ?? [])}
      ${listView("nearest", t("abstention.nearest"), nearest.slice(0, FIRST_PASSAGES))}
      ${nearest.length > FIRST_PASSAGES
        ? html`<details class="more"><summary>${t("abstention.more")}</summary>
            ${listView("nearest", "", nearest.slice(FIRST_PASSAGES))}</details>`
        : nothing}
    </div>
  `;
}

function listView(name, title, citations) {
  if (!citations.length) return nothing;
  return html`<section class=${name}>
    ${title ? html`<h4>${title}</h4>` : nothing}
    <ul>${citations.map((citation) => html`<li>${passageView(citation)}</li>`)}</ul>
  </section>`;
}
