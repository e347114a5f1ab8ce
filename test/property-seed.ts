import fc from "fast-check";
import { drawnSeed } from "./drawn-seed.ts";

/* New cases are drawn also by the long forms (`npm run fuzz`, `npm run chaos`). */
const seed = drawnSeed();
if (seed !== null) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
