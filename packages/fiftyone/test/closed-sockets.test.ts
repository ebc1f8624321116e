import connections from 'mongodb/lib/cmap/connection.js';
import { expect, test } from 'vitest';
import { isUnreachable } from '../src/errors.js';
import { freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';

const { Connection } = connections;
const { command } = Connection.prototype;

test('a command whose connection is closed just before it is sent fails or is sent again, and does not wait for ever', async () => {
  const database = await freshDatabase();
  const connection = await connectAsAdmin(database);
  try {
    let closed = 0;
    Connection.prototype.command = async function (this: InstanceType<typeof Connection>, ns, ...rest) {
      if (ns.db === database.name && closed++ === 0) this.socket.destroy();
      return await command.call(this, ns, ...rest);
    };
    // a read is sent again by the driver
    expect(await connection.db.collection('datasets').findOne()).toBeNull();
    expect(closed).toBe(2);
    closed = 0;
    await expect(connection.db.command({ ping: 1 })).rejects.toThrow('was closed');
  } finally {
    Connection.prototype.command = command;
    await connection.close();
  }
}, 20_000);

test('a connection that breaks while a command waits for room is an error of the network', async () => {
  const database = await freshDatabase();
  const connection = await connectAsAdmin(database);
  let broken = 0;
  try {
    Connection.prototype.command = async function (this: InstanceType<typeof Connection>, ns, ...rest) {
      const { socket } = this;
      if (ns.db === database.name && broken++ === 0) {
        socket.write = () => {
          const error = Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' });
          setImmediate(() => socket.destroy(error));
          return false;
        };
      }
      return await command.call(this, ns, ...rest);
    };
    expect(await connection.db.collection('datasets').findOne()).toBeNull();
    expect(broken).toBe(2);
    broken = 0;
    const error = await connection.db.command({ ping: 1 }).catch((thrown) => thrown);
    expect([error.name, error.message, isUnreachable(error)]).toEqual(['MongoNetworkError', 'write EPIPE', true]);
  } finally {
    Connection.prototype.command = command;
    await connection.close();
  }
}, 20_000);
