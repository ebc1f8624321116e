import { connect, type Socket } from 'node:net';

/**
 * Connects a client of a proxy to the server behind it: where one of the two connections ends, the other does as well.
 *
 * @param sockets has both while they last
 */
export function tiedTo(port: number, client: Socket, sockets: Set<Socket>): Socket {
  const upstream = connect(port, '127.0.0.1');
  for (const socket of [client, upstream]) {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      client.destroy();
      upstream.destroy();
    });
  }
  return upstream;
}

/** The start of an OP_MSG that is neither a handshake nor the end of a session. */
export function isCommand(message: Buffer): boolean {
  if (message.length < 26 || message.readInt32LE(12) !== 2013) return false;
  return !/(^|\0)(hello|ismaster|isMaster|endSessions|ping|sasl\w+)\0/.test(message.toString('latin1', 20, 60));
}
