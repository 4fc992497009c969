// Opens many connections to a port and says one thing on each, or nothing:
// crowd.ts PORT COUNT GREETING|nothing. Ends when all of them have been ended.
import { connect, type Socket } from "node:net";
import process from "node:process";
import { frame } from "../../wire/support/raw_socket.ts";

const [port = "", count = "", greeting = ""] = process.argv.slice(2);
const total = Number(count);
const AT_A_TIME = 200;

const endings: Record<string, number> = {};
let startedCount = 0;
let openedCount = 0;
let greetedCount = 0;
let endedCount = 0;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The code of the close frame in `bytes`, or what else the end looked like. */
function endingOf(bytes: string): string {
  return /"type":"close","code":"(\w+)"/.exec(bytes)?.[1] ?? "cut";
}

function open(): void {
  startedCount++;
  let received = "";
  let isGreeted = false;
  const socket: Socket = connect({ host: "127.0.0.1", port: Number(port) });
  socket.on("connect", () => {
    if (++openedCount === total) say(`opened ${total}`);
    if (greeting !== "nothing") socket.write(frame(JSON.parse(greeting)));
    if (startedCount < total) open();
  });
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
    if (isGreeted || !received.includes('"hello"')) return;
    isGreeted = true;
    if (++greetedCount === total) say(`greeted ${total}`);
  });
  socket.on("error", (error) => {
    if ((error as { code?: string }).code !== "ECONNRESET") say(String(error));
  });
  socket.on("close", () => {
    const ending = endingOf(received);
    endings[ending] = (endings[ending] ?? 0) + 1;
    if (++endedCount === total) say(`ended ${JSON.stringify(endings)}`);
  });
}

for (let index = 0; index < Math.min(AT_A_TIME, total); index++) open();
