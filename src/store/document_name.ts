/**
 * Bytes that the name of a document may take as that of a file, in whatever it
 * is kept: small letters of ASCII, digits, `-` and `_` take one each, anything
 * else three for each byte of UTF-8; so 220 such letters, 73 capital ones, or
 * 36 letters such as `é`.
 *
 * A file's name may have 255 bytes, of which `.snapshot` takes 9; while it is
 * written, the number of a process and of the file take up to 26.
 */
export const DOCUMENT_NAME_SIZE_MAX = 220;

/** Characters of a name that is none which the error shows. */
const SHOWN_LENGTH_MAX = 80;

/**
 * Returns the name of a document if it is one.
 *
 * @throws {TypeError} If it is empty, too long, or has a lone surrogate.
 */
export function checkDocumentName(name: unknown): string {
  if (
    typeof name === "string" && name.length > 0 &&
    // Any character takes a byte: what is far too long is not encoded.
    name.length <= DOCUMENT_NAME_SIZE_MAX && name.isWellFormed() &&
    fileNameOf(name).length <= DOCUMENT_NAME_SIZE_MAX
  ) return name;
  throw new TypeError(
    `Cannot use a store as 'name' must be a string without lone surrogates that takes 1 to ${DOCUMENT_NAME_SIZE_MAX} bytes, three for each that is not of a-z, 0-9, "-" and "_": current value is ${
      typeof name === "string"
        ? JSON.stringify(name.slice(0, SHOWN_LENGTH_MAX))
        : String(name)
    }`,
  );
}

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
  if (file.length > DOCUMENT_NAME_SIZE_MAX) return undefined;
  const bytes = file.match(/%[0-9a-f]{2}|[a-z0-9_-]/g) ?? [];
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const name = decoder.decode(Uint8Array.from(
    bytes,
    (byte) =>
      byte.length === 1 ? byte.charCodeAt(0) : parseInt(byte.slice(1), 16),
  ));
  return name !== "" && fileNameOf(name) === file ? name : undefined;
}
