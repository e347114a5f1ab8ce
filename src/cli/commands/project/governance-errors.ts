import { InputError, ToolError } from "../../../governance/errors.ts";
import { CliError, UsageError } from "../../errors.ts";

/** An error of the charter's tools as the command line tells it; any other as it is. */
export function toCliError(error: unknown): unknown {
  if (error instanceof InputError) return new UsageError(error.message, { cause: error });
  if (error instanceof ToolError) return new CliError(error.message, { cause: error });
  return error;
}
