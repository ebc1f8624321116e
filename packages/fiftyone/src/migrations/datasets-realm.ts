import { shellWord } from '../shell-word.js';
import { ATTIC } from './attic/entry.js';
import { gateDataset } from './gate.js';
import { JOURNAL } from './journal.js';
import { pathBetween } from './path.js';
import { recordReader } from './read-record.js';
import type { Realm } from './realm.js';
import { revisions } from './revisions/index.js';

/**
 * The collection of datasets on which somebody is at work: what was begun, and what is to be committed. A document is in it
 * from the first write to the last removal, so whoever finds one knows what a runner that died has left.
 */
export const WORK = 'migrations.work';

/** The datasets of a database. */
export const datasetsRealm: Realm = {
  noun: 'dataset',
  records: 'datasets',
  work: WORK,
  attic: ATTIC,
  journal: JOURNAL,
  revisions,
  pathBetween,
  gate: gateDataset,
  reader: recordReader,
  command: (name, to) => `fiftyone migrate -v ${to} -n ${shellWord(name)}`,
};
