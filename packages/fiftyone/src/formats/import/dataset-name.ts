import type { Db } from 'mongodb';
import { UsageError } from '../../errors.js';
import { slugOf } from '../../migrations/slug.js';

const MOST = 1551;

/** A name for a dataset that was given none: the local time, `2024.05.06.07.08.09.123456`. */
export function defaultName(now: number): string {
  const time = new Date(now);
  const two = (value: number) => String(value).padStart(2, '0');
  const parts = [time.getMonth() + 1, time.getDate(), time.getHours(), time.getMinutes(), time.getSeconds()].map(two);
  const micros = Math.floor((now % 1000) * 1000);
  return [time.getFullYear(), ...parts, String(micros).padStart(6, '0')].join('.');
}

/** The slug of a name. @throws UsageError for a name that no dataset can have */
export function checkedSlug(name: string): string {
  const length = [...name].length;
  if (length > MOST) throw new UsageError(`'${name}' is too long; length ${length} > ${MOST}`);
  const slug = slugOf(name);
  if (slug === '')
    throw new UsageError(`'${name}' has invalid slug-friendly name ''; length 0 < 1`, {
      hint: 'use some letters from a to z, or digits',
    });
  return slug;
}

/** Checks that no other dataset has the name, or its slug. @throws UsageError naming the dataset that is in the way */
export async function checkAvailable(db: Db, name: string, slug: string, own?: unknown): Promise<void> {
  const others = own === undefined ? {} : { _id: { $ne: own as never } };
  const found = await db.collection('datasets').findOne({ $or: [{ name }, { slug }], ...others }, { projection: { name: 1 } });
  if (found === null) return;
  const reason = found.name === name ? '' : `: slug '${slug}' in use by dataset '${found.name}'`;
  throw new UsageError(`Dataset name '${name}' is not available${reason}`, {
    hint: found.name === name ? 'give another name, or replace that dataset with overwrite' : 'give another name',
  });
}
