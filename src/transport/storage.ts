/** Files, as far as a store needs them. Paths are as the system has them. */
export interface Files {
  /** What the file holds; `undefined` if there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** How many bytes the file holds; 0 if there is none. */
  size(path: string): Promise<number>;
  /**
   * Makes the file hold `bytes` and nothing else.
   *
   * Whenever the process or the machine dies, the file holds all that it held
   * before, or all of `bytes`. When the promise resolves, the disk has them.
   * Until then there is another file beside it, whose name is up to 26 bytes
   * longer.
   */
  replace(path: string, bytes: Uint8Array): Promise<void>;
  /**
   * Writes `bytes` at `offset` and cuts off whatever was behind; makes the file
   * if there is none. When the promise resolves, the disk has them; a process
   * that dies before may leave any part of them.
   *
   * @throws {DistflowError} `STORE_FAILED` if the file ends before `offset`.
   */
  writeEnd(path: string, offset: number, bytes: Uint8Array): Promise<void>;
  /** Removes the file; does nothing if there is none. */
  remove(path: string): Promise<void>;
  /**
   * Removes files of the folder that a `replace` began and, as its process
   * died, never ended.
   *
   * What a process that may still run is writing stays, and so does all of
   * which that cannot be told: on Deno, without the permission to run others.
   *
   * @param isOwn Whether a file of this name was to be replaced by the caller.
   */
  removeLeftovers(
    folder: string,
    isOwn: (name: string) => boolean,
  ): Promise<void>;
  /** The names of the files in a folder, in any order. */
  list(folder: string): Promise<string[]>;
  /** Makes a folder, and those above it; does nothing if it is there. */
  makeFolder(path: string): Promise<void>;
}

/** What a column of a {@linkcode Database} may hold, as far as it is used. */
export type Cell = string | number | Uint8Array | null;

/** An open database that speaks SQL. */
export interface Database {
  /** Runs one statement. */
  run(sql: string, ...parameters: Cell[]): void;
  /** Runs one statement, and returns what it finds. */
  all(sql: string, ...parameters: Cell[]): { readonly [name: string]: Cell }[];
  /** Closes it. */
  close(): void;
}

/** What keeps bytes when the process has ended. */
export interface Storage {
  /** Files. */
  readonly files: Files;
  /**
   * Opens a SQLite database, and makes it if there is none.
   *
   * @param path A file's, or `:memory:`.
   * @throws {DistflowError} `STORE_UNAVAILABLE` where the runtime has none.
   */
  openDatabase(path: string): Database;
}
