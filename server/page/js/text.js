/** Text by code points, as the archive counts, in strings that count UTF-16 units. */

const ASTRAL = /[\uD800-\uDBFF][\uDC00-\uDFFF]/g;
// Blocks of about this many units; a browser skips the layout of those out of sight.
const BLOCK = 1500;

/**
 * The place in a JavaScript string of an offset in code points; -1 beyond the text's end.
 * @param {string} text @param {number} offset @returns {number}
 */
export function unitOffset(text, offset) {
  let pairs = 0;
  ASTRAL.lastIndex = 0;
  // Each pair before the offset is one code point but two units.
  for (let pair = ASTRAL.exec(text); pair; pair = ASTRAL.exec(text)) {
    if (pair.index - pairs >= offset) break;
    pairs += 1;
  }
  const place = offset + pairs;
  return place > text.length ? -1 : place;
}

/**
 * The document's text as an element of blocks of text nodes, the span in `<mark>`.
 * Its `textContent` is the text, character by character; nothing in it is markup.
 * @param {string} text
 * @param {{start: number, end: number} | null} span in code points
 * @returns {HTMLElement}
 */
export function documentText(text, span) {
  const from = span ? unitOffset(text, span.start) : -1;
  const to = span ? unitOffset(text, span.end) : -1;
  const root = document.createElement("div");
  root.className = "text";
  for (const [start, end] of blocks(text)) {
    const block = document.createElement("div");
    block.className = "block";
    const [first, last] = [Math.max(from, start), Math.min(to, end)];
    if (from >= 0 && to >= 0 && first < last) {
      const mark = document.createElement("mark");
      mark.append(text.slice(first, last));
      block.append(text.slice(start, first), mark, text.slice(last, end));
    } else {
      block.append(text.slice(start, end));
    }
    root.append(block);
  }
  return root;
}

/** Ranges of whole lines that cover the text. @param {string} text */
function* blocks(text) {
  let start = 0;
  while (start < text.length) {
    const line = text.indexOf("\n", start + BLOCK);
    const end = line < 0 ? text.length : line + 1;
    yield [start, end];
    start = end;
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
