import { expect, test } from 'vitest';
import { checkSpace, lacking, type SpaceForecast, spaceLines } from './room.js';

const MB = 1_000_000;

function forecast(growth: number, free: number | undefined, backup: number, room: number): SpaceForecast {
  const database = { role: 'cas' as const, growth, oplog: 5 * MB, oplogSize: 990 * MB, free, seconds: 3, warnings: [] };
  return { databases: [database], backup: { folder: '/backups', needed: backup, documents: 10, free: room } };
}

test('what fits is told, and passes', () => {
  const space = forecast(40 * MB, 100 * MB, 10 * MB, 20 * MB);
  expect(spaceLines(space)).toEqual([
    'The database of CAS takes up to 40 MB more (100 MB left), 5 MB of oplog (it holds 990 MB)',
    'The backup takes about 10 MB in /backups (20 MB left)',
  ]);
  expect(() => checkSpace(space)).not.toThrow();
});

test('a disk of the server and one of backups that are too full are both named', () => {
  const space = forecast(140 * MB, 100 * MB, 30 * MB, 20 * MB);
  expect(lacking(space)).toEqual([
    'the database of CAS may grow by 140 MB, and its disk has 100 MB left',
    'the backup needs about 30 MB in /backups, where 20 MB are left',
  ]);
  expect(() => checkSpace(space)).toThrow('nothing was touched');
});

test('a server that does not tell how full its disk is is in nobody’s way', () => {
  expect(lacking(forecast(140 * MB, undefined, 10 * MB, 20 * MB))).toEqual([]);
});
