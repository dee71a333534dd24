/** Asking questions, and the conversations that the server stores. */

import { askStream, getJson, postJson, Problem, removeOrGone } from "./api.js";
import { filtersIn, filtersOut } from "./filters.js";
import { t, tn } from "./i18n.js";
import { announce, changed, noFilters, state } from "./state.js";

const CONVERSATIONS = 100;
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
    sure: true,
    citations: [],
    outcome: null,
    problem: null,
    turnId: null,
    feedback: null,
    note: "",
  };
}

/** @param {string} question @param {import("./state.js").Filters} [filters] */
export async function ask(question, filters = state.filters) {
  const turn = newTurn(question, filters);
  const controller = new AbortController();
  if (!state.conversationId) markStep();
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
    const opening = data.sure || turn.claims.length ? "" : `${t("uncertain.title")} `;
    turn.sure = data.sure;
    turn.claims = [...turn.claims, data.claim];
    announce(`${opening}${data.claim.shown}`);
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
  turn.sure = outcome.sure ?? true;
  turn.citations = outcome.citations ?? [];
  if (outcome.outcome === "answered") announce(tn("answer.complete", turn.citations.length));
  // Ignore a turn of a conversation that has been left meanwhile.
  if (outcome.conversation_id && state.turns.includes(turn)) {
    state.conversationId = outcome.conversation_id;
    showConversationInAddress();
  }
}

function fail(turn, refused) {
  const gone = refused.code === "conversation_unknown";
  const problem = gone ? goneProblem() : refused;
  if (gone && state.turns.includes(turn)) state.conversationId = null;
  turn.status = "failed";
  turn.problem = problem;
  announce(`${problem.message} ${problem.remedy}`);
  const box = /** @type {HTMLTextAreaElement | null} */ (document.querySelector("#question"));
  if (box && !box.value) box.value = turn.question;
}

/** Deleted in another window, or another key's: the server's remedy is for programs. */
const goneProblem = () =>
  new Problem({ title: t("conversation.gone"), remedy: t("conversation.gone.remedy") });

/** Ask a question that failed or was stopped again. @param {import("./state.js").Turn} turn */
export function askAgain(turn) {
  state.turns = state.turns.filter((other) => other !== turn);
  const box = /** @type {HTMLTextAreaElement | null} */ (document.querySelector("#question"));
  if (box?.value === turn.question) box.value = "";
  return ask(turn.question, turn.filters);
}

export const stop = () => state.asking?.abort();

/**
 * Until the server has named the conversation its address is that of an empty page: the
 * step in the browser's history is marked, so that coming back to it finds the conversation.
 */
function markStep() {
  state.draft ??= `${performance.timeOrigin}-${turnCount}`;
  history.replaceState({ ...history.state, draft: state.draft }, "");
}

/** Whether the current history entry started the open conversation. */
export const onMarkedStep = () => Boolean(state.draft) && history.state?.draft === state.draft;

/** Keep the conversation over a reload, without another step in the browser's history. */
export function showConversationInAddress() {
  const hash = state.conversationId ? `#/c/${encodeURIComponent(state.conversationId)}` : "#/";
  if (state.view === "ask" && location.hash !== hash) history.replaceState(history.state, "", hash);
}

export function beginConversation() {
  stop();
  const empty = { conversationId: null, draft: null, opening: false, turns: [], problem: null };
  Object.assign(state, empty, { filters: noFilters() });
  changed();
}

/** @param {string} id */
export async function openConversation(id) {
  stop();
  Object.assign(state, { conversationId: id, draft: null, opening: true, turns: [], problem: null });
  changed();
  try {
    const stored = await getJson(`conversations/${encodeURIComponent(id)}`);
    if (state.conversationId !== id) return;
    const restored = stored.turns.map(restoredTurn);
    // Questions asked while it was loading stay below it, without duplicates.
    const known = new Set(restored.map((turn) => turn.turnId));
    state.turns = [...restored, ...state.turns.filter((turn) => !known.has(turn.turnId))];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (state.conversationId !== id) return;
    const problem = error.code === "conversation_unknown" ? goneProblem() : error;
    Object.assign(state, { problem, conversationId: null });
  }
  state.opening = false;
  await changed();
  document.querySelector(".turn:last-child")?.scrollIntoView({ block: "start" });
}

/** @param {any} turn as the server keeps it @returns {import("./state.js").Turn} */
function restoredTurn(turn) {
  const { claims = [], sure = true, citations = [] } = turn.outcome;
  const said = { outcome: turn.outcome, claims, sure, citations };
  const stored = { status: "done", ...said, turnId: turn.id };
  return Object.assign(newTurn(turn.question, filtersIn(turn)), stored);
}

export async function loadConversations() {
  const found = new Map();
  try {
    let total = 0;
    for (let page = 0; page < state.conversations.pages; page += 1) {
      const next = await getJson(`conversations?limit=${CONVERSATIONS}&offset=${page * CONVERSATIONS}`);
      for (const item of next.conversations) found.set(item.id, item);
      total = next.total;
    }
    Object.assign(state.conversations, { items: [...found.values()], total, problem: null });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    Object.assign(state.conversations, { problem: error });
  }
  changed();
}

export function loadOlderConversations() {
  state.conversations.pages += 1;
  return loadConversations();
}

/** @param {string} id @returns {Promise<boolean>} whether it was the open one */
export async function deleteConversation(id) {
  await removeOrGone(`conversations/${encodeURIComponent(id)}`);
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
