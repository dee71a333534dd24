/** Files that were dropped on the page, also in folders. */

/**
 * @param {DataTransfer} transfer of the drop; after its event the browser forgets what it held
 * @returns {Promise<File[]>} the files, those of folders too, but none that are hidden there
 */
export async function droppedFiles(transfer) {
  const files = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  if (!entries.some((entry) => entry?.isDirectory)) return files;
  const found = [];
  for (const entry of entries) if (entry) found.push(...(await filesOf(entry)));
  return found;
}

/** @param {FileSystemEntry} entry @returns {Promise<File[]>} */
async function filesOf(entry) {
  if (entry.isFile) {
    const { file } = /** @type {FileSystemFileEntry} */ (entry);
    return [await new Promise((resolve, reject) => file.call(entry, resolve, reject))];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const found = [];
  for (;;) {
    /** @type {FileSystemEntry[]} a part of the folder; none when all were given */
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!part.length) return found;
    for (const inside of part) if (!inside.name.startsWith(".")) found.push(...(await filesOf(inside)));
  }
}
