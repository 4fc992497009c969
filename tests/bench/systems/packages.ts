/** The clients that the library is compared with, and their exact versions. */
export const PEER_PACKAGES: Readonly<Record<string, string>> = {
  "@nats-io/transport-node": "3.4.0",
  moleculer: "0.14.36",
};

/**
 * Loads a package that only benchmarks use: from npm on Deno, on Node.js from
 * where the benchmark has installed it.
 */
export async function importPackage<Module>(name: string): Promise<Module> {
  const isDeno = "Deno" in globalThis;
  const specifier = isDeno ? `npm:${name}@${PEER_PACKAGES[name]}` : name;
  return await import(specifier);
}
