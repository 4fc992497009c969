// The kinds of worlds, and where the tests are that run them.
import { followed } from "./follower.ts";
import { SchemaWorld } from "./schema/world.ts";
import { CrowdWorld } from "./state/crowd.ts";
import { StateWorld } from "./state/world.ts";
import { type Part, World } from "./world.ts";

/** A kind of world. */
export interface WorldKind<Kind extends World = World> {
  /** The test that runs one of a given seed. */
  readonly file: string;
  /** Makes the world of a seed, of whose history only a part may happen. */
  make(seed: number, part?: Part): Kind;
}

export const PLAIN: WorldKind = {
  file: "tests/crdt/convergence_test.ts",
  make: (seed, part) => new World(seed, part),
};

export const STATE: WorldKind = {
  file: "tests/crdt/state/convergence_test.ts",
  make: (seed, part) => new StateWorld(seed, part),
};

export const CROWD: WorldKind = {
  file: "tests/crdt/state/crowd_test.ts",
  make: (seed, part) => new CrowdWorld(seed, part),
};

export const SCHEMA: WorldKind<SchemaWorld> = {
  file: "tests/crdt/schema/convergence_test.ts",
  make: (seed, part) => new SchemaWorld(seed, part),
};

const EVENTS_FILE = "tests/crdt/events_test.ts";

/** As the others, and a copy is kept of each document by its events alone. */
export const FOLLOWED: WorldKind = {
  file: EVENTS_FILE,
  make: (seed, part) => followed(new World(seed, part)),
};

export const FOLLOWED_STATE: WorldKind = {
  file: EVENTS_FILE,
  make: (seed, part) => followed(new StateWorld(seed, part)),
};

export const FOLLOWED_SCHEMA: WorldKind = {
  file: EVENTS_FILE,
  make: (seed, part) => followed(new SchemaWorld(seed, part)),
};
