import { nodeTransport } from "../../src/platform/node.ts";
import { socketWorld } from "./socket_world.ts";
import { transportCompliance } from "./transport_compliance.ts";

transportCompliance("node:net", socketWorld(nodeTransport));
