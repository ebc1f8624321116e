import { LEASES } from '../packages/fiftyone/src/database/lease-store.js';
import { type CommandResult, startFiftyone } from '../packages/fiftyone/test/support/command.js';
import {
  type Fate,
  type FaultyProxy,
  type FaultyProxyOptions,
  startFaultyProxy,
} from '../packages/fiftyone/test/support/faulty-proxy.js';
import { type Conditions, type Findings, inRounds } from './experiment.js';
import { recordedScenario, type Scenario, withPatient, words, wrongIn } from './scenario.js';

const CUTS: readonly Fate[] = ['cut before', 'cut inside', 'cut after'];

/** A silent network must not keep the command for longer. */
const LONGEST_SILENCE_MS = 60_000;

/** Ways that are slow, but ways. */
const SLOW: readonly FaultyProxyOptions[] = [
  { latencyMs: 40 },
  { bytesPerSecond: 300_000 },
  { latencyMs: 15, bytesPerSecond: 600_000 },
];

/**
 * Cuts every connection at a command, before it, inside it or before its answer; new connections are accepted. The command
 * ends well or with a clear error, and the next one finishes with the result of an undisturbed run.
 *
 * @param rounds so many commands are tried, spread evenly over the way; Infinity: all
 */
export async function cuts({ server, rounds, abreast, tell }: Conditions): Promise<Findings> {
  const scenarios = [
    await recordedScenario(server.uri, '0.18.0-main', '1.22.1'),
    await recordedScenario(server.uri, '1.22.1-main', '0.17.2'),
  ];
  let [tried, recovered] = [0, 0];
  const wrong: string[] = [];
  for (const scenario of scenarios) {
    const points = await pointsOf(scenario, server.uri, rounds);
    await inRounds(points.length, abreast, async (i) => {
      const at = points[i] as number;
      const cut = CUTS[i % CUTS.length] as Fate;
      const { code, lines } = await disturbed(scenario, server.uri, '', { fate: (n) => (n === at ? cut : 'pass') });
      tried++;
      if (code === 0) recovered++;
      wrong.push(...lines.map((line) => `${scenario.title}, ${cut} command ${at}: ${line}`));
      tell(`${scenario.title}, ${cut} command ${at}: exit code ${code}, ${lines.length} differences`);
    });
  }
  return { points: `${tried} cuts; after ${recovered} of them the command went on by itself`, differences: wrong };
}

/** A network that swallows everything and closes nothing: the command must end by itself, with a clear error. */
export async function blackHoles({ server, rounds, abreast, tell }: Conditions, hurry = ''): Promise<Findings> {
  const scenario = await recordedScenario(server.uri, '0.18.0-main', '1.22.1');
  const points = await pointsOf(scenario, server.uri, rounds);
  const outcomes = await inRounds(points.length, abreast, async (i) => {
    const at = points[i] as number;
    const { first, code, ms, lines } = await disturbed(scenario, server.uri, hurry, {
      fate: (n) => (n === at ? 'black hole' : 'pass'),
    });
    tell(`black hole at command ${at}: ${Math.round(ms)} ms: ${words(first)}`);
    const late = ms > LONGEST_SILENCE_MS ? [`it took ${Math.round(ms)} ms`] : [];
    const silent = code === 0 ? ['exit code 0'] : [];
    return { ms, wrong: [...lines, ...late, ...silent].map((line) => `black hole at command ${at}: ${line}`) };
  });
  const longest = Math.max(...outcomes.map(({ ms }) => ms)) / 1000;
  return {
    points: `${points.length} black holes; the command ended after ${longest.toFixed(0)} s at most`,
    differences: outcomes.flatMap((outcome) => outcome.wrong),
  };
}

/** A slow network changes nothing but the time. */
export async function slowness({ server, rounds, abreast }: Conditions): Promise<Findings> {
  const scenario = await recordedScenario(server.uri, '0.18.0-main', '1.22.1');
  const found = await inRounds(Math.min(rounds, SLOW.length), abreast, async (i) => {
    const { first, ms, lines } = await disturbed(scenario, server.uri, '', SLOW[i] as FaultyProxyOptions);
    const wrong = [...lines, ...(first.code === 0 ? [] : [words(first)])];
    return { ms, wrong: wrong.map((line) => `${JSON.stringify(SLOW[i])}: ${line}`) };
  });
  const times = found.map(({ ms }) => `${(ms / 1000).toFixed(1)} s`);
  return {
    points: `${found.length} slow ways: ${times.join(', ')} instead of ${(scenario.lasts / 1000).toFixed(1)} s`,
    differences: found.flatMap(({ wrong }) => wrong),
  };
}

/** The numbers of so many of the commands that a scenario takes, spread evenly. */
async function pointsOf(scenario: Scenario, uri: string, most: number): Promise<number[]> {
  const commands = await withPatient(uri, scenario.input, async ({ settings }) => {
    const proxy = await openFaulty(uri, '', {});
    await startFiftyone(scenario.args, { ...settings, FIFTYONE_DATABASE_URI: proxy.way }).result.finally(proxy.close);
    return proxy.commands();
  });
  const every = Math.max(1, commands / most);
  return Array.from({ length: Math.floor(commands / every) }, (_, i) => 1 + Math.floor(i * every));
}

/** A way to the server, as a URI. */
export interface Way {
  readonly way: string;
  close(): Promise<void>;
}

/** Runs the command over a bad way, and if it fails once more over a good one. */
export async function runOver(scenario: Scenario, uri: string, open: () => Promise<Way>) {
  return await withPatient(uri, scenario.input, async (patient) => {
    const begun = performance.now();
    const { way, close } = await open();
    const settings = { ...patient.settings, FIFTYONE_DATABASE_URI: way };
    const first = await startFiftyone(scenario.args, settings).result.finally(close);
    const ms = performance.now() - begun;
    const lines = unclear(first);
    if (first.code !== 0) {
      // the lease of a process that could not give it back
      await patient.db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
      const next = await startFiftyone(scenario.args, patient.settings).result;
      if (next.code !== 0) lines.push(`the next run: ${words(next)}`);
    }
    return { first, code: first.code, ms, lines: [...lines, ...(await wrongIn(scenario, patient.db))] };
  });
}

function disturbed(scenario: Scenario, uri: string, options: string, faults: FaultyProxyOptions) {
  return runOver(scenario, uri, () => openFaulty(uri, options, faults));
}

async function openFaulty(uri: string, options: string, faults: FaultyProxyOptions): Promise<Way & FaultyProxy> {
  const proxy = await startFaultyProxy(Number(new URL(uri).port), faults);
  return { ...proxy, way: `mongodb://127.0.0.1:${proxy.port}/?directConnection=true${options}` };
}

/** What is missing in what a command that failed says: an error with what to do next, and no trace of the stack. */
export function unclear(result: CommandResult): string[] {
  if (result.code === 0) return [];
  const isClear = /the same command does what is left|could not connect|run the command again/.test(result.stderr);
  const hasTrace = /\n\s+at \S+ /.test(result.stderr);
  return isClear && !hasTrace && [1, 3].includes(result.code ?? -1) ? [] : [`not clear: ${words(result)}`];
}
