/** Starts the page: routes, keys, dropped files, drawing. */

import { render } from "../vendor/lit-html/lit-html.js";
import { BASE, onKeyNeeded } from "./api.js";
import { beginConversation, loadConversations, onMarkedStep, openConversation, showConversationInAddress } from "./conversation.js";
import { promptForKey } from "./dialogs.js";
import { loadAbout, loadDocuments, uploadFiles } from "./documents.js";
import { droppedFiles } from "./dropped.js";
import { currentLanguage, t } from "./i18n.js";
import { hidePreview, watchPreview } from "./preview.js";
import { changed, onChange, state } from "./state.js";
import { decoded } from "./text.js";
import { questionBox } from "./views/ask.js";
import { closeDrawer, shellView } from "./views/shell.js";
import { closeViewer, forgetViewer, placeOf, show } from "./viewer.js";

const app = /** @type {HTMLElement} */ (document.querySelector("#app"));

function draw() {
  document.documentElement.lang = currentLanguage() === "zh" ? "zh-CN" : "en";
  document.title = pageTitle();
  render(shellView({ rekeyed, begin }), app);
}

function pageTitle() {
  if (state.view === "document") return `${state.viewer?.document?.title ?? t("viewer.label")} — Footnote`;
  if (state.view === "documents") return `${t("documents.title")} — Footnote`;
  return state.turns.length ? `${state.turns[0].question} — Footnote` : "Footnote";
}

/** Show the view of the URL; one that is already shown is not reloaded. */
function route() {
  state.drawer = false;
  const conversation = /^#\/c\/([^/]+)$/.exec(location.hash)?.[1];
  const before = state.view;
  if (location.hash === "#/documents") {
    state.view = "documents";
    if (before !== "documents") loadDocuments();
  } else {
    state.view = "ask";
    const id = conversation ? decoded(conversation) : null;
    if (id && id !== state.conversationId) openConversation(id);
    else if (!id && onMarkedStep()) showConversationInAddress();
    else if (!id && (state.conversationId || state.problem)) beginConversation();
  }
  changed();
}

/** Start a new conversation. */
async function begin() {
  if (state.viewer) state.viewer = null;
  if (location.hash !== "#/") history.pushState(null, "", "#/");
  beginConversation();
  route();
  await changed();
  questionBox()?.focus();
}

/** Back closes what was opened beside; forward opens it again. */
function stepped(/** @type {PopStateEvent} */ event) {
  const place = event.state?.viewer;
  if (place) show(place);
  else if (state.viewer) forgetViewer();
}

function shortcuts(/** @type {KeyboardEvent} */ event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const typing = target.matches("input, textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const box = questionBox() ?? document.querySelector("#find");
    if (!box) return;
    event.preventDefault();
    /** @type {HTMLElement} */ (box).focus();
  } else if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    // One step at a time: the card, the drawer, then the document.
    if (hidePreview()) return;
    if (state.drawer) closeDrawer();
    else if (state.viewer && state.view !== "document") closeViewer();
  }
}

const hasFiles = (/** @type {DragEvent} */ event) => Boolean(event.dataTransfer?.types.includes("Files"));
const mayUpload = () => state.about?.writable && state.view !== "document";

function dragged(/** @type {DragEvent} */ event) {
  if (!hasFiles(event)) return;
  // Else the browser would leave the page to show a file that was dropped.
  event.preventDefault();
  if (!mayUpload()) {
    if (event.dataTransfer) event.dataTransfer.dropEffect = "none";
    return;
  }
  const dragging = event.type === "dragover";
  // Moving onto a child element also fires dragleave.
  if (event.type === "dragleave" && event.relatedTarget) return;
  if (dragging === state.dragging) return;
  state.dragging = dragging;
  changed();
}

async function dropped(/** @type {DragEvent} */ event) {
  if (!hasFiles(event)) return;
  event.preventDefault();
  if (!mayUpload() || !event.dataTransfer) return;
  state.dragging = false;
  const files = droppedFiles(event.dataTransfer);
  location.hash = "#/documents";
  uploadFiles(await files);
}

/** Another key has other rights and conversations. */
function rekeyed() {
  if (state.conversationId) openConversation(state.conversationId);
  return start();
}

/** Reload everything from the server. */
async function start() {
  await loadAbout();
  if (state.view === "document" || state.locked) return;
  await loadConversations();
  if (state.view === "documents") await loadDocuments();
}

/** The rest of the URL below the server's base URL. */
const path = location.pathname.slice(BASE.pathname.length);

onChange(draw);
onKeyNeeded(async (rejected) => {
  const key = await promptForKey(rejected);
  // Reload what failed without a key; the key is stored before this runs.
  if (key && state.locked) setTimeout(start);
  return key;
});
watchPreview();
document.addEventListener("keydown", shortcuts);
for (const type of ["dragover", "dragleave"]) document.addEventListener(type, dragged);
document.addEventListener("drop", dropped);
if (path.startsWith("documents/")) {
  state.view = "document";
  show(placeOf(location.href));
} else {
  addEventListener("hashchange", route);
  addEventListener("popstate", stepped);
  route();
  if (history.state?.viewer) show(history.state.viewer);
  else changed().then(() => questionBox()?.focus());
}
start();
