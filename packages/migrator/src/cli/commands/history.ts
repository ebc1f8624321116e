import { UsageError } from 'fiftyone';
import { ExitCode } from 'fiftyone/cli-start';
import { datasetLines, runLine, toJson } from 'fiftyone/cli-support';
import { type Connection, type RunEntry, readRun, readRuns } from 'fiftyone/engine';
import { withDeployment } from '../open-deployment.js';

/** The journals of a database: that of its datasets, and that of the services that are migrated like one. */
const JOURNALS = ['migrations.journal', 'migrations.journal.services'];

/** `fiftyone-migrator history [RUN]`. @returns the exit code */
export async function history(id: string | undefined, { json }: { readonly json?: boolean }): Promise<number> {
  return await withDeployment({}, async ({ databases }) => {
    const places = Object.values(databases).flatMap((connection) => JOURNALS.map((journal) => ({ connection, journal })));
    const text = id === undefined ? await allRuns(places, json === true) : await oneRun(places, id, json === true);
    process.stdout.write(`${text}\n`);
    return ExitCode.done;
  });
}

interface Place {
  readonly connection: Connection;
  readonly journal: string;
}

async function allRuns(places: readonly Place[], json: boolean): Promise<string> {
  const runs: RunEntry[] = [];
  for (const { connection, journal } of places) runs.push(...(await readRuns(connection.db, journal)));
  runs.sort((a, b) => b.started.getTime() - a.started.getTime());
  if (json) return toJson(runs);
  return runs.length === 0 ? 'Nothing was migrated here by this tool' : runs.map(runLine).join('\n');
}

async function oneRun(places: readonly Place[], id: string, json: boolean): Promise<string> {
  const found = (await Promise.all(places.map(({ connection, journal }) => readRun(connection.db, id, journal)))).filter(
    (run) => run !== undefined,
  );
  const [run] = found;
  if (run === undefined || found.length > 1)
    throw new UsageError(`there is no run '${id}', or more than one`, { hint: 'fiftyone-migrator history lists them' });
  return json ? toJson(run) : [runLine(run.run), '', ...run.datasets.flatMap(datasetLines)].join('\n');
}
