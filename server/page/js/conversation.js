/** Asking, and the conversations that the server keeps. */

import { askStream, getJson, postJson, Problem, remove } from "./api.js";
import { t, tn } from "./i18n.js";
import { announce, changed, noFilters, state } from "./state.js";

const MOST_CONVERSATIONS = 100;
let turnCount = 0;

/** @returns {import("./state.js").Turn} */
function newTurn(question, filters) {
  turnCount += 1;
  return {
    key: `turn-${turnCount}`,
    question,
    filters: { ...filters },
    status: "asking",
    claims: [],
    citations: [],
    outcome: null,
    problem: null,
    turnId: null,
    feedback: null,
    note: "",
  };
}

/** What POST /ask expects of the filters. @param {import("./state.js").Filters} filters */
export function filtersOut({ source, since, until, language, asOf }) {
  const sources = source.split(/[,，]/).map((part) => part.trim()).filter(Boolean);
  return {
    filters: { sources, since: since || null, until: until || null, language: language || null },
    as_of: asOf || null,
  };
}

/** The filters of a stored turn, as the page holds them. @param {any} turn */
function filtersIn({ filters, as_of }) {
  return {
    source: (filters?.sources ?? []).join(", "),
    since: filters?.since ?? "",
    until: filters?.until ?? "",
    language: filters?.language ?? "",
    asOf: as_of ?? "",
  };
}

/** @param {string} question @param {import("./state.js").Filters} [filters] */
export async function ask(question, filters = state.filters) {
  const turn = newTurn(question, filters);
  const controller = new AbortController();
  state.turns = [...state.turns, turn];
  state.asking = controller;
  changed();
  announce(t("answer.searching"));
  const body = { question, ...filtersOut(filters), conversation_id: state.conversationId ?? "new" };
  try {
    for await (const { event, data } of askStream(body, controller.signal)) take(turn, event, data);
    if (turn.status === "asking") {
      throw new Problem({ title: t("error.cut"), remedy: t("error.unreachable.remedy") });
    }
  } catch (error) {
    if (controller.signal.aborted) turn.status = "stopped";
    else if (error instanceof Problem) fail(turn, error);
    else throw error;
  } finally {
    if (state.asking === controller) state.asking = null;
    changed();
  }
  if (turn.status === "done") await loadConversations();
}

/** One event of the stream. */
function take(turn, event, data) {
  if (event === "citation") turn.citations[data.number - 1] = data.citation;
  else if (event === "claim") {
    turn.claims = [...turn.claims, data.claim];
    announce(data.claim.text);
  } else if (event === "abstention") {
    turn.outcome = data;
    announce(`${t("abstention.title")} ${data.explanation}`);
  } else if (event === "done") finish(turn, data);
  else if (event === "error") throw new Problem(data);
  changed();
}

function finish(turn, outcome) {
  turn.status = "done";
  turn.outcome = outcome;
  turn.turnId = outcome.turn_id ?? null;
  turn.claims = outcome.claims ?? [];
  turn.citations = outcome.citations ?? [];
  if (outcome.outcome === "answered") announce(tn("answer.complete", turn.citations.length));
  // A turn of a conversation that was left meanwhile changes nothing here.
  if (outcome.conversation_id && state.turns.includes(turn)) {
    if (!state.conversationId && history.state?.viewer) state.stepWithoutId = true;
    state.conversationId = outcome.conversation_id;
    showConversationInAddress();
  }
}

function fail(turn, problem) {
  turn.status = "failed";
  turn.problem = problem;
  announce(`${problem.message} ${problem.remedy}`);
  const box = /** @type {HTMLTextAreaElement | null} */ (document.querySelector("#question"));
  if (box && !box.value) box.value = turn.question;
}

/** Ask a question that failed or was stopped again. @param {import("./state.js").Turn} turn */
export function askAgain(turn) {
  state.turns = state.turns.filter((other) => other !== turn);
  const box = /** @type {HTMLTextAreaElement | null} */ (document.querySelector("#question"));
  if (box?.value === turn.question) box.value = "";
  return ask(turn.question, turn.filters);
}

export const stop = () => state.asking?.abort();

/** Keep the conversation over a reload, without another step in the browser's history. */
export function showConversationInAddress() {
  const hash = state.conversationId ? `#/c/${encodeURIComponent(state.conversationId)}` : "#/";
  if (state.view === "ask" && location.hash !== hash) history.replaceState(history.state, "", hash);
}

export function beginConversation() {
  stop();
  Object.assign(state, { conversationId: null, turns: [], problem: null, filters: noFilters() });
  changed();
}

/** @param {string} id */
export async function openConversation(id) {
  stop();
  Object.assign(state, { conversationId: id, turns: [], problem: null });
  changed();
  try {
    const stored = await getJson(`conversations/${encodeURIComponent(id)}`);
    if (state.conversationId !== id) return;
    state.turns = stored.turns.map((turn) => {
      const restored = newTurn(turn.question, filtersIn(turn));
      const { claims = [], citations = [] } = turn.outcome;
      return Object.assign(restored, {
        status: "done", outcome: turn.outcome, claims, citations, turnId: turn.id,
      });
    });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (state.conversationId === id) Object.assign(state, { problem: error, conversationId: null });
  }
  await changed();
  document.querySelector(".turn:last-child")?.scrollIntoView({ block: "start" });
}

export async function loadConversations() {
  try {
    const page = await getJson(`conversations?limit=${MOST_CONVERSATIONS}`);
    state.conversations = { items: page.conversations, total: page.total, problem: null };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    state.conversations = { ...state.conversations, problem: error };
  }
  changed();
}

/** @param {string} id @returns {Promise<boolean>} whether it was the open one */
export async function deleteConversation(id) {
  await remove(`conversations/${encodeURIComponent(id)}`);
  const open = state.conversationId === id;
  if (open) beginConversation();
  await loadConversations();
  return open;
}

/** @param {import("./state.js").Turn} turn @param {string} verdict @param {number | null} footnote */
export async function sendFeedback(turn, verdict, footnote) {
  const note = turn.note.trim();
  turn.feedback = { ...turn.feedback, verdict, sending: true, problem: null };
  changed();
  try {
    await postJson("feedback", { turn_id: turn.turnId, verdict, footnote, note });
    turn.feedback = { verdict, sent: true };
    announce(t("feedback.thanks"));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    turn.feedback = { ...turn.feedback, sending: false, problem: error };
  }
  changed();
}
