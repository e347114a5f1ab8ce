import { bundleWorkers, type WorkerBundles } from "../../workers/local/workerd/bundle.ts";

let made: Promise<WorkerBundles> | undefined;

/** The product's own workers, bundled once for all files that run in this process. */
export function productBundles(): Promise<WorkerBundles> {
  made ??= bundleWorkers();
  return made;
}
