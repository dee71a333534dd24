/** The archive's documents: listing, uploading, removing. */

import { getJson, Problem, removeOrGone, upload } from "./api.js";
import { t } from "./i18n.js";
import { announce, changed, state } from "./state.js";

export const PAGE = 50;
let latest = 0;

/** @param {{offset?: number, query?: string}} [change] */
export async function loadDocuments(change = {}) {
  const { offset, query } = Object.assign(state.documents, change);
  state.documents.loading = true;
  changed();
  latest += 1;
  const mine = latest;
  const search = new URLSearchParams({ limit: String(PAGE), offset: String(offset) });
  if (query.trim()) search.set("q", query.trim());
  try {
    const page = await getJson(`documents?${search}`);
    // An older, slower answer must not replace a newer one.
    if (mine !== latest) return;
    const last = Math.max(0, Math.ceil(page.total / PAGE) - 1) * PAGE;
    // The last document of the last page has gone.
    if (offset > last) return await loadDocuments({ offset: last });
    Object.assign(state.documents, { items: page.documents, total: page.total, problem: null });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (mine === latest) state.documents.problem = error;
  }
  state.documents.loading = false;
  changed();
}

export async function loadAbout() {
  try {
    state.about = await getJson("about");
    state.locked = false;
  } catch (error) {
    // The page works without this; the next request reports the problem.
    if (!(error instanceof Problem)) throw error;
    state.locked = error.status === 401;
  }
  changed();
}

/** @param {string} id */
export async function deleteDocument(id) {
  await removeOrGone(`documents/${encodeURIComponent(id)}`);
  await Promise.all([loadDocuments(), loadAbout()]);
}

/** One file after the other: each has its own progress and its own result. */
export async function uploadFiles(/** @type {Iterable<File>} */ files) {
  const added = [...files].map((file) => ({
    file, name: file.name, state: "waiting", fraction: 0, result: null, problem: null,
  }));
  state.uploads = [...added, ...state.uploads];
  changed();
  for (const item of added) await uploadOne(item, false);
  await Promise.all([loadDocuments({ offset: 0 }), loadAbout()]);
}

/** @param {any} item */
export async function replaceDocument(item) {
  await uploadOne(item, true);
  await Promise.all([loadDocuments(), loadAbout()]);
}

async function uploadOne(item, replace) {
  Object.assign(item, { state: "sending", fraction: 0, problem: null });
  changed();
  const progress = (/** @type {number} */ fraction) => {
    Object.assign(item, { fraction, state: fraction < 1 ? "sending" : "reading" });
    changed();
  };
  const most = state.about?.max_upload_bytes ?? Infinity;
  try {
    if (item.file.size > most) throw tooLarge(most);
    const job = await upload(item.file, { replace, progress });
    const result = job.files[0] ?? { outcome: "failed", reason: job.message };
    Object.assign(item, { state: result.outcome === "failed" ? "failed" : "done", result });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const taken = error.status === 409 && error.code === "name_taken";
    Object.assign(item, { state: taken ? "taken" : "failed", problem: error });
  }
  announce(`${item.name}: ${uploadStatus(item)}`);
  changed();
}

/** Checked here: a proxy would abort such an upload without an explanation. */
const tooLarge = (/** @type {number} */ most) =>
  new Problem({ title: t("upload.too_large", { megabytes: Math.floor(most / 1_000_000) }) });

const OUTCOMES = {
  added: "upload.added",
  updated: "upload.updated",
  unchanged: "upload.unchanged",
  duplicate: "upload.duplicate",
  failed: "upload.failed",
};

/** Where an upload stands, in words. @param {any} item */
export function uploadStatus(item) {
  if (item.state === "waiting") return t("upload.waiting");
  if (item.state === "sending") return t("upload.sending", { percent: Math.round(item.fraction * 100) });
  if (item.state === "reading") return t("upload.reading");
  if (item.state === "taken") return t("upload.taken");
  if (item.problem) return `${item.problem.message} ${item.problem.remedy}`.trim();
  const said = t(OUTCOMES[/** @type {keyof typeof OUTCOMES} */ (item.result.outcome)] ?? "upload.failed");
  return item.result.reason ? `${said}: ${item.result.reason}` : said;
}
