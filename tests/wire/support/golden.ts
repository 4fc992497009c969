import { assertEquals } from "@std/assert";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { MemoryConnection } from "./memory_network.ts";

/** One frame of a golden file. */
export interface GoldenFrame {
  /** Who sent it, and which one it is. */
  readonly what: string;
  /** The frame's bytes, with its header. */
  readonly hex: string;
  /** The JSON value in it, for people. */
  readonly json: unknown;
}

const FOLDER = new URL("../../fixtures/wire/", import.meta.url);

/** The frames of a golden file. */
export function readGolden(name: string): GoldenFrame[] {
  const file = fileURLToPath(new URL(`${name}.json`, FOLDER));
  return JSON.parse(readFileSync(file, "utf8"));
}

/**
 * Checks `frames` against a file of `tests/fixtures/wire/`; writes the file
 * instead if the environment variable `UPDATE_GOLDEN` is set.
 */
export function assertGolden(
  name: string,
  frames: readonly GoldenFrame[],
): void {
  if ((process.env.UPDATE_GOLDEN ?? "") !== "") {
    mkdirSync(FOLDER, { recursive: true });
    const file = fileURLToPath(new URL(`${name}.json`, FOLDER));
    writeFileSync(file, `${JSON.stringify(frames, null, 2)}\n`);
  }
  assertEquals(frames, readGolden(name));
}

/** Bytes of hexadecimal digits. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(
    hex.match(/../g) ?? [],
    (pair) => Number.parseInt(pair, 16),
  );
}

/** Two hexadecimal digits a byte. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/**
 * A frame of `text`, made with nothing of ours: its golden file would otherwise
 * be right by definition.
 */
export function goldenFrame(what: string, text: string): GoldenFrame {
  const body = new TextEncoder().encode(text);
  const bytes = new Uint8Array(4 + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length);
  bytes.set(body, 4);
  return { what, hex: toHex(bytes), json: JSON.parse(text) };
}

/** Talks to what is under test, and writes down both sides, to the byte. */
export class GoldenSession {
  readonly frames: GoldenFrame[];
  readonly #connection: MemoryConnection;
  readonly #name: string;
  #kept = "";

  /**
   * @param name Who the test plays.
   * @param frames Where all sessions of a conversation write to.
   */
  constructor(
    connection: MemoryConnection,
    name: string,
    frames: GoldenFrame[],
  ) {
    this.#connection = connection;
    this.#name = name;
    this.frames = frames;
    connection.start({
      data: (bytes) => this.#receive(bytes),
      drain: () => {},
      end: () => connection.end(),
      close: () => {},
    });
  }

  send(value: unknown): void {
    const frame = goldenFrame(`${this.#name} sends`, JSON.stringify(value));
    this.frames.push(frame);
    this.#connection.write(fromHex(frame.hex));
  }

  end(): void {
    this.#connection.end();
  }

  #receive(bytes: Uint8Array): void {
    this.#kept += toHex(bytes);
    for (;;) {
      const digits = 8 + 2 * Number.parseInt(this.#kept.slice(0, 8), 16);
      if (!(this.#kept.length >= digits)) return;
      const hex = this.#kept.slice(0, digits);
      this.#kept = this.#kept.slice(digits);
      const text = new TextDecoder().decode(fromHex(hex.slice(8)));
      const json: unknown = JSON.parse(text);
      this.frames.push({ what: `${this.#name} receives`, hex, json });
    }
  }
}
