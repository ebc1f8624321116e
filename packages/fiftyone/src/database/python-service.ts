import { connect } from 'node:net';
import { commandOf, listeningPorts, parentOf } from './folder-server.js';

/** What the command line of the process that keeps the embedded database of the Python client contains. */
export const SERVICE_MARK = ['--51-service', 'db', '--multi'] as const;

/** What the service answers to a process that registers: the pickle of True. */
export const REGISTERED = Buffer.from([0x80, 0x04, 0x88, 0x2e]);

/** Tells the Python service that started this server that we use it too, so that it stays while this process lives. */
export async function registerWithService(server: number): Promise<boolean> {
  const service = await parentOf(server);
  if (service <= 1 || !(await commandOf(service)).includes(SERVICE_MARK.join(' '))) return false;
  for (const port of await listeningPorts(service)) {
    const answer = await ask(port, registration(process.pid));
    if (answer.includes(0x88)) return true;
  }
  return false;
}

/** The message ('register', pid), pickled. */
export function registration(pid: number): Buffer {
  const number = Buffer.alloc(4);
  number.writeInt32LE(pid);
  const name = Buffer.from('register');
  return Buffer.concat([
    Buffer.from([0x80, 0x02, 0x58, name.length, 0, 0, 0]),
    name,
    Buffer.from('J'),
    number,
    Buffer.from([0x86, 0x2e]),
  ]);
}

/** The number of the process that registers with this message, or undefined for any other message. */
export function registeredBy(message: Buffer): number | undefined {
  const match = /register\x94?(?:K(.)|M(..)|J(....))\x86\x94?\.$/s.exec(message.toString('latin1'));
  const digits = match?.[1] ?? match?.[2] ?? match?.[3];
  return digits === undefined ? undefined : Buffer.from(digits, 'latin1').readUIntLE(0, digits.length);
}

function ask(port: number, message: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(message));
    const end = (answer: Buffer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(5_000, () => end(Buffer.alloc(0)));
    socket.once('data', end);
    socket.once('error', () => end(Buffer.alloc(0)));
    socket.once('close', () => end(Buffer.alloc(0)));
  });
}
