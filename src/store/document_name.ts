/**
 * A file's name for any document's, on any system: capital letters are written
 * by their number, as some systems do not tell them from small ones.
 */
export function fileNameOf(name: string): string {
  let file = "";
  for (const byte of new TextEncoder().encode(name)) {
    const character = String.fromCharCode(byte);
    file += /[a-z0-9_-]/.test(character)
      ? character
      : `%${byte.toString(16).padStart(2, "0")}`;
  }
  return file;
}

/** The document whose file's name `file` is; `undefined` if it is of none. */
export function documentNameOf(file: string): string | undefined {
  const bytes = file.match(/%[0-9a-f]{2}|[a-z0-9_-]/g) ?? [];
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const name = decoder.decode(Uint8Array.from(
    bytes,
    (byte) =>
      byte.length === 1 ? byte.charCodeAt(0) : parseInt(byte.slice(1), 16),
  ));
  return name !== "" && fileNameOf(name) === file ? name : undefined;
}
