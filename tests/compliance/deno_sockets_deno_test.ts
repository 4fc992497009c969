import { assert } from "@std/assert";
import { denoTransport } from "../../src/platform/deno.ts";
import { denoApi } from "../../src/platform/deno_api.ts";
import { socketWorld } from "./socket_world.ts";
import { transportCompliance } from "./transport_compliance.ts";

const deno = denoApi();
assert(deno !== undefined);

transportCompliance("Deno's sockets", socketWorld(denoTransport(deno)));
