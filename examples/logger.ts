/**
 * A small tour of the logger. It ends by itself:
 *
 *     deno run -A examples/logger.ts
 *
 * The records go to standard error, one of the transports prints to standard
 * output.
 */
import process from "node:process";
import {
  configureLogger,
  createTransport,
  DistflowError,
  formatRecordAsText,
  getLogger,
} from "@distflow/core";

// Whoever starts the program decides what is let through, and in what form.
// Without this call, warnings and errors are written as text without colours.
configureLogger({
  name: "shop",
  level: { "*": "info", "shop.stock": "debug" },
  colors: process.stderr.isTTY && !process.env["NO_COLOR"],
});

// A logger without a name has that of the program.
const logger = getLogger();
logger.info("Opened", { articles: 3, since: new Date(0) });
logger.debug("Nobody sees this: only shop.stock lets it through");

// What a child logger was given is in each of its records.
const stock = getLogger("shop.stock").child({ article: "tea" });
if (stock.isEnabled("debug")) {
  const shelves = new Map([["front", 2], ["back", 40]]);
  stock.debug("Counted", { shelves });
}
stock.warn("Almost sold out", { left: 2 });

// An error keeps its code, its stack and what caused it.
try {
  try {
    throw new TypeError("The scale shows no number");
  } catch (error) {
    throw new DistflowError("TIMEOUT", "Cannot weigh the tea", {
      cause: error,
      details: { scale: "left" },
    });
  }
} catch (error) {
  logger.error("Cannot serve a customer", { customer: 17 }, error);
}

// What comes from outside cannot forge a line or reach the terminal.
logger.warn("A customer said", {
  text: "thanks\n2038-01-19 ERROR \x1b[2Jfire",
});

// The same records as one JSON object per line, for programs. Whatever is
// logged can be written: cycles, big numbers and getters that throw.
configureLogger({ level: "info", prettyPrint: false });
const odd: Record<string, unknown> = { grains: 10n ** 20n, no: undefined };
odd["self"] = odd;
getLogger("shop.till").info("Closed", odd);

// Records may go anywhere. A transport that fails is reported once and hurts
// neither the program nor the other transports.
const hub = configureLogger({
  level: "info",
  transports: [
    createTransport(() => {
      throw new Error("The printer is on fire");
    }),
    createTransport((record) => console.log(formatRecordAsText(record))),
  ],
});
logger.info("Cleaned");
logger.info("Gone home", { undelivered: hub.undeliveredCount });
