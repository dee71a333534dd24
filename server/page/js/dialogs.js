/** Questions that must be answered first: the API key, and "really delete?". */

import { html, nothing, render } from "../vendor/lit-html/lit-html.js";
import { t } from "./i18n.js";

/**
 * Show a modal dialog. Escape and Cancel answer null.
 * @param {(finish: (answer: string | null) => void) => unknown} content
 * @returns {Promise<string | null>}
 */
function modal(content) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "dialog-title");
  return new Promise((resolve) => {
    let answer = /** @type {string | null} */ (null);
    render(
      content((given) => {
        answer = given;
        dialog.close();
      }),
      dialog,
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/**
 * @param {{title: string, text: string, action: string}} question
 * @returns {Promise<boolean>}
 */
export async function confirmed({ title, text, action }) {
  const answer = await modal(
    (finish) => html`
      <h2 id="dialog-title">${title}</h2>
      <p>${text}</p>
      <p class="actions">
        <button type="button" autofocus @click=${() => finish(null)}>${t("dialog.cancel")}</button>
        <button type="button" class="danger" @click=${() => finish("yes")}>${action}</button>
      </p>
    `,
  );
  return answer === "yes";
}

/** @param {boolean} rejected whether the key in use was refused */
export function promptForKey(rejected) {
  return modal((finish) => {
    const submit = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const form = /** @type {HTMLFormElement} */ (event.currentTarget);
      const key = String(new FormData(form).get("key") ?? "").trim();
      // Other characters are not allowed in a header.
      if (/^[\x21-\x7e]+$/.test(key)) finish(key);
    };
    return html`
      <form @submit=${submit}>
        <h2 id="dialog-title">${t("key.title")}</h2>
        ${rejected ? html`<p class="problem" role="alert">${t("key.rejected")}</p>` : nothing}
        <p>${t("key.text")}</p>
        <label for="key">${t("key.label")}</label>
        <input id="key" name="key" type="password" autocomplete="off" required autofocus
          pattern="\\s*[!-~]+\\s*">
        <p class="actions">
          <button type="button" @click=${() => finish(null)}>${t("dialog.cancel")}</button>
          <button type="submit" class="primary">${t("key.use")}</button>
        </p>
      </form>
    `;
  });
}
