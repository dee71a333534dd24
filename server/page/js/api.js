/** The server's own API: requests, problems, the key, uploads. */

import { t } from "./i18n.js";
import { serverSentEvents } from "./sse.js";
import { keep, recall } from "./storage.js";
import { asSentence } from "./text.js";

/** The server's base URL, also under a path of a reverse proxy. */
export const BASE = new URL("../../", import.meta.url);
const KEY = "footnote.key";
const POLL_MILLISECONDS = 400;
// Rate limit or overload: an upload is retried.
const BUSY = new Set([429, 503]);
const TRIES = 5;
const LONGEST_SECONDS = 60;

/** What went wrong and what to do about it (RFC 9457). */
export class Problem extends Error {
  /** @param {{title?: string, status?: number, detail?: string, remedy?: string, code?: string,
   *   retry_after?: number, request_id?: string, errors?: {loc: (string | number)[], msg: string}[]}} fields */
  constructor(fields) {
    const wrong = (fields.errors ?? []).map((e) => `${e.loc.slice(1).join(".")}: ${e.msg}`);
    super(asSentence(fields.detail || wrong.join("; ") || fields.title || ""));
    this.fields = fields;
    this.status = fields.status ?? 0;
    this.code = fields.code ?? "";
    this.remedy = asSentence(fields.remedy ?? "");
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

/**
 * Ask for a key and keep it for this tab.
 * @param {boolean} [rejected] whether the one in use was refused
 * @returns {Promise<boolean>} whether one was given
 */
export async function renewKey(rejected = false) {
  prompting ??= promptForKey(rejected).finally(() => {
    prompting = null;
  });
  const key = await prompting;
  if (key) keep("sessionStorage", KEY, key);
  return Boolean(key);
}

/** @returns {Record<string, string>} */
function authorization() {
  const key = recall("sessionStorage", KEY);
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
    const problem = problemOf(response.status, await response.text(), response.headers.get("Retry-After"));
    // Another request may have renewed the key meanwhile; then this one only tries again.
    const renewed = used.Authorization !== authorization().Authorization;
    if (response.status !== 401) throw problem;
    if (!renewed && !(await renewKey(Boolean(used.Authorization)))) throw problem;
  }
}

const unreachable = () => new Problem({ title: t("error.unreachable"), remedy: t("error.unreachable.remedy") });

/** @param {number} status @param {string} body @param {string | null} wait its Retry-After */
function problemOf(status, body, wait) {
  const fallback = { title: t("error.status", { status }), status, retry_after: Number(wait) || 1 };
  // The server's remedy is for programs.
  const remedy = t("key.needed.remedy", { action: t("key.change") });
  const here = status === 401 ? { detail: t("key.needed"), remedy } : {};
  try {
    const fields = JSON.parse(body);
    return new Problem({ ...fallback, ...(typeof fields === "object" ? fields : {}), ...here });
  } catch (error) {
    if (error instanceof SyntaxError) return new Problem({ ...fallback, ...here });
    throw error;
  }
}

/** @param {string} path @returns {Promise<any>} */
export const getJson = async (path) => (await request(path)).json();

/** @param {string} path @param {unknown} json @returns {Promise<any>} */
export const postJson = async (path, json) => (await request(path, { method: "POST", json })).json();

/** Delete what may have been deleted elsewhere meanwhile. @param {string} path */
export async function removeOrGone(path) {
  try {
    await request(path, { method: "DELETE" });
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 404) throw error;
  }
}

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
    // The connection was lost: reading the stream then fails with a TypeError.
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
  let job = await patiently(() => accepted(file, replace, progress));
  while (job.state === "queued" || job.state === "running") {
    await after(POLL_MILLISECONDS);
    job = await patiently(() => getJson(`jobs/${encodeURIComponent(job.id)}`));
  }
  return job;
}

const after = (/** @type {number} */ milliseconds) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Try again when the server says so, as late as it says. @template T @param {() => Promise<T>} call */
async function patiently(call) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Problem) || !BUSY.has(error.status) || tries === TRIES) throw error;
      await after(1000 * Math.min(error.fields.retry_after ?? 1, LONGEST_SECONDS));
    }
  }
}

/** @param {File} file @param {boolean} replace @param {(fraction: number) => void} progress */
async function accepted(file, replace, progress) {
  for (;;) {
    const used = authorization();
    const { status, body, wait } = await send(file, replace, progress);
    if (status >= 200 && status < 300) return JSON.parse(body);
    const problem = problemOf(status, body, wait);
    if (status !== 401 || !(await renewKey(Boolean(used.Authorization)))) throw problem;
  }
}

/**
 * fetch reports no upload progress; XMLHttpRequest does.
 * @param {File} file @param {boolean} replace @param {(fraction: number) => void} progress
 * @returns {Promise<{status: number, body: string, wait: string | null}>}
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
    call.onload = () => {
      const wait = call.getResponseHeader("Retry-After");
      resolve({ status: call.status, body: call.responseText, wait });
    };
    call.onerror = () => reject(unreachable());
    call.send(form);
  });
}
