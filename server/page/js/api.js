/** The server's own API: requests, problems, the key, uploads. */

import { t } from "./i18n.js";
import { serverSentEvents } from "./sse.js";

/** Where the server lives, also under a path of a reverse proxy. */
export const BASE = new URL("../../", import.meta.url);
const KEY = "footnote.key";
const POLL_MILLISECONDS = 400;

/** What went wrong and what to do about it (RFC 9457). */
export class Problem extends Error {
  /** @param {{title?: string, status?: number, detail?: string, remedy?: string, code?: string,
   *   request_id?: string, errors?: {loc: (string | number)[], msg: string}[]}} fields */
  constructor(fields) {
    const wrong = (fields.errors ?? []).map((e) => `${e.loc.slice(1).join(".")}: ${e.msg}`);
    super(fields.detail || wrong.join("; ") || fields.title || "");
    this.fields = fields;
    this.status = fields.status ?? 0;
    this.code = fields.code ?? "";
    this.remedy = fields.remedy ?? "";
  }
}

/** @type {(rejected: boolean) => Promise<string | null>} */
let promptForKey = async () => null;
/** @type {Promise<string | null> | null} one question for all requests that wait */
let prompting = null;

/** @param {(rejected: boolean) => Promise<string | null>} prompt asks the reader for a key */
export function onKeyNeeded(prompt) {
  promptForKey = prompt;
}

/** Ask for a key and keep it for this tab. @returns {Promise<boolean>} whether one was given */
export async function renewKey() {
  prompting ??= promptForKey(Boolean(sessionStorage.getItem(KEY))).finally(() => {
    prompting = null;
  });
  const key = await prompting;
  if (key) sessionStorage.setItem(KEY, key);
  return Boolean(key);
}

/** @returns {Record<string, string>} */
function authorization() {
  const key = sessionStorage.getItem(KEY);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** An address on this server. @param {string} path with or without the leading slash */
export function address(path) {
  return new URL(path.replace(/^\//, ""), BASE).href;
}

/**
 * @param {string} path
 * @param {{method?: string, json?: unknown, accept?: string, signal?: AbortSignal}} [options]
 * @returns {Promise<Response>} a good response
 * @throws {Problem} for any other, and when the server cannot be reached
 */
async function request(path, { method = "GET", json, accept = "application/json", signal } = {}) {
  for (;;) {
    const used = authorization();
    const headers = { ...used, Accept: accept };
    const init = { method, headers, signal, cache: /** @type {const} */ ("no-store") };
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    if (json !== undefined) Object.assign(headers, { "Content-Type": "application/json" });
    const response = await fetch(address(path), { ...init, ...body }).catch((error) => {
      if (signal?.aborted) throw error;
      throw unreachable();
    });
    if (response.ok) return response;
    const problem = problemOf(response.status, await response.text());
    // Another request may have renewed the key meanwhile; then this one only tries again.
    const renewed = used.Authorization !== authorization().Authorization;
    if (response.status !== 401 || !(renewed || (await renewKey()))) throw problem;
  }
}

const unreachable = () => new Problem({ title: t("error.unreachable"), remedy: t("error.unreachable.remedy") });

/** @param {number} status @param {string} body */
function problemOf(status, body) {
  const fallback = { title: t("error.status", { status }), status };
  try {
    const fields = JSON.parse(body);
    return new Problem(typeof fields === "object" && fields ? { ...fallback, ...fields } : fallback);
  } catch (error) {
    if (error instanceof SyntaxError) return new Problem(fallback);
    throw error;
  }
}

/** @param {string} path @returns {Promise<any>} */
export const getJson = async (path) => (await request(path)).json();

/** @param {string} path @param {unknown} json @returns {Promise<any>} */
export const postJson = async (path, json) => (await request(path, { method: "POST", json })).json();

/** @param {string} path @returns {Promise<unknown>} */
export const remove = (path) => request(path, { method: "DELETE" });

/**
 * The events of an answer as they come.
 * @param {object} body of POST /ask @param {AbortSignal} signal
 */
export async function* askStream(body, signal) {
  const accept = "text/event-stream";
  const json = { ...body, stream: true };
  const response = await request("ask", { method: "POST", json, accept, signal });
  if (!response.body) return;
  try {
    yield* serverSentEvents(response.body);
  } catch (error) {
    // The connection broke; a mistake of ours is no TypeError of the stream's reader.
    if (!signal.aborted && error instanceof TypeError) throw unreachable();
    throw error;
  }
}

/**
 * Upload one file and wait for its job.
 * @param {File} file
 * @param {{replace: boolean, progress: (fraction: number) => void}} options
 * @returns {Promise<any>} the finished job
 */
export async function upload(file, { replace, progress }) {
  for (;;) {
    const { status, body } = await send(file, replace, progress);
    if (status === 401 && (await renewKey())) continue;
    if (status < 200 || status > 299) throw problemOf(status, body);
    let job = JSON.parse(body);
    while (job.state === "queued" || job.state === "running") {
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
      job = await getJson(`jobs/${encodeURIComponent(job.id)}`);
    }
    return job;
  }
}

/**
 * fetch tells nothing of how far an upload is; XMLHttpRequest does.
 * @param {File} file @param {boolean} replace @param {(fraction: number) => void} progress
 * @returns {Promise<{status: number, body: string}>}
 */
function send(file, replace, progress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("replace", String(replace));
    form.append("file", file, file.name);
    const call = new XMLHttpRequest();
    call.open("POST", address("documents"));
    for (const [name, value] of Object.entries(authorization())) call.setRequestHeader(name, value);
    call.setRequestHeader("Accept", "application/json");
    call.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0);
    call.onload = () => resolve({ status: call.status, body: call.responseText });
    call.onerror = () => reject(unreachable());
    call.send(form);
  });
}
