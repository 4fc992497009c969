import { assertEquals, assertThrows } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { JsonCrdt } from "../../src/crdt/mod.ts";
import { exchange, makeReplicas } from "./replicas.ts";

type Edit = (doc: JsonCrdt) => void;

/** What two replicas show that begin with a text and edit it at once. */
function showBoth(text: string, first: Edit, second: Edit): unknown {
  const replicas = makeReplicas(["ann", "bob"], {
    initial: { text, list: [text] },
  });
  first(replicas[0]?.doc as JsonCrdt);
  second(replicas[1]?.doc as JsonCrdt);
  return (exchange(replicas) as { text: unknown }).text;
}

Deno.test("what two write into a text is kept, each in one piece", () => {
  const shown = showBoth(
    "ac",
    (doc) => {
      for (const unit of "123") doc.insertText(["text"], 1, unit);
    },
    (doc) => {
      doc.insertText(["text"], 1, "x");
      doc.insertText(["text"], 2, "y");
      doc.deleteText(["text"], 0, 1);
    },
  );
  assertEquals(shown, "321xyc");
});

Deno.test("who sets a text anew replaces what others write into the old", () => {
  const shown = showBoth(
    "old",
    (doc) => doc.insertText(["text"], 3, "er"),
    (doc) => doc.set(["text"], "new"),
  );
  assertEquals(shown, "new");
});

Deno.test("texts in lists are edited by both, also those of no unit", () => {
  for (const text of ["", "a", "ab", "𝄞"]) {
    const replicas = makeReplicas(["ann", "bob"], {
      initial: { list: [0, text, 1] },
    });
    for (const { doc } of replicas) {
      doc.insertText(["list", 1], text.length, doc.replicaId);
    }
    assertEquals(exchange(replicas), { list: [0, `${text}annbob`, 1] });
  }
});

Deno.test("surrogate pairs are never split", () => {
  const replicas = makeReplicas(["ann", "bob"], { initial: { text: "a𝄞b" } });
  const [ann, bob] = replicas.map(({ doc }) => doc) as [JsonCrdt, JsonCrdt];
  const before = [ann.inspect(), ann.clock()];
  const acts: [() => void, string][] = [
    [() => ann.insertText(["text"], 2, "x"), "INVALID_PATH"],
    [() => ann.deleteText(["text"], 1, 1), "INVALID_PATH"],
    [() => ann.deleteText(["text"], 2, 1), "INVALID_PATH"],
    [() => ann.insertText(["text"], 0, "\ud800"), "INVALID_VALUE"],
  ];
  for (const [act, code] of acts) {
    assertEquals(assertThrows(act, DistflowError).code, code);
  }
  assertEquals([ann.inspect(), ann.clock()], before);
  ann.insertText(["text"], 1, "😀");
  bob.deleteText(["text"], 1, 2);
  assertEquals(exchange(replicas), { text: "a😀b" });
});

Deno.test("a text among concurrent values is edited on its own", () => {
  const replicas = makeReplicas(["ann", "bob", "eve"]);
  const [ann, bob, eve] = replicas.map(({ doc }) => doc) as [
    JsonCrdt,
    JsonCrdt,
    JsonCrdt,
  ];
  ann.setStrategy("text", { value: "multi-value" });
  exchange(replicas);
  ann.set(["text"], "ann");
  for (const message of replicas[0]?.sent ?? []) bob.receiveMessage(message);
  bob.insertText(["text"], 3, "'s");
  eve.set(["text"], "eve");
  exchange(replicas);
  assertEquals(ann.getAll(["text"]), ["ann's", "eve"]);
  bob.insertText(["text"], 3, "!");
  exchange(replicas);
  assertEquals(ann.getAll(["text"]), ["ann's", "eve!"]);
  ann.set(["text"], "both");
  exchange(replicas);
  assertEquals(eve.getAll(["text"]), ["both"]);
});

Deno.test("what is told of a text is true, one change after the other", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new SeededRandom(seed);
    const replicas = makeReplicas(["ann", "bob"], {
      initial: { list: ["some text"] },
    });
    for (const { doc } of replicas) {
      let mirror = "some text";
      doc.on("change", ({ changes }) => {
        for (const change of changes) {
          const { path, kind } = change;
          assertEquals(path, ["list", 0]);
          if (kind === "text-insert") {
            const { index, text } = change;
            mirror = mirror.slice(0, index) + text + mirror.slice(index);
          } else if (kind === "text-remove") {
            const { index, count } = change;
            mirror = mirror.slice(0, index) + mirror.slice(index + count);
          } else throw new Error(kind);
        }
        assertEquals(mirror, doc.get(["list", 0]), `Seed ${seed}`);
      });
    }
    for (let step = 0; step < 40; step++) {
      const { doc } = random.pick(replicas);
      const length = doc.length(["list", 0]);
      const index = random.below(length + 1);
      if (random.chance(10)) exchange(replicas);
      else if (index === length || random.chance(60)) {
        doc.insertText(["list", 0], index, random.pick(["a", "bcd"]));
      } else {
        const count = 1 + random.below(length - index);
        doc.deleteText(["list", 0], index, count);
      }
    }
    exchange(replicas);
  }
});
