import { jobPage } from "../parts/jobs.tsx";

export const page = jobPage("redrives");
