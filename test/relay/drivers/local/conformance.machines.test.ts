import { driverConformance } from "../conformance.ts";
import { localUnderTest } from "./machines.ts";

driverConformance("local", localUnderTest, 2);
