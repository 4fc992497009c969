// A PMD on the port that is given.
import process from "node:process";
import { PmdServer } from "../../../mod.ts";

const server = await PmdServer.start({ port: Number(process.argv[2]) });
console.log(`PMD ready on ${server.address.port}`);
await server.ended;
