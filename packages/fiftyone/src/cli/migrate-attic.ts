import { once } from 'node:events';
import { Doc, toEjson, type Value } from '../bson/index.js';
import type { Connection } from '../database/connection.js';
import { AdminRequiredError, ExitCode, UsageError } from '../errors.js';
import { clearAttic, keptDocuments, listAttic, readEntry } from '../migrations/attic/attic.js';
import type { EntryHead } from '../migrations/attic/entry.js';
import type { DatasetRecord } from '../migrations/revision.js';
import { agrees } from './ask.js';
import type { MigrateFlags } from './migrate-flags.js';

/** `fiftyone migrate --attic [list|export|clear]`: what downgrades have taken out and keep. */
export async function showAttic(connection: Connection, action: string | true, flags: MigrateFlags): Promise<number> {
  const entries = await listAttic(connection.db, flags.datasetName);
  if (action === 'export') await exportEntries(connection, entries);
  else if (action === 'clear') return await clear(connection, entries, flags.yes === true);
  else process.stdout.write(flags.json ? `${JSON.stringify(entries.map(listed), undefined, 2)}\n` : listText(entries));
  return ExitCode.done;
}

function listed({ dataset, name, from, to, at, run, what, restored, left }: EntryHead): object {
  const times = { at: new Date(at), ...(restored === undefined ? {} : { restored: new Date(restored), left }) };
  return { dataset: String(dataset), name, from, to, run, ...times, what };
}

function listText(entries: readonly EntryHead[]): string {
  if (entries.length === 0) return 'The attic is empty\n';
  return `${entries.flatMap(entryLines).join('\n')}\n`;
}

function entryLines({ name, from, to, at, run, what, restored, left }: EntryHead): string[] {
  const kept = `${name}: kept on the way down from ${from} to ${to}, ${new Date(at).toISOString()}, run ${run.slice(0, 8)}`;
  const back = restored === undefined ? [] : [`  put back ${new Date(restored).toISOString()}, except ${left.join(', ')}`];
  return [kept, ...back, ...what.map((item) => `  ${item}`)];
}

/** A line of Extended JSON per entry, followed by one per document of samples and frames. */
async function exportEntries({ db }: Connection, heads: readonly EntryHead[]): Promise<void> {
  for (const head of heads) {
    const entry = await readEntry(db, head);
    if (!entry) continue;
    const facts = Object.entries(listed(head)).map(([key, value]) => [key, plain(value)] as [string, Value]);
    const records: [string, Value][] = [
      ['files', [...entry.files]],
      ['before', recordDoc(entry.before)],
      ['after', recordDoc(entry.after)],
    ];
    await print(new Doc([['kind', 'entry'], ...facts, ...records]));
    for await (const doc of keptDocuments(db, head))
      await print(new Doc([['kind', 'document'], ['dataset', String(head.dataset)], ...doc]));
  }
}

function plain(value: unknown): Value {
  return Array.isArray(value) ? value.map(plain) : value instanceof Date ? value.toISOString() : String(value);
}

function recordDoc({ dataset, runs, views }: DatasetRecord): Doc {
  return Doc.of(['dataset', dataset as Doc], ['runs', runs as Doc[]], ['views', views as Doc[]]);
}

async function print(doc: Doc): Promise<void> {
  if (!process.stdout.write(`${toEjson(doc)}\n`)) await once(process.stdout, 'drain');
}

async function clear({ db, settings }: Connection, entries: readonly EntryHead[], yes: boolean): Promise<number> {
  process.stdout.write(listText(entries));
  if (entries.length === 0) return ExitCode.done;
  if (!settings.databaseAdmin)
    throw new AdminRequiredError('only an admin may clear the attic', { hint: 'export FIFTYONE_DATABASE_ADMIN=true' });
  if (!yes && !(await mayClear())) return ExitCode.done;
  const busy = await clearAttic(db, entries);
  const count = entries.length - busy.length;
  process.stdout.write(`Cleared ${count} ${count === 1 ? 'entry' : 'entries'}\n`);
  if (busy.length === 0) return ExitCode.done;
  const names = busy.map(({ name }) => name).join(', ');
  process.stderr.write(`left as they are, because their migration is not finished: ${names}\n`);
  return ExitCode.locked;
}

async function mayClear(): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError('nobody can be asked here', { hint: 'to clear it all the same, add --yes' });
  return await agrees('Clear this for ever?');
}
