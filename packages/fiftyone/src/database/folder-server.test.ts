import { expect, test } from 'vitest';
import { fromLsof } from './folder-server.js';

test('files and listening ports are read from what lsof prints', () => {
  const output = `p17
fcwd
n/home/user
f9
n/data/mongod.lock
f12
n127.0.0.1:34673
TST=LISTEN
TQR=0
f13
n127.0.0.1:34673->127.0.0.1:50000
TST=ESTABLISHED
`;
  const { files, ports } = fromLsof(output);
  expect(files).toContain('/data/mongod.lock');
  expect(ports).toEqual([34673]);
});
