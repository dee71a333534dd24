/** The filters of a question: for the server, as it keeps them, in words. */

import { formatDate, languageName, t } from "./i18n.js";

/** What POST /ask expects of the filters. @param {import("./state.js").Filters} filters */
export function filtersOut({ source, since, until, language, asOf }) {
  const sources = source.split(/[,，]/).map((part) => part.trim()).filter(Boolean);
  return {
    filters: { sources, since: since || null, until: until || null, language: language || null },
    as_of: asOf || null,
  };
}

/** The filters of a stored turn, as the page holds them. @param {any} turn */
export function filtersIn({ filters, as_of }) {
  return {
    source: (filters?.sources ?? []).join(", "),
    since: filters?.since ?? "",
    until: filters?.until ?? "",
    language: filters?.language ?? "",
    asOf: as_of ?? "",
  };
}

/** Filters in words. @param {import("./state.js").Filters} filters @returns {string[]} */
export function filterChips({ source, since, until, language, asOf }) {
  return [
    source && t("chip.source", { source }),
    since && t("chip.since", { date: formatDate(since) }),
    until && t("chip.until", { date: formatDate(until) }),
    language && t("chip.language", { language: languageName(language) }),
    asOf && t("chip.as_of", { date: formatDate(asOf) }),
  ].filter(Boolean);
}
