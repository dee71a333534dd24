/** Line icons, drawn for this page; always beside words or on a labelled button. */

import { html } from "../../vendor/lit-html/lit-html.js";

const path = (/** @type {string} */ d) => html`<svg class="icon" viewBox="0 0 20 20"
  aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"
  stroke-linejoin="round"><path d=${d} /></svg>`;

export const icons = {
  menu: path("M3 6h14M3 10h14M3 14h14"),
  close: path("M5 5l10 10M15 5L5 15"),
  back: path("M12 4l-6 6 6 6"),
  add: path("M10 4v12M4 10h12"),
  trash: path("M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6"),
  copy: path("M7 7V4h9v9h-3M4 7h9v9H4z"),
  link: path("M8.5 11.5l3-3M9 6.5l1.8-1.8a3 3 0 0 1 4.4 4.4L13.5 11M11 13.500l-1.8 1.800a3 3 0 0 1-4.4-4.400L6.5 9"),
  upload: path("M10 13V4M6.5 7.500L10 4l3.5 3.500M4 13v3h12v-3"),
  documents: path("M5 3h7l3 3v11H5zM12 3v3h3M8 10h4M8 13h4"),
  conflict: path("M3 7h11M11 4l3 3-3 3M17 13H6M9 10l-3 3 3 3"),
  absent: path("M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM6.5 10h7"),
  unsure: path("M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM8 8.200a2 2 0 1 1 2.900 1.800c-.6.3-.9.7-.9 1.300M10 13.700v.1"),
  warning: path("M10 3l7.5 13.500h-15zM10 8v4M10 14.300v.1"),
  good: path("M4 10.500l4 4 8-9"),
  sun: path("M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.300l1.5 1.500M14.2 14.200l1.5 1.500M15.7 4.300l-1.5 1.500M5.8 14.200l-1.5 1.5"),
  moon: path("M16.5 12A7 7 0 0 1 8 3.5 7 7 0 1 0 16.5 12z"),
  send: path("M4 10h12M11 5l5 5-5 5"),
  stop: path("M6 6h8v8H6z"),
  key: path("M7 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM10 9.500L16 3.500M14 5.500l2 2"),
};
