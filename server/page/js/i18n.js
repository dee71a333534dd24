/** Interface texts in the reader's language; the archive's own words are never translated. */

import en from "./i18n/en.js";
import zh from "./i18n/zh.js";
import { keep, recall } from "./storage.js";

/** @type {Record<string, Record<string, string>>} */
const TEXTS = { en, zh };
const CHOICE = "footnote.language";

let language = initial();

function initial() {
  const chosen = recall("localStorage", CHOICE);
  if (chosen && chosen in TEXTS) return chosen;
  const wanted = navigator.languages.map((tag) => tag.split("-")[0]);
  return wanted.find((tag) => tag in TEXTS) ?? "en";
}

/** @returns {string} "en" or "zh" */
export const currentLanguage = () => language;

/** @param {string} chosen */
export function chooseLanguage(chosen) {
  language = chosen;
  keep("localStorage", CHOICE, chosen);
}

/**
 * A text by its key, `{name}` replaced.
 * @param {string} key @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  return TEXTS[language][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** A text with a number in it: `key.one` or `key.other`. @param {string} key @param {number} n */
export function tn(key, n) {
  const form = new Intl.PluralRules(language).select(n) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { n: new Intl.NumberFormat(language).format(n) });
}

/**
 * A date at the precision it has: "2019", "April 2019", "24 April 2019".
 * @param {string} iso "YYYY[-MM[-DD]]", more is left out
 */
export function formatDate(iso) {
  const parts = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?/.exec(iso);
  if (!parts) return iso;
  const [, year, month, day] = parts;
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { timeZone: "UTC", year: "numeric" };
  if (month) options.month = "long";
  if (day) options.day = "numeric";
  const date = new Date(`${year}-${month ?? "01"}-${day ?? "01"}T00:00:00Z`);
  if (Number.isNaN(date.getTime())) return iso;
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : "zh-CN", options).format(date);
}

/** The name of a language in the page's own. @param {string} tag */
export function languageName(tag) {
  if (tag === "und") return t("language.unknown");
  try {
    return new Intl.DisplayNames([language], { type: "language" }).of(tag) ?? tag;
  } catch (error) {
    if (error instanceof RangeError) return tag;
    throw error;
  }
}
