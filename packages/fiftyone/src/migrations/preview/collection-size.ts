import type { Db } from 'mongodb';

/** What the server keeps as the size of a collection. */
export interface CollectionSize {
  readonly documents: number;
  /** Of all documents, as BSON. */
  readonly bytes: number;
  /** On the disk, without indexes. */
  readonly stored: number;
}

/** Asks for the size of a collection; of one that does not exist it is zero. */
export async function collectionSize(db: Db, name: string): Promise<CollectionSize> {
  const stages = [
    { $collStats: { storageStats: {} } },
    { $project: { count: '$storageStats.count', size: '$storageStats.size', storageSize: '$storageStats.storageSize' } },
  ];
  try {
    // on a sharded cluster each shard has a part
    const parts = await db.collection(name).aggregate(stages).toArray();
    const sum = (key: string) => parts.reduce((total, part) => total + Number(part[key] ?? 0), 0);
    return { documents: sum('count'), bytes: sum('size'), stored: sum('storageSize') };
  } catch (error) {
    if ((error as { codeName?: string }).codeName === 'NamespaceNotFound') return { documents: 0, bytes: 0, stored: 0 };
    throw error;
  }
}
