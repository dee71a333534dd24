/** Text by code points, as the archive counts, in strings that count UTF-16 units. */

const ASTRAL = /[\uD800-\uDBFF][\uDC00-\uDFFF]/g;
// Blocks of about this many units; a browser skips the layout of those out of sight.
const BLOCK = 1500;

/**
 * Leads offsets in code points to places in a JavaScript string; -1 beyond the text's end.
 * @param {string} text @returns {(offset: number) => number}
 */
export function placesIn(text) {
  const pairs = [...text.matchAll(ASTRAL)].map(({ index }, before) => index - before);
  return (offset) => {
    // Each pair before the offset is one code point but two units.
    let [low, high] = [0, pairs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[middle] < offset) low = middle + 1;
      else high = middle;
    }
    return offset + low > text.length ? -1 : offset + low;
  };
}

/**
 * @typedef {{start: number, end: number, kind: string, level: number,
 *   cells: [number, number][], hidden: [number, number][]}} Block
 */

/**
 * A document as elements of text nodes, block by block, the span in `<mark>`: headings,
 * items and tables by their looks, what a reader does not see left out. Nothing in the text
 * is markup.
 * @param {{text: string, blocks: Block[], span: {start: number, end: number} | null}} found
 *   offsets in code points
 * @returns {HTMLElement}
 */
export function documentText({ text, blocks, span }) {
  const place = placesIn(text);
  const marked = span ? [place(span.start), place(span.end)] : [-1, -1];
  const root = document.createElement("div");
  root.className = "text";
  /** @type {HTMLTableSectionElement | null} the table that the next row belongs to */
  let rows = null;
  for (const block of blocks.length ? blocks : linesOf(text)) {
    if (block.kind === "hidden") continue;
    if (!block.cells.length) {
      rows = null;
      root.append(blockElement(block, [block.start, block.end]));
      continue;
    }
    if (!rows || block.kind === "header") {
      const table = root.appendChild(document.createElement("table"));
      table.className = "block";
      rows = table.createTBody();
    }
    const row = rows.insertRow();
    for (const cell of block.cells) {
      const element = row.appendChild(document.createElement(block.kind === "header" ? "th" : "td"));
      element.append(...pieces(cell, block.hidden));
    }
  }
  return root;

  function blockElement(/** @type {Block} */ block, /** @type {[number, number]} */ range) {
    const element = document.createElement("div");
    element.className = `block kind-${block.kind}`;
    if (block.kind === "heading") {
      element.role = "heading";
      element.ariaLevel = String(Math.min(6, block.level + 2));
    }
    if (block.level) element.style.setProperty("--level", String(block.level));
    // A bullet that is hidden is drawn, a number is text.
    if (block.kind === "item" && block.hidden[0]?.[0] === block.start) element.classList.add("bullet");
    element.append(...pieces(range, block.hidden));
    return element;
  }

  /** What is seen of a range, the marked part marked. */
  function* pieces(/** @type {[number, number]} */ [start, end], /** @type {[number, number][]} */ hidden) {
    let from = start;
    for (const [first, last] of [...hidden, [end, end]]) {
      if (last <= from || first > end) continue;
      yield* markedPieces(place(from), place(Math.min(Math.max(first, from), end)));
      if (/^<br/i.test(text.slice(place(first), place(last)))) yield "\n";
      from = last;
    }
    if (from < end) yield* markedPieces(place(from), place(end));
  }

  function* markedPieces(/** @type {number} */ start, /** @type {number} */ end) {
    const [first, last] = [Math.max(marked[0], start), Math.min(marked[1], end)];
    if (marked[0] < 0 || marked[1] < 0 || first >= last) {
      yield text.slice(start, end);
      return;
    }
    const mark = document.createElement("mark");
    mark.append(text.slice(first, last));
    yield text.slice(start, first);
    yield mark;
    yield text.slice(last, end);
  }
}

/** A text of unknown structure as blocks of whole lines. @returns {Generator<Block>} */
function* linesOf(/** @type {string} */ text) {
  let [from, start] = [0, 0];
  while (from < text.length) {
    const line = text.indexOf("\n", from + BLOCK);
    const to = line < 0 ? text.length : line + 1;
    // Ranges of blocks are in code points.
    const end = start + (to - from) - (text.slice(from, to).match(ASTRAL) ?? []).length;
    yield { start, end, kind: "paragraph", level: 0, cells: [], hidden: [] };
    [from, start] = [to, end];
  }
}

/**
 * A language tag for text of unknown language: Chinese and Japanese need other letter
 * shapes and another voice; "" says "unknown", so that the page's language is not assumed.
 * @param {string} text
 */
export function languageOf(text) {
  if (/[\u3040-\u30FF]/.test(text)) return "ja";
  return /[\u4E00-\u9FFF]/.test(text) ? "zh" : "";
}

/** The address of a source that is a web page, else null. @param {string} source */
export function webAddress(source) {
  if (!/^https?:\/\//i.test(source)) return null;
  return URL.canParse(source) ? new URL(source).href : null;
}

/** The end of a path: what tells files apart. @param {string} source */
export function shortSource(source) {
  if (webAddress(source)) return new URL(source).host + new URL(source).pathname;
  return source.split(/[\\/]/).filter(Boolean).pop() ?? source;
}

/** A part of an address decoded; null where it cannot be. @param {string} part */
export function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

// The page says this in its own language already.
const HEADING = /^(The archive does not say\.|档案中没有说明。)\s*/;

/** Why the archive does not say, in the question's language. @param {{explanation: string}} outcome */
export const explanationOf = (outcome) => outcome.explanation.replace(HEADING, "");

/**
 * The text in two: what follows the second part on its line never stands alone on the next.
 * @param {string} text @returns {[string, string]} the second: its last two letters as one sees them
 */
export function lastLetters(text) {
  const letters = [...new Intl.Segmenter().segment(text.slice(-60))].map(({ segment }) => segment);
  const tail = letters.slice(-2).join("");
  return [text.slice(0, text.length - tail.length), tail];
}

/** The text with a full stop, unless it is empty or has one. @param {string} text */
export const asSentence = (text) => (!text || /[.!?。！？]$/.test(text) ? text : `${text}.`);
