/** The engines that ours is compared with, and their exact versions. */
export const ENGINE_PACKAGES: Readonly<Record<string, string>> = {
  "@automerge/automerge": "3.5.0",
  "diamond-types-node": "1.0.2",
  "json-joy": "17.67.0",
  "loro-crdt": "1.17.1",
  yjs: "13.6.33",
};

/**
 * Loads an engine, or a module of it: from npm on Deno, on Node.js from where
 * the benchmark has installed it.
 */
export async function importEngine<Module>(
  name: string,
  file = "",
): Promise<Module> {
  const isDeno = "Deno" in globalThis;
  const at = isDeno ? `npm:${name}@${ENGINE_PACKAGES[name]}` : name;
  return await import(file === "" ? at : `${at}/${file}`);
}
