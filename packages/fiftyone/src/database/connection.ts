import { randomUUID } from 'node:crypto';
import type { Db, MongoClient, MongoClientOptions } from 'mongodb';
import { ConnectionError, FiftyOneError } from '../errors.js';
import { redactUri, type Settings } from '../settings.js';
import { sdkVersion } from '../version.js';

/** The oldest server that FiftyOne supports, as the number of its wire protocol: MongoDB 6.0. */
const OLDEST_WIRE_VERSION = 17;

/** The server's code for a command that the user may not run. */
const NOT_AUTHORIZED = 13;

/**
 * How long the driver waits, in milliseconds, unless the URI says otherwise. A network that swallows everything shows in the
 * heartbeat, which ends all that waits for an answer; a command itself may take as long as it takes.
 */
const TIMES = { serverSelectionTimeoutMS: 10_000, connectTimeoutMS: 10_000, heartbeatFrequencyMS: 5_000 };

/** An open database. Whoever opened it closes it. */
export interface Connection {
  readonly client: MongoClient;
  readonly db: Db;
  readonly settings: Settings;
  /** Where the database is, for messages: never with a password. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Opens the configured database, or the embedded one when no URI is configured. Reads and writes nothing.
 *
 * @throws ConnectionError when the server cannot be reached, refuses the login, or is too old
 */
export async function openConnection(settings: Settings, progress?: (message: string) => void): Promise<Connection> {
  const embedded = settings.databaseUri === undefined ? await openEmbeddedDatabase(settings, progress) : undefined;
  const uri = embedded?.uri ?? (settings.databaseUri as string);
  const address = `${redactUri(uri)} (database '${settings.databaseName}')`;
  const { MongoClient } = await import('mongodb');
  await import('./closed-sockets.js');
  const options: MongoClientOptions = {
    // the name by which the clients of FiftyOne know each other: a Python client that leaves keeps what others may still use
    appName: 'fiftyone',
    driverInfo: { name: 'fiftyone', version: sdkVersion, platform: randomUUID() },
    ...(settings.databaseCompressor ? { compressors: [settings.databaseCompressor as 'zlib'] } : {}),
    ...unlessIn(uri, TIMES),
  };
  let client: MongoClient | undefined;
  const close = async (): Promise<void> => {
    await client?.close();
    await embedded?.close();
  };
  try {
    client = new MongoClient(uri, options);
    await client.connect();
    const db = client.db(settings.databaseName);
    const hello = await db.command({ hello: 1 });
    if (settings.databaseValidation && hello.maxWireVersion < OLDEST_WIRE_VERSION) {
      throw new ConnectionError(`the MongoDB server at ${address} is older than 6.0`, {
        hint: 'upgrade the server, or set FIFTYONE_DATABASE_VALIDATION=false to go on at your own risk',
      });
    }
    return { client, db, settings, address, close };
  } catch (error) {
    await close().catch(() => {});
    throw error instanceof ConnectionError ? error : connectionError(error as Error, address);
  }
}

function unlessIn(uri: string, options: MongoClientOptions): MongoClientOptions {
  const given = uri.toLowerCase();
  return Object.fromEntries(Object.entries(options).filter(([name]) => !given.includes(`${name.toLowerCase()}=`)));
}

async function openEmbeddedDatabase(settings: Settings, progress?: (message: string) => void) {
  const { openEmbedded } = await import('./embedded.js');
  return openEmbedded(settings, progress);
}

function connectionError(error: Error & { code?: unknown; codeName?: string }, address: string): ConnectionError {
  const login = error.code === 18 || error.code === 8000 || /auth/i.test(error.codeName ?? '');
  if (login) {
    return new ConnectionError(`the login for ${address} was refused: ${error.message}`, {
      hint: 'check the user, the password and authSource in FIFTYONE_DATABASE_URI',
      cause: error,
    });
  }
  return new ConnectionError(`could not connect to MongoDB at ${address}: ${error.message}`, {
    hint: 'check that the server runs and that FIFTYONE_DATABASE_URI is right; without a URI an embedded database is used',
    cause: error,
  });
}

/** The setting that names the address, unless the settings say otherwise. */
const DEFAULT_SETTING = 'FIFTYONE_DATABASE_URI';

/** What to do when the database user may not write. */
export const USE_WRITER = 'use a user with the role readWrite in FIFTYONE_DATABASE_URI';

/**
 * Runs a write.
 *
 * @param hint what a user can do who may not write
 * @throws FiftyOneError that says what to ask for, when the database user may not write
 */
export async function authorized<T>(
  connection: Connection,
  write: () => Promise<T>,
  hint = `${USE_WRITER}; a dry run (--dry-run) works with a read-only user`,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if ((error as { code?: unknown } | undefined)?.code !== NOT_AUTHORIZED) throw error;
    throw new FiftyOneError(`the database user may not write to ${connection.address}`, {
      hint: hint.replaceAll(DEFAULT_SETTING, connection.settings.databaseUriFrom ?? DEFAULT_SETTING),
      cause: error,
    });
  }
}
