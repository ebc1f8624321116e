import { UsageError } from 'fiftyone';
import { ExitCode } from 'fiftyone/cli-start';
import { datasetLines, runLine, toJson } from 'fiftyone/cli-support';
import { type Connection, readRun, readRuns } from 'fiftyone/engine';
import { type DeploymentEntry, journalPlace, readDeploymentRuns } from '../../deployment-journal.js';
import { type ChoiceFlags, choiceOf } from '../choice-flags.js';
import { withDeployment } from '../open-deployment.js';

/** The journals of a database: that of its datasets, and that of the services that are migrated like one. */
const JOURNALS = ['migrations.journal', 'migrations.journal.services'];

/** `fiftyone-migrator history [RUN]`. @returns the exit code */
export async function history(id: string | undefined, flags: ChoiceFlags & { readonly json?: boolean }): Promise<number> {
  return await withDeployment(choiceOf(flags), async ({ databases }) => {
    const places = Object.values(databases).flatMap((connection) => JOURNALS.map((journal) => ({ connection, journal })));
    const place = journalPlace(databases);
    const deployments = place === undefined ? [] : await readDeploymentRuns(place);
    const found = id === undefined ? await allRuns(places, deployments) : await oneRun(places, deployments, id);
    process.stdout.write(`${flags.json ? toJson(found.json) : found.lines.join('\n')}\n`);
    return ExitCode.done;
  });
}

interface Place {
  readonly connection: Connection;
  readonly journal: string;
}

interface Found {
  readonly json: unknown;
  readonly lines: readonly string[];
}

async function allRuns(places: readonly Place[], deployments: readonly DeploymentEntry[]): Promise<Found> {
  const runs = (await Promise.all(places.map(({ connection, journal }) => readRuns(connection.db, journal)))).flat();
  const all = [
    ...deployments.map((entry) => ({ started: entry.started, line: deploymentLine(entry) })),
    ...runs.map((entry) => ({ started: entry.started, line: runLine(entry) })),
  ].sort((a, b) => b.started.getTime() - a.started.getTime());
  const lines = all.length === 0 ? ['Nothing was migrated here by this tool'] : all.map(({ line }) => line);
  return { json: { deployments, runs: runs.sort((a, b) => b.started.getTime() - a.started.getTime()) }, lines };
}

async function oneRun(places: readonly Place[], deployments: readonly DeploymentEntry[], id: string): Promise<Found> {
  const ofServices = deployments.filter(({ _id }) => _id.startsWith(id));
  const read = await Promise.all(places.map(({ connection, journal }) => readRun(connection.db, id, journal)));
  const runs = read.filter((run) => run !== undefined);
  if (ofServices.length + runs.length !== 1)
    throw new UsageError(`there is no run '${id}', or more than one`, { hint: 'fiftyone-migrator history lists them' });
  const [run] = runs;
  const [deployment] = ofServices;
  if (deployment) return { json: deployment, lines: [deploymentLine(deployment), '', ...deploymentLines(deployment)] };
  return { json: run, lines: run ? [runLine(run.run), '', ...run.datasets.flatMap(datasetLines)] : [] };
}

function deploymentLine({ _id, holder, started, ended, target, services, result }: DeploymentEntry): string {
  const took = ended === null ? 'did not end, or still runs' : `${((ended.getTime() - started.getTime()) / 1000).toFixed(1)} s`;
  const names = services.map(({ service }) => service).join(', ');
  const end = result === null ? '' : `${result}, `;
  return `${_id.slice(0, 8)}  ${started.toISOString()}  ${holder.user}@${holder.host} to release ${target}: ${names} (${end}${took})`;
}

function deploymentLines({ services, backups }: DeploymentEntry): string[] {
  return [
    ...services.flatMap(({ service, from, to, result, reasons }) => [
      `${service}: ${result}${to === '' ? '' : `, ${from ?? 'new'} -> ${to}`}`,
      ...reasons.map((reason) => `  ${reason}`),
    ]),
    ...backups.map((path) => `backup: ${path}`),
  ];
}
