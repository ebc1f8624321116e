import { Doc, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { MalformedError } from '../../errors.js';
import { loss } from '../losses.js';
import type { Revision } from '../revision.js';
import { docAt, isFilled, setDefault } from '../shape.js';

/** Evaluations are stored like other runs, and there are brain runs. Repeating either direction is refused: the keys are gone. */
export const v0_7_4: Revision = {
  version: '0.7.4',
  summary: 'evaluations are stored like other runs, and there are brain runs',
  up: {
    edit({ dataset }) {
      setDefault(dataset, 'evaluations', new Doc());
      for (const [where, run] of evaluations(dataset)) {
        run.set('key', take(run, 'eval_key', where));
        run.set('timestamp', null);
        for (const field of ['pred_field', 'gt_field']) {
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
        ...loss('brain run', brainRuns instanceof Doc ? [...brainRuns.keys()] : []),
      ];
    },
    edit({ dataset }) {
      setDefault(dataset, 'evaluations', new Doc());
      for (const [where, run] of evaluations(dataset)) {
        run.set('eval_key', take(run, 'key', where));
        take(run, 'timestamp', where);
        const config = docAt(run.get('config'), `${where}.config`);
        for (const field of ['pred_field', 'gt_field']) run.set(field, take(config, field, `${where}.config`));
      }
      dataset.delete('brain_methods');
    },
  },
};

const PREFIX = 'evaluations.';

function evaluations(dataset: ReadonlyDoc): [string, Doc][] {
  if (!dataset.has('evaluations')) return [];
  return [...docAt(dataset.get('evaluations'), 'evaluations')].map(([key, run]) => [PREFIX + key, docAt(run, PREFIX + key)]);
}

function take(doc: Doc, key: string, where: string): Value {
  const value = doc.get(key);
  if (value === undefined) throw new MalformedError(`${where}.${key}`, 'missing', 'any value');
  doc.delete(key);
  return value;
}
