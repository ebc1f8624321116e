import { MongoNetworkError } from 'mongodb';
import connections from 'mongodb/lib/cmap/connection.js';

const { Connection } = connections;
const { writeCommand } = Connection.prototype;

/**
 * The driver waits for a socket that is full to have room again. It waits for ever if the socket is closed meanwhile, or was closed
 * a moment before, and so would a run, with all its leases (driver 7.9). Here a socket that is closed is an error of the network, and
 * so is one that breaks while the driver waits: it throws the error of the system as it is (`write EPIPE`).
 */
Connection.prototype.writeCommand = async function (this: InstanceType<typeof Connection>, ...message) {
  const { socket, address } = this;
  let end = () => {};
  const closed = new Promise<never>((_, reject) => {
    end = () => reject(new MongoNetworkError(`the connection to ${address} was closed`));
  });
  // it may close when nobody waits any more
  closed.catch(() => {});
  socket.once('close', end);
  if (socket.closed) end();
  try {
    await Promise.race([writeCommand.apply(this, message), closed]);
  } catch (error) {
    throw ofSystem(error) ? new MongoNetworkError(error.message, { cause: error }) : error;
  } finally {
    socket.off('close', end);
  }
};

function ofSystem(error: unknown): error is Error {
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall !== undefined;
}
