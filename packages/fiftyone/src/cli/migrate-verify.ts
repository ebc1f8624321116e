import type { Connection } from '../database/connection.js';
import { ExitCode } from '../errors.js';
import { verify } from '../migrations/verify/verify.js';
import { toJson } from './report-json.js';
import { verifyText } from './verify-text.js';

/** `fiftyone migrate --verify`. An admin may look at any database, others only at one that this client can work with. */
export async function showVerify(connection: Connection, names: readonly string[] | undefined, json: boolean): Promise<number> {
  const report = await verify(connection, names);
  process.stdout.write(`${json ? toJson(report) : verifyText(report)}\n`);
  const isWell = report.findings.length === 0 && report.datasets.every(({ findings }) => findings.length === 0);
  return isWell ? ExitCode.done : ExitCode.failed;
}
