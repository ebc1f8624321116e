import { createServer, type Server, type Socket } from 'node:net';
import { isCommand, tiedTo } from './mongodb-way.js';

/**
 * What becomes of a command on its way to the server. Cuts reset every connection, and new ones are accepted; in a black hole
 * nothing is answered any more and nothing is closed, also not for new connections.
 */
export type Fate = 'pass' | 'cut before' | 'cut inside' | 'cut after' | 'black hole';

export interface FaultyProxyOptions {
  /** Decides on the n-th command, counted from 1. Handshakes and heartbeats of the driver are no commands. */
  readonly fate?: (n: number) => Fate | Promise<Fate>;
  /** How long everything takes in each direction. Default: 0 */
  readonly latencyMs?: number;
  /** How much goes through each connection in each direction. Default: all that there is */
  readonly bytesPerSecond?: number;
}

/** A bad way to a server on 127.0.0.1. */
export interface FaultyProxy {
  readonly port: number;
  readonly commands: () => number;
  close(): Promise<void>;
}

/** How long the server is given to get a command whose answer is not to be heard. */
const UNHEARD_MS = 30;

/** Starts a proxy to a server on 127.0.0.1. */
export async function startFaultyProxy(to: number, options: FaultyProxyOptions = {}): Promise<FaultyProxy> {
  const { fate = () => 'pass' } = options;
  const sockets = new Set<Socket>();
  let commands = 0;
  let swallowed = false;
  const cutAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };

  const carry = async (message: Buffer, upstream: Socket): Promise<void> => {
    const decided = isCommand(message) ? await fate(++commands) : 'pass';
    if (decided === 'black hole') swallowed = true;
    if (swallowed) return;
    if (decided === 'cut before') return cutAll();
    upstream.write(decided === 'cut inside' ? message.subarray(0, Math.ceil(message.length / 2)) : message);
    if (decided === 'pass') return;
    // what is on its way to the server arrives there; of what it answers nobody hears
    swallowed = decided === 'cut after';
    setTimeout(() => {
      swallowed = false;
      cutAll();
    }, UNHEARD_MS);
  };

  const server: Server = createServer((client) => {
    const upstream = tiedTo(to, client, sockets);
    const deliver = inOrder(options, (message) => carry(message, upstream));
    const back = inOrder(options, async (data) => void (swallowed || client.write(data)));
    const read = framed(deliver);
    client.on('data', (data) => read(data));
    upstream.on('data', (data) => back(data));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    commands: () => commands,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Passes data on one after the other, as late and as slowly as the way is. */
function inOrder({ latencyMs = 0, bytesPerSecond }: FaultyProxyOptions, pass: (data: Buffer) => Promise<void>) {
  let before = Promise.resolve();
  return (data: Buffer): void => {
    const arrives = performance.now() + latencyMs;
    before = before.then(async () => {
      const transfer = bytesPerSecond === undefined ? 0 : (data.length / bytesPerSecond) * 1000;
      const wait = Math.max(arrives - performance.now(), 0) + transfer;
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      await pass(data);
    });
  };
}

/** Makes whole messages of MongoDB's protocol out of what arrives. */
function framed(use: (message: Buffer) => void): (data: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (data) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data]);
    while (pending.length >= 4 && pending.length >= pending.readInt32LE(0)) {
      const length = pending.readInt32LE(0);
      use(pending.subarray(0, length));
      pending = pending.subarray(length);
    }
  };
}
