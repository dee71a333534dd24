/** One question and its outcome. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { askAgain, sendFeedback } from "../conversation.js";
import { filterChips } from "../filters.js";
import { t } from "../i18n.js";
import { answerAsMarkdown, copyText } from "../markdown.js";
import { announce, changed } from "../state.js";
import { languageOf } from "../text.js";
import { abstentionView, answerView } from "./answer.js";
import { icons } from "./icons.js";
import { problemView } from "./parts.js";

/** @param {import("../state.js").Turn} turn */
export function turnView(turn) {
  const chips = filterChips(turn.filters);
  const understood = turn.outcome?.standalone_question;
  return html`
    <li class="turn" aria-busy=${turn.status === "asking"} data-status=${turn.status}>
      <h2 class="question" lang=${languageOf(turn.question)}>${turn.question}</h2>
      ${chips.length ? html`<ul class="chips">${chips.map((chip) => html`<li>${chip}</li>`)}</ul>` : nothing}
      ${understood && understood !== turn.question
        ? html`<p class="understood">${t("answer.understood")} <q lang=${languageOf(understood)}>${understood}</q></p>`
        : nothing}
      ${outcomeView(turn)} ${turn.status === "done" ? actionsView(turn) : nothing}
    </li>
  `;
}

/** @param {import("../state.js").Turn} turn */
function outcomeView(turn) {
  const again = html`<button type="button" @click=${() => askAgain(turn)}>${t("answer.again")}</button>`;
  const said = turn.outcome?.outcome === "abstained" ? abstentionView(turn) : nothing;
  const answer = said === nothing && turn.claims.length ? answerView(turn) : said;
  if (turn.status === "done") return answer;
  if (turn.status === "asking") {
    return html`${answer}<p class="working"><span class="dots" aria-hidden="true"></span>
      ${turn.claims.length ? t("answer.writing") : t("answer.searching")}</p>`;
  }
  const stopped = html`<p class="stopped">${t("answer.stopped")}</p>`;
  return html`${answer}${turn.problem ? problemView(turn.problem) : stopped}
    <p class="actions">${again}</p>`;
}

const COPIED = new Map([
  [true, "copy.done"],
  [false, "copy.failed"],
]);

/** @param {import("../state.js").Turn} turn */
function actionsView(turn) {
  const copy = async () => {
    const copied = await copyText(answerAsMarkdown(turn));
    turn.feedback = { ...turn.feedback, copied };
    announce(t(copied ? "copy.done" : "copy.failed"));
    changed();
  };
  const total = turn.outcome.timings_ms?.total;
  const seconds = total ? (total / 1000).toFixed(1) : null;
  return html`
    <div class="after">
      <button type="button" class="quiet" @click=${copy}>${icons.copy}
        ${t(COPIED.get(turn.feedback?.copied) ?? "copy.action")}</button>
      ${turn.turnId ? feedbackView(turn) : nothing}
      ${seconds ? html`<span class="took">${t("answer.took", { seconds })}</span>` : nothing}
    </div>
    ${turn.feedback?.choosing ? noteView(turn) : problemView(turn.feedback?.problem)}
  `;
}

/** @param {import("../state.js").Turn} turn */
function feedbackView(turn) {
  if (turn.feedback?.sent) return html`<span class="thanks">${icons.good} ${t("feedback.thanks")}</span>`;
  const choose = (/** @type {string} */ verdict) => async () => {
    if (verdict === "helpful") return sendFeedback(turn, verdict, null);
    const open = turn.feedback?.choosing === verdict ? null : verdict;
    turn.feedback = { ...turn.feedback, choosing: open };
    await changed();
    if (open) /** @type {HTMLElement} */ (document.querySelector(`#note-${turn.key}`))?.focus();
  };
  const button = (/** @type {string} */ verdict, /** @type {string} */ label) => html`
    <button type="button" class="quiet" aria-expanded=${verdict === "helpful" ? nothing : turn.feedback?.choosing === verdict}
      ?disabled=${turn.feedback?.sending} @click=${choose(verdict)}>${label}</button>`;
  return html`<span class="verdicts" role="group" aria-label=${t("feedback.label")}>
    ${button("helpful", t("feedback.helpful"))} ${button("wrong", t("feedback.wrong"))}
    ${turn.citations.length ? button("wrong_citation", t("feedback.wrong_citation")) : nothing}
  </span>`;
}

/** What was wrong, in the reader's words. @param {import("../state.js").Turn} turn */
function noteView(turn) {
  const { choosing, sending, sent, problem } = turn.feedback ?? {};
  if (sent) return nothing;
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    turn.note = String(form.get("note"));
    const footnote = form.get("footnote");
    return sendFeedback(turn, choosing, footnote ? Number(footnote) : null);
  };
  return html`
    <form class="note" @submit=${submit}>
      ${choosing === "wrong_citation"
        ? html`<label>${t("feedback.which")} <select name="footnote">${turn.citations.map(
            (_, i) => html`<option value=${i + 1}>${i + 1}</option>`,
          )}</select></label>`
        : nothing}
      <label for="note-${turn.key}">${t("feedback.note")}</label>
      <textarea id="note-${turn.key}" name="note" rows="2" maxlength="2000"></textarea>
      ${problemView(problem)}
      <p class="actions"><button type="submit" class="primary" ?disabled=${sending}>${t("feedback.send")}</button></p>
    </form>
  `;
}
