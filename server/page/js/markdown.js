/** An answer as Markdown with footnotes, to paste into notes. */

import { filterChips } from "./filters.js";
import { formatDate, t } from "./i18n.js";
import { explanationOf } from "./text.js";
import { placeOf, permalinkOf } from "./viewer.js";

/**
 * Text that Markdown shows as it is: what documents say must not become links or markup.
 * @param {string} text
 */
export function escapeMarkdown(text) {
  const line = text.replace(/\s+/g, " ").trim();
  const plain = line.replace(/[\\`*_[\]<>#|~!&$]/g, "\\$&");
  // At the beginning of a line these make lists and headings.
  return plain.replace(/^(\d+)([.)])/, "$1\\$2").replace(/^([-+=:])/, "\\$1");
}

/** "quote" — title, date. <permalink> @param {import("./state.js").Citation} citation */
function note(citation) {
  const about = [escapeMarkdown(citation.title)];
  if (citation.published) about.push(formatDate(citation.published));
  if (citation.encoding_note) about.push(escapeMarkdown(citation.encoding_note));
  const link = /^https?:/.test(citation.permalink)
    ? citation.permalink
    : permalinkOf(placeOf(citation.permalink));
  return `“${escapeMarkdown(citation.shown)}” — ${about.join(", ")}. <${link}>`;
}

/** @param {import("./state.js").Turn} turn @returns {string} */
export function answerAsMarkdown(turn) {
  const asked = [`**${escapeMarkdown(turn.question)}**`];
  const understood = turn.outcome?.standalone_question;
  // An answer needs its filters to be understood.
  if (understood && understood !== turn.question) {
    asked.push(`${t("answer.understood")} “${escapeMarkdown(understood)}”`);
  }
  const chips = filterChips(turn.filters);
  if (chips.length) asked.push(chips.map(escapeMarkdown).join(" · "));
  const parts = turn.outcome?.outcome === "abstained" ? abstention(turn) : answer(turn);
  return `${[...asked, ...parts].join("\n\n")}\n`;
}

/** @param {import("./state.js").Turn} turn */
function answer(turn) {
  const parts = [];
  if (!turn.sure) parts.push(`*${t("uncertain.title")}*`);
  if (turn.outcome?.conflict) parts.push(`*${t("conflict.title")}*`);
  if (turn.outcome?.counted) parts.push(t("answer.counted", { count: turn.outcome.counted }));
  for (const claim of turn.claims) {
    for (const { shown } of claim.context) parts.push(`> ${escapeMarkdown(shown)}`);
    const marks = claim.footnotes.map((number) => `[^${number}]`).join("");
    parts.push(`${escapeMarkdown(claim.shown)}${marks}`);
  }
  const notes = turn.citations.map((citation, i) => `[^${i + 1}]: ${note(citation)}`);
  return [...parts, notes.join("\n")];
}

/** @param {import("./state.js").Turn} turn */
function abstention({ outcome }) {
  const list = (/** @type {import("./state.js").Citation[]} */ citations) =>
    citations.map((citation) => `- ${note(citation)}`).join("\n");
  const parts = [`*${t("abstention.title")}*`, escapeMarkdown(explanationOf(outcome))];
  if (outcome.mentions.length) parts.push(`${t("abstention.mentions")}:`, list(outcome.mentions));
  return parts;
}

/**
 * Put text on the clipboard, also where the page is not served over HTTPS.
 * @param {string} text @returns {Promise<boolean>}
 */
export async function copyText(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  }
  const box = document.createElement("textarea");
  box.value = text;
  document.body.append(box);
  box.select();
  // Old, but the only way on a plain-HTTP address.
  const copied = document.execCommand("copy");
  box.remove();
  return copied;
}

