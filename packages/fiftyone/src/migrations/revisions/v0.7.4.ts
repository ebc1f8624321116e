import { Doc, equal, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { MalformedError } from '../../errors.js';
import { loss } from '../losses.js';
import type { Revision } from '../revision.js';
import { docAt, isFilled, setDefault } from '../shape.js';

/** Evaluations are stored like other runs, and there are brain runs. Repeating either direction is refused: the keys are gone. */
export const v0_7_4: Revision = {
  version: '0.7.4',
  summary: 'evaluations are stored like other runs, and there are brain runs',
  up: {
    loses: ({ dataset }) =>
      loss(
        'evaluation value',
        evaluations(dataset).flatMap(([where, run]) => [
          ...inTheWay(run, 'eval_key', run, 'key', where),
          ...(isFilled(run.get('timestamp')) ? [`${where}.timestamp`] : []),
          ...FIELDS.flatMap((field) => inTheWay(run, field, run.get('config'), field, `${where}.config`)),
        ]),
      ),
    edit({ dataset }) {
      setDefault(dataset, 'evaluations', new Doc());
      for (const [where, run] of evaluations(dataset)) {
        run.set('key', take(run, 'eval_key', where));
        run.set('timestamp', null);
        for (const field of FIELDS) {
          const value = take(run, field, where);
          docAt(run.get('config'), `${where}.config`).set(field, value);
        }
      }
      setDefault(dataset, 'brain_methods', new Doc());
    },
  },
  down: {
    loses({ dataset }) {
      const brainRuns = dataset.get('brain_methods');
      const timed = evaluations(dataset).filter(([, run]) => isFilled(run.get('timestamp')));
      return [
        ...loss(
          'evaluation time',
          timed.map(([where]) => where.slice(PREFIX.length)),
        ),
        ...loss(
          'evaluation value',
          evaluations(dataset).flatMap(([where, run]) => [
            ...inTheWay(run, 'key', run, 'eval_key', where),
            ...FIELDS.flatMap((field) => inTheWay(run.get('config'), field, run, field, where)),
          ]),
        ),
        ...loss('brain run', brainRuns instanceof Doc ? [...brainRuns.keys()] : []),
      ];
    },
    edit({ dataset }) {
      setDefault(dataset, 'evaluations', new Doc());
      for (const [where, run] of evaluations(dataset)) {
        run.set('eval_key', take(run, 'key', where));
        take(run, 'timestamp', where);
        const config = docAt(run.get('config'), `${where}.config`);
        for (const field of FIELDS) run.set(field, take(config, field, `${where}.config`));
      }
      dataset.delete('brain_methods');
    },
  },
};

const PREFIX = 'evaluations.';

/** What an evaluation says itself before, and its config after. */
const FIELDS = ['pred_field', 'gt_field'] as const;

function evaluations(dataset: ReadonlyDoc): [string, Doc][] {
  if (!dataset.has('evaluations')) return [];
  return [...docAt(dataset.get('evaluations'), 'evaluations')].map(([key, run]) => [PREFIX + key, docAt(run, PREFIX + key)]);
}

/** The value that is where another one is moved to, if it is not the same. */
function inTheWay(from: Value | undefined, key: string, to: Value | undefined, newKey: string, where: string): string[] {
  if (!(from instanceof Doc && to instanceof Doc)) return [];
  const [value, old] = [from.get(key), to.get(newKey)];
  return value !== undefined && isFilled(old) && !equal(value, old as Value) ? [`${where}.${newKey}`] : [];
}

function take(doc: Doc, key: string, where: string): Value {
  const value = doc.get(key);
  if (value === undefined) throw new MalformedError(`${where}.${key}`, 'missing', 'any value');
  doc.delete(key);
  return value;
}
