/** What the archive says, or that it does not say. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { t, tn } from "../i18n.js";
import { explanationOf, languageOf, lastLetters } from "../text.js";
import { icons } from "./icons.js";
import { dateView, footnoteMark, open, passageView, sourceView } from "./parts.js";

const FIRST_PASSAGES = 3;

/** @param {import("../state.js").Turn} turn */
export function answerView(turn) {
  const conflict = Boolean(turn.outcome?.conflict);
  return html`
    <div class="answer" data-outcome="answered">
      ${conflict ? conflictView() : nothing} ${shortView(turn)}
      <div class="claims">${turn.claims.map((claim) => claimView(claim, turn, conflict))}</div>
      ${turn.outcome ? writerView(turn.outcome) : nothing}
      ${turn.citations.length ? notesView(turn) : nothing}
    </div>
  `;
}

const conflictView = () => html`
  <div class="conflict">${icons.conflict}
    <p><strong>${t("conflict.title")}</strong> <span>${t("conflict.text")}</span></p></div>
`;

/** What a language model had to do with the answer; nothing where none wrote. */
function writerView({ composer, fallback, withheld, models, written }) {
  const generative = composer === "generative";
  const said = [];
  if (generative) said.push(t("written.by", { model: models.language_model.name }));
  if (fallback) said.push(t(generative ? "written.early" : "written.fallback", { reason: fallback }));
  if (generative && withheld) said.push(tn("written.withheld", withheld));
  return html`${said.length ? html`<p class="written">${said.join(" ")}</p>` : nothing}
    ${receiptView(written)}`;
}

/**
 * How a language model did, in numbers; nothing where it wrote nothing.
 * @param {Record<string, any> | null | undefined} written
 */
function receiptView(written) {
  if (!written) return nothing;
  const withheld = written.stitched + written.unsupported + written.uncited;
  if (!(written.found + written.misattributed + withheld) && !written.declined) return nothing;
  const first = written.first_claim_ms;
  const rows = [
    ["receipt.found", written.found],
    ["receipt.misattributed", written.misattributed],
    ["receipt.withheld", withheld],
    ["receipt.left_out", written.left_out.length],
    ["receipt.shortened", written.shortened.length],
    ["receipt.first", first && t("answer.took", { seconds: (first / 1000).toFixed(1) })],
  ].filter(([, value]) => value);
  return html`<details class="receipt"><summary>${t("receipt.title")}</summary>
    <dl>${rows.map(([key, value]) => html`<div><dt>${t(key)}</dt><dd>${value}</dd></div>`)}</dl>
    ${written.declined ? html`<p>${t("receipt.declined")}</p>` : nothing}
  </details>`;
}

/** The thing asked for, where the first claim names it. @param {import("../state.js").Turn} turn */
function shortView(turn) {
  const short = turn.outcome?.short_answer;
  if (!short) return nothing;
  return html`<p class="short"><span class="visually-hidden">${t("answer.short")}</span>
    <button type="button" @click=${open(short)} lang=${languageOf(short.quote)}>${short.quote}</button></p>`;
}

/** @param {import("../state.js").Claim} claim @param {import("../state.js").Turn} turn */
function claimView(claim, turn, conflict) {
  const [head, tail] = lastLetters(claim.text);
  const dates = claim.footnotes.map((number) => turn.citations[number - 1]?.published);
  return html`
    ${claim.context.map(contextView)}
    <p class="claim" lang=${languageOf(claim.text)}>
      ${conflict ? html`<span class="dated">${dateView(dates.find(Boolean))}</span>` : nothing}
      ${head}<span class="marks">${tail}${claim.footnotes.map((number) =>
        footnoteMark(number, turn.citations[number - 1]),
      )}</span>
    </p>
  `;
}

/** What a sentence refers back to ("he"). @param {import("../state.js").Citation} citation */
const contextView = (citation) => html`
  <p class="context"><button type="button" title=${t("answer.context")} @click=${open(citation)}
    lang=${languageOf(citation.quote)}>${citation.quote}</button></p>
`;

/** @param {import("../state.js").Turn} turn */
function notesView(turn) {
  // A sentence that is its own quote need not be read twice.
  const said = new Set(turn.claims.map((claim) => claim.text.trim()));
  return html`<section class="notes" aria-label=${t("answer.footnotes")}>
    <ol>${turn.citations.map(
      (citation) => html`<li>
        ${passageView(citation, !said.has(citation.quote.trim()))}
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
      ${receiptView(outcome.written)}
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
