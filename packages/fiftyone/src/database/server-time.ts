import type { Db } from 'mongodb';

/** The server's clock, since those of clients differ. */
export async function serverTime(db: Db): Promise<Date> {
  const { localTime } = await db.command({ hello: 1 });
  return localTime;
}
