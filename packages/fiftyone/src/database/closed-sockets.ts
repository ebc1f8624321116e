import { MongoNetworkError } from 'mongodb';
import connections from 'mongodb/lib/cmap/connection.js';

const { Connection } = connections;
const { writeCommand } = Connection.prototype;

/**
 * The driver waits for a socket that is full to have room again. It waits for ever if the socket is closed meanwhile, or was closed
 * a moment before, and so would a run, with all its leases (driver 7.9). Here a socket that is closed is an error of the network.
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
  } finally {
    socket.off('close', end);
  }
};
