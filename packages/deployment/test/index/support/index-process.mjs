// An index that a test can kill. Arguments: the URI, the database, the folder, the token.
import { createAdaptorServer } from '@hono/node-server';
import { localStore } from 'fiftyone/media';
import { MongoClient } from 'mongodb';
import { pino } from 'pino';
import { openPackageIndex, readIndexSettings, tokenStore } from '../../../dist/index/package-index.js';

const [uri, name, folder, token] = process.argv.slice(2);
const db = (await MongoClient.connect(uri)).db(name);
const tokens = await tokenStore(db);
if ((await tokens.check(token)) === 'unknown') {
  await tokens.create({ kind: 'user', label: 'a test', rights: ['read', 'upload'], token });
}
const index = await openPackageIndex({
  ...{ db, tokens, files: { store: localStore(folder), prefix: '' }, audit: async () => {}, log: pino({ level: 'silent' }) },
  settings: readIndexSettings({ FIFTYONE_INDEX_UPSTREAM: 'none', FIFTYONE_INDEX_NPM_UPSTREAM: 'none' }),
});
const server = createAdaptorServer({ fetch: index.app.fetch });
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
