/** Fails when a document is too long, untested, or names what is not there. */

import { faultsOf } from "./document-rules.ts";
import { readProject } from "./documents.ts";

const { files, documents } = await readProject();
const faults = faultsOf(documents, files);
for (const fault of faults) console.error(`✗ ${fault}`);
if (faults.length > 0) process.exitCode = 1;
else console.log(`✓ ${documents.length} documents`);
