// Opens many connections to a port and says hello on each, or nothing:
// crowd.ts PORT COUNT [HELLO]. A NUMBER in the hello is another one each time.
// Ends when all of them have been ended.
import { connect } from "node:net";
import process from "node:process";
import { frame, textFrame } from "../../wire/support/raw_socket.ts";

const [port = "", count = "", hello] = process.argv.slice(2);
const total = Number(count);
/** Fewer than a PMD or a node lets wait for their turn to say hello. */
const AT_A_TIME = 200;

const endings: Record<string, number> = {};
let startedCount = 0;
let readyCount = 0;
let endedCount = 0;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The code of the close frame in `text`, or what else the end looked like. */
function endingOf(text: string): string {
  return /"type":"close","code":"(\w+)"/.exec(text)?.[1] ?? "cut";
}

function onReady(): void {
  if (++readyCount === total) say(`all are there: ${total}`);
  if (startedCount < total) open();
}

function open(): void {
  const number = startedCount++;
  let received = "";
  let isReady = false;
  const socket = connect({ host: "127.0.0.1", port: Number(port) });
  socket.on("connect", () => {
    if (hello === undefined) onReady();
    else socket.write(textFrame(hello.replaceAll("NUMBER", String(number))));
  });
  socket.on("data", (bytes) => {
    const text = bytes.toString("latin1");
    received += text;
    if (text.includes('"ping"')) socket.write(frame({ type: "pong" }));
    if (isReady || !received.includes('"hello"')) return;
    isReady = true;
    onReady();
  });
  // A reset is told by the end of the connection, as all other ends are.
  socket.on("error", ({ message }) => received ||= message);
  socket.on("close", () => {
    const ending = endingOf(received);
    endings[ending] = (endings[ending] ?? 0) + 1;
    if (hello !== undefined && !isReady) {
      say(`connection ${number} ended before its time: ${received}`);
      process.exit(1);
    }
    if (++endedCount === total) say(`ended ${JSON.stringify(endings)}`);
  });
}

for (let index = 0; index < Math.min(AT_A_TIME, total); index++) open();
