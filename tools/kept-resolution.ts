/** Preloaded by `run.mjs` for every program of ours: most of them load the product. */

import { keepResolutions } from "../src/governance/files/kept-resolution.ts";

keepResolutions();
