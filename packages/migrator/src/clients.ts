import { openSourceVersionFor } from 'fiftyone';
import { type Connection, compareBase } from 'fiftyone/engine';
import type { Document } from 'mongodb';

/** A program that is connected to a server, as far as the server knows. */
export interface ConnectedClient {
  /** What it calls itself; that of FiftyOne is `fiftyone`. */
  readonly app: string;
  readonly host: string;
  /** Its driver and the version of that, such as `PyMongo 4.9`. */
  readonly driver: string;
  /** The version of its SDK, where the driver's metadata tell; those of Python do not. */
  readonly sdk: string | undefined;
  readonly connections: number;
}

/** Who is connected to a server. */
export interface ClientList {
  readonly clients: readonly ConnectedClient[];
  /** Why there may be others that are not seen. */
  readonly note: string | undefined;
}

/** Whether a release locks a client out; `unknown` where nothing tells its version, `other` for what is no client of FiftyOne. */
export type Verdict = 'refused' | 'stays' | 'unknown' | 'other';

/** The server's codes for what this login may not see, and for servers that cannot tell. */
const NOT_AUTHORIZED = 13;
const CANNOT_TELL: readonly unknown[] = [40324, 8000, 59, 324];

/** Who is connected to the server of a database right now, this program aside. Who may not see all sees those with the same login. */
export async function connectedClients({ client }: Connection): Promise<ClientList> {
  const own = client.options.driverInfo?.platform;
  const read = async (allUsers: boolean): Promise<Document[]> =>
    await client
      .db('admin')
      .aggregate([
        { $currentOp: { allUsers, idleConnections: true } },
        { $match: { clientMetadata: { $exists: true } } },
        { $project: { appName: 1, client: 1, clientMetadata: 1 } },
      ])
      .toArray();
  try {
    return { clients: grouped(await read(true), own), note: undefined };
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (CANNOT_TELL.includes(code)) return { clients: [], note: 'this server does not tell who is connected' };
    if (code !== NOT_AUTHORIZED) throw error;
  }
  const note = 'this login sees only its own connections: the role clusterMonitor shows all';
  return await read(false).then(
    (found) => ({ clients: grouped(found, own), note }),
    () => ({ clients: [], note: 'this login may not see who is connected: the role clusterMonitor shows it' }),
  );
}

function grouped(operations: readonly Document[], own: string | undefined): ConnectedClient[] {
  const found = new Map<string, ConnectedClient>();
  for (const { appName, client = '', clientMetadata } of operations) {
    const { driver, platform = '' } = clientMetadata;
    if (driver === undefined || (own !== undefined && platform.includes(own)) || INTERNAL.test(driver.name)) continue;
    const about = {
      app: appName ?? clientMetadata.application?.name ?? '',
      host: hostOf(String(client)),
      driver: `${driver.name.split('|')[0]} ${driver.version.split('|')[0]}`,
      sdk: sdkOf(driver),
    };
    const key = JSON.stringify(about);
    found.set(key, { ...about, connections: (found.get(key)?.connections ?? 0) + 1 });
  }
  return [...found.values()].sort((a, b) => (a.app === b.app ? (a.host < b.host ? -1 : 1) : a.app < b.app ? -1 : 1));
}

/** Members of a replica set, and mongod itself. */
const INTERNAL = /^(MongoDB Internal Client|NetworkInterfaceTL)/;

/** Without the port, which says nothing. */
function hostOf(client: string): string {
  return client.replace(/:\d+$/, '');
}

/** Of a driver that says on whose behalf it works: `nodejs|fiftyone` of `7.9.0|2.25.1`. */
function sdkOf({ name, version }: { name: string; version: string }): string | undefined {
  const place = name.split('|').indexOf('fiftyone');
  return place < 0 ? undefined : version.split('|')[place];
}

/** From this client on, clients take every database of the same major version. */
const SAME_MAJOR = '1.4.0';

/** The oldest open source client that a database at a version lets in. */
export function oldestClient(openSource: string): string {
  return compareBase(openSource, SAME_MAJOR) < 0 ? openSource : SAME_MAJOR;
}

/** Whether a client is locked out by datasets at an open source version. */
export function verdictOn({ app, sdk }: ConnectedClient, openSource: string): Verdict {
  if (app !== 'fiftyone') return 'other';
  const version = sdk === undefined ? undefined : openSourceOf(sdk);
  if (version === undefined) return 'unknown';
  return compareBase(version, oldestClient(openSource)) >= 0 ? 'stays' : 'refused';
}

/** The open source version of an SDK, or undefined for one that nobody knows. */
function openSourceOf(sdk: string): string | undefined {
  try {
    return openSourceVersionFor(`enterprise:${sdk}`);
  } catch {
    return undefined;
  }
}
