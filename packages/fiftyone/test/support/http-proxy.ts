import { createServer, type IncomingMessage, request, type Server } from 'node:http';

/**
 * What becomes of a request: a cut before the server hears of it, in the middle of it, after it (nobody hears the answer) or in the
 * middle of the answer; an answer with this status that the server does not know of; a wait of so many milliseconds before all.
 */
export type RequestFate =
  | 'pass'
  | 'cut before'
  | 'cut inside'
  | 'cut after'
  | 'cut answer'
  | { readonly status: number }
  | { readonly waitMs: number };

/** A bad way to an HTTP server on 127.0.0.1. */
export interface HttpProxy {
  readonly url: string;
  /** How many requests came. */
  readonly requests: () => number;
  close(): Promise<void>;
}

/** Starts a proxy to an HTTP server on 127.0.0.1. @param fate decides on the n-th request, counted from 1 */
export async function startHttpProxy(
  to: number,
  fate: (n: number, request: IncomingMessage) => RequestFate = () => 'pass',
): Promise<HttpProxy> {
  let requests = 0;
  const server: Server = createServer(async (incoming, answer) => {
    let decided = fate(++requests, incoming);
    incoming.on('error', () => {});
    answer.on('error', () => {});
    if (typeof decided === 'object' && 'waitMs' in decided) {
      const { waitMs } = decided;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      decided = 'pass';
    }
    if (decided === 'cut before') return void incoming.socket.resetAndDestroy();
    if (typeof decided === 'object') {
      const { status } = decided as { status: number };
      incoming.resume().on('end', () => answer.writeHead(status).end());
      return;
    }
    const { method, url: path } = incoming;
    const options = { host: '127.0.0.1', port: to, method, path, agent: false as const, setHost: false };
    const upstream = request(options, (response) => {
      if (decided === 'cut after') return void incoming.socket.resetAndDestroy();
      answer.writeHead(response.statusCode ?? 502, response.rawHeaders);
      if (decided !== 'cut answer') return void response.on('error', () => answer.destroy()).pipe(answer);
      response.once('data', (data: Buffer) => {
        answer.write(data.subarray(0, Math.floor(data.length / 2)), () => incoming.socket.resetAndDestroy());
      });
      response.once('end', () => incoming.socket.resetAndDestroy());
    });
    // the names and their order are signed, so they go on as they came
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
      upstream.appendHeader(incoming.rawHeaders[i] as string, incoming.rawHeaders[i + 1] as string);
    }
    upstream.on('error', () => incoming.socket.destroy());
    if (decided !== 'cut inside') return void incoming.pipe(upstream);
    upstream.flushHeaders();
    incoming.once('data', (data: Buffer) => {
      upstream.write(data.subarray(0, Math.ceil(data.length / 2)), () => {
        upstream.destroy();
        incoming.socket.resetAndDestroy();
      });
    });
    incoming.once('end', () => incoming.socket.resetAndDestroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
