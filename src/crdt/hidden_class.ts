/** One of each, for ever. */
const samples: object[] = [];

/**
 * Keeps `sample` alive, and with it what was compiled for objects of its class.
 *
 * V8 forgets the layout of a class when a full garbage collection finds no
 * object of it, and then throws away all code that relies on it. Objects that
 * live no longer than a call are mostly in that case: documents ran at half
 * their speed after each such collection, until all was compiled once more.
 *
 * @param sample Its fields hold what they usually do: a number with a fraction,
 * or beyond 31 bits, where those of others are such.
 */
export function keepHiddenClass(sample: object): void {
  samples.push(sample);
}
