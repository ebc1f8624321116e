import { describe, expect, test } from 'vitest';
import { Doc, ObjectId, parseEjsonDoc, toEjson } from '../../bson/index.js';
import { MalformedError } from '../../errors.js';
import type { Draft, StepContext } from '../revision.js';
import { v0_19_0 } from './v0.19.0.js';

const ID = '0000000000000000000000d5';
const RUN = '000000000000000000000061';

function draft(dataset: object, runs: object[] = [], views: object[] = []): Draft {
  const doc = (value: object) => parseEjsonDoc(JSON.stringify(value));
  return { dataset: doc({ _id: { $oid: ID }, name: 'ds', ...dataset }), runs: runs.map(doc), views: views.map(doc) };
}

function context(taken: { names?: string[]; slugs?: string[] } = {}): StepContext & { warnings: string[] } {
  const warnings: string[] = [];
  let count = 0;
  return {
    // an hour of local time, whatever the time zone of the test
    now: { ms: new Date(2024, 4, 6, 7, 8, 9, 12).getTime(), micros: 34 },
    others: { names: new Set(taken.names), slugs: new Set(taken.slugs) },
    newId: () => ObjectId.createFromTime(++count),
    warn: (message) => warnings.push(message),
    warnings,
  };
}

describe('going up', () => {
  test('a dataset without a usable name is named for the local time, and renamed again if the slug of that is taken', () => {
    const { dataset, runs, views } = draft({ name: '!!!' });
    const at = context({ names: ['2024.05.06.07.08.09'], slugs: ['2024-05-06-07-08-09-012034'] });
    v0_19_0.up.edit?.({ dataset, runs, views }, at);
    const renamed = '2024.05.06.07.08.09.012034-RENAMED-2024.05.06.07.08.09.012034';
    expect(dataset.get('name')).toBe(renamed);
    expect(dataset.get('slug')).toBe('2024-05-06-07-08-09-012034-renamed-2024-05-06-07-08-09-012034');
    expect(at.warnings).toEqual([
      "'!!!' has invalid slug-friendly name ''; length 0 < 1",
      "Renaming dataset '!!!' to '2024.05.06.07.08.09.012034'",
      "Dataset name '2024.05.06.07.08.09.012034' conflicts with another dataset's name",
      `Renaming dataset '2024.05.06.07.08.09.012034' to '${renamed}'`,
    ]);
  });

  test('a name that another dataset has is changed even if the slug is free', () => {
    const { dataset, runs, views } = draft({ name: 'a b' });
    v0_19_0.up.edit?.({ dataset, runs, views }, context({ names: ['a b'] }));
    expect(dataset.get('slug')).toBe('a-b-renamed-2024-05-06-07-08-09');
  });

  test.each([
    [{ overlay: { itemRotation: null } }, true],
    [{ overlay: { rotation: [0] } }, true],
    [{ pointCloud: { rotation: 0 } }, true],
    [{ pointCloud: { itemRotation: 0 } }, false],
    [{ overlay: 5 }, false],
  ])('3D settings %j are announced as legacy: %s', (settings, isLegacy) => {
    const at = context();
    v0_19_0.up.edit?.(draft({ slug: 'ds', app_config: { plugins: { '3d': settings } } }), at);
    expect(at.warnings).toEqual(isLegacy ? ["Dataset 'ds' uses legacy 3D visualization config settings"] : []);
  });

  test('a name that is not a string is refused', () => {
    expect(() => v0_19_0.up.edit?.(draft({ name: null }), context())).toThrow(MalformedError);
  });
});

describe('going down', () => {
  test('the losses name the description, a slug of its own and the saved views', () => {
    const record = draft(
      {
        slug: 'other',
        description: 'mine',
        saved_views: [{ $oid: '000000000000000000000051' }, { $oid: '000000000000000000000052' }],
      },
      [],
      [{ _id: { $oid: '000000000000000000000051' }, name: 'cats' }],
    );
    expect(v0_19_0.down.loses?.(record)).toEqual([
      'the description: mine',
      'the slug: other',
      "2 saved views: cats, ObjectId('000000000000000000000052')",
    ]);
  });

  test('nothing is lost with a slug that follows from the name', () => {
    expect(v0_19_0.down.loses?.(draft({ slug: 'ds', description: null, saved_views: [] }))).toEqual([]);
  });

  test('a run without a document keeps its key and id, and is announced', () => {
    const edited = draft({ evaluations: { e: { $oid: RUN } } });
    const at = context();
    v0_19_0.down.edit?.(edited, at);
    expect(toEjson(edited.dataset)).toBe(`{"_id":{"$oid":"${ID}"},"name":"ds","evaluations":{"e":{"$oid":"${RUN}"}}}`);
    expect(at.warnings).toEqual([`Run 'e' of dataset 'ds' has no document ${RUN}; its key stays`]);
  });

  test('a run that has two keys is put under both', () => {
    const edited = draft({ evaluations: { e: { $oid: RUN }, f: { $oid: RUN } } }, [{ _id: { $oid: RUN }, key: 'e' }]);
    v0_19_0.down.edit?.(edited, context());
    expect(toEjson(edited.dataset.get('evaluations') as Doc)).toBe('{"e":{"key":"e"},"f":{"key":"e"}}');
    expect(edited.runs).toEqual([]);
  });

  test('runs and views that belong to another dataset stay', () => {
    const other = { _dataset_id: { $oid: '0000000000000000000000aa' } };
    const edited = draft(
      { evaluations: { e: { $oid: RUN } }, saved_views: [{ $oid: RUN }] },
      [{ _id: { $oid: RUN }, ...other }],
      [{ _id: { $oid: RUN }, ...other }],
    );
    v0_19_0.down.edit?.(edited, context());
    expect([edited.runs.length, edited.views.length]).toEqual([1, 1]);
    expect(edited.dataset.get('evaluations')).toEqual(Doc.of(['e', new Doc()]));
  });

  test('a run that the dataset also lists as a custom run stays', () => {
    const edited = draft({ evaluations: { e: { $oid: RUN } }, runs: { r: { $oid: RUN } } }, [{ _id: { $oid: RUN } }]);
    v0_19_0.down.edit?.(edited, context());
    expect(edited.runs).toHaveLength(1);
  });
});
