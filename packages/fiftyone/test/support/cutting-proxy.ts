import { createServer, type Server, type Socket } from 'node:net';
import { isCommand, tiedTo } from './mongodb-way.js';

/** A way to a server that ends for good after so many messages: what a process that dies leaves behind. */
export interface CuttingProxy {
  readonly port: number;
  /** How many commands went through, handshakes and heartbeats left out. */
  readonly messages: () => number;
  close(): Promise<void>;
}

/**
 * Starts a proxy to a mongod on 127.0.0.1.
 *
 * @param most after so many commands every connection is cut and none is accepted any more; the last one still reaches the server
 */
export async function startProxy(to: number, most = Number.POSITIVE_INFINITY): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let messages = 0;
  let cut = false;
  const end = () => {
    cut = true;
    for (const socket of sockets) socket.destroy();
  };
  const server: Server = createServer((client) => {
    if (cut) return void client.destroy();
    const upstream = tiedTo(to, client, sockets);
    client.on('data', (data) => {
      upstream.write(data);
      if (isCommand(data) && ++messages >= most) {
        // the server gets what was sent, nobody hears its answer
        setTimeout(end, 15);
        client.pause();
      }
    });
    upstream.on('data', (data) => client.write(data));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    messages: () => messages,
    close: async () => {
      end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
