import { driverConformance } from "../conformance.ts";
import { incusUnderTest } from "./machines.ts";

driverConformance("incus", () => incusUnderTest(), 2);
