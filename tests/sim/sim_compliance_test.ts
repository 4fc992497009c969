import { transportCompliance } from "../compliance/transport_compliance.ts";
import { simTransportWorld } from "./support/transport_world.ts";

transportCompliance(
  "simulator, one host",
  simTransportWorld({
    seed: 1,
    serverHostname: "10.0.0.1",
    clientHostname: "10.0.0.1",
  }),
);

transportCompliance(
  "simulator, two hosts",
  simTransportWorld({
    seed: 2,
    serverHostname: "10.0.0.1",
    clientHostname: "10.0.0.2",
  }),
);
