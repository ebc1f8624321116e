import type { ObjectId } from '../bson/index.js';
import type { Connection } from '../database/connection.js';
import { UsageError } from '../errors.js';
import { shown } from '../fields/invalid-value.js';
import { slugOf } from '../migrations/slug.js';

/** The longest name, and the longest slug. */
const MOST = 1551;

/** @throws UsageError for what is no text: the server would take an object for a condition, and find some other dataset */
export function checkText(what: string, given: unknown): void {
  if (typeof given !== 'string') throw new UsageError(`${what} must be text, not ${shown(given)}`);
}

/** The slug of a name. @throws UsageError for a name that is too long, or none */
export function checkedSlug(name: string): string {
  if (typeof name !== 'string' || /\p{Surrogate}|\0/u.test(name))
    throw new UsageError(`${JSON.stringify(name)} cannot be a name`);
  if (name.length > MOST) throw new UsageError(`'${name.slice(0, 60)}…' is too long; length ${name.length} > ${MOST}`);
  const slug = slugOf(name);
  if (slug === '') throw new UsageError(`'${name}' has invalid slug-friendly name ''; length 0 < 1`);
  return slug;
}

/** The slug of a name that no dataset has, nor its slug. @param own the dataset that is to be called so @throws UsageError */
export async function availableSlug({ db }: Connection, name: string, own?: ObjectId): Promise<string> {
  const slug = checkedSlug(name);
  const others = own === undefined ? {} : { _id: { $ne: own } };
  const datasets = db.collection('datasets');
  const projection = { _id: 0, name: 1 };
  const namesake = await datasets.findOne({ name, ...others }, { projection });
  if (namesake !== null) throw nameTaken(name);
  const other = await datasets.findOne({ slug, ...others }, { projection });
  if (other === null) return slug;
  throw new UsageError(`Dataset name '${name}' is not available: slug '${slug}' in use by dataset '${other.name}'`);
}

/** What is said of a name that another dataset has. */
export function nameTaken(name: string): UsageError {
  return new UsageError(`Dataset name '${name}' is not available`);
}

/** The name of a dataset that was given none: the local time. */
export function timeName(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('.');
  const micros = String(now.getMilliseconds() * 1000 + Math.floor(Math.random() * 1000)).padStart(6, '0');
  return `${day}.${two(now.getHours())}.${two(now.getMinutes())}.${two(now.getSeconds())}.${micros}`;
}
